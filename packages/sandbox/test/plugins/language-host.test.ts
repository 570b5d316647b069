import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type { GetRequiredPackagesResponse } from "@pulumi/pulumi/proto/language_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import { splitWords } from "../../plugins/command-line.ts";
import { TinyProgram } from "../engine/tiny-program.ts";

const ROOT = path.join(import.meta.dirname, "../../../..");

describe("the language host (facts/pulumi.md §2.1, §6)", () => {
	let program: TinyProgram;
	before(async () => {
		program = await TinyProgram.create();
	});
	after(() => program.remove());

	const setOptions = (options: string) =>
		writeFile(
			path.join(program.dir, "Pulumi.yaml"),
			`name: tiny\nmain: index.ts\nruntime: { name: nodejs, options: { ${options} } }\n`,
		);

	it("runs the program on the sandbox's Node with nodeargs, in its folder, and shows what it prints", async () => {
		await setOptions("typescript: false, nodeargs: \"--title='tiny program'\"");
		await program.write(`
			console.log("printed by the program");
			export const seen = [process.title, process.cwd(), process.version, pulumi.getStack(), pulumi.getProject()];`);
		const { code, stdout } = await program.up();
		assert.equal(code, 0, stdout);
		assert.match(stdout, /printed by the program/);
		const expected = ["tiny program", program.dir, process.version, "test", "tiny"];
		assert.deepEqual(await program.outputs(), { seen: expected });
	});

	it("reports the exit code of a program that ends by itself", async () => {
		await program.write("process.exit(3);");
		const { code, stderr } = await program.preview();
		assert.notEqual(code, 0);
		assert.match(stderr, /Program exited with non-zero exit code: 3/);
	});

	it("refuses a program that is to be compiled, with what to set", async (test) => {
		if (!program.sandbox.standIns.includes("nodejs")) {
			test.skip("the released language host, which compiles, is in use");
			return;
		}
		await setOptions("typescript: true");
		assert.match((await program.preview()).stderr, /set runtime\.options\.typescript to false in Pulumi\.yaml/);
	});
});

it("does the same for an engine that attaches itself, provider and all", async (t) => {
	const program = await TinyProgram.create({ attach: true });
	t.after(() => program.remove());
	await program.write(`
		console.log("printed by the program");
		console.error("complained by the program");
		const made = new local.Command("made", { create: "echo $PULUMI_STACK_OF_ITS_OWN $PULUMI_DEBUG_PROVIDERS; pwd" });
		export const seen = made.stdout;`);
	program.sandbox.env.PULUMI_STACK_OF_ITS_OWN = "a variable";
	// A preview before it: another load of each plugin in the same run, which the end of the first one must not cancel.
	const { code, stdout } = await program.pulumi("up", "--yes");
	assert.equal(code, 0, stdout);
	assert.match(stdout, /printed by the program/);
	assert.match(stdout, /complained by the program/);
	assert.deepEqual(await program.outputs(), { seen: `a variable\n${program.dir}` });
	await program.write("process.exit(3);");
	assert.match((await program.preview()).stderr, /Program exited with non-zero exit code: 3/);
});

it("runs a program in a process that has run it before as in one of its own", async (t) => {
	const program = await TinyProgram.create({ attach: true });
	t.after(() => program.remove());
	await writeFile(path.join(program.dir, "count.ts"), "let runs = 0;\nexport const count = () => ++runs;\n");
	const body = `
		import { count } from "./count.ts";
		import process from "node:process";
		const before = [(globalThis as any).left, process.env.LEFT, count(), process.argv.length];
		(globalThis as any).left = process.env.LEFT = "left";
		const isDeployed = new local.Command("made", { create: "true" }).stdout.apply(() => true);
		export const seen = [process.pid, ...before.map(String), process.env.OWN, isDeployed];`;
	await program.write(body);
	program.sandbox.env.OWN = "first";
	assert.equal((await program.up()).code, 0);
	const { seen: first } = await program.outputs();
	// What fails in between reports its failure, and leaves none to the next run.
	await program.write('console.log(process.pid);\nthrow new pulumi.RunError("the stage file is wrong");');
	const failed = await program.preview();
	assert.match(failed.stderr, /error: the stage file is wrong/);
	assert.match(failed.stderr, new RegExp(`^${(first as unknown[])[0]}$`, "m"));
	await program.write(body);
	program.sandbox.env.OWN = "second";
	const { code, stdout } = await program.up();
	assert.equal(code, 0, stdout);
	const { seen: second } = await program.outputs();
	assert.deepEqual(
		[first, second],
		[
			[(first as unknown[])[0], "undefined", "undefined", "1", "2", "first", true],
			[(first as unknown[])[0], "left", "undefined", "1", "2", "second", true],
		],
	);
});

it("requires each provider that package.json names, used or not, as the released language host does", async (t) => {
	const host = spawn(process.execPath, [path.join(ROOT, "packages/sandbox/plugins/language-host.ts"), "127.0.0.1:1"]);
	t.after(() => host.kill());
	const [port] = await once(host.stdout, "data");
	const client = new languageServices.LanguageRuntimeClient(
		`127.0.0.1:${String(port).trim()}`,
		credentials.createInsecure(),
	);
	t.after(() => client.close());
	const request = new language.GetRequiredPackagesRequest().setInfo(
		new language.ProgramInfo().setProgramDirectory(ROOT),
	);
	const response = await new Promise<GetRequiredPackagesResponse>((resolve, reject) => {
		client.getRequiredPackages(request, (error: ServiceError | null, answer: GetRequiredPackagesResponse) =>
			error ? reject(error) : resolve(answer),
		);
	});
	assert.deepEqual(
		response.getPackagesList().map((one) => `${one.getKind()} ${one.getName()} ${one.getVersion()}`),
		["resource azure-native v3.28.0", "resource command v1.2.1"],
	);
});

describe("splitWords", () => {
	const cases: [string, string[]][] = [
		["", []],
		["--import tsx  --trace-warnings", ["--import", "tsx", "--trace-warnings"]],
		["--title='a b' \"c d\"", ["--title=a b", "c d"]],
	];
	for (const [text, words] of cases) {
		it(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitWords(text), words));
	}
});
