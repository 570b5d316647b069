import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { type NodeRun, runWarm } from "../../plugins/warm-node.ts";
import { definedVariables } from "../../run.ts";

describe("scripts one after the other in one process of Node", () => {
	let cwd: string;
	before(async () => {
		cwd = await mkdtemp(path.join(tmpdir(), "warm-node-"));
		const count = "let runs = 0;\nexport const count = () => ++runs;\n";
		await mkdir(path.join(cwd, "kept"));
		await writeFile(path.join(cwd, "count.ts"), count);
		await writeFile(path.join(cwd, "kept/count.ts"), count);
		await writeFile(
			path.join(cwd, "tell.ts"),
			`import { text } from "node:stream/consumers";
			import { count } from "./count.ts";
			import { count as countKept } from "./kept/count.ts";
			process.on("exit", () => process.stdout.write("left"));
			const [, script, ...args] = process.argv;
			const { OWN, LEFT } = process.env;
			process.env.LEFT = "left";
			process.stderr.write(JSON.stringify({ pid: process.pid, script, args, OWN, LEFT, runs: [count(), countKept()] }));
			process.stdout.write(await text(process.stdin));
			if (args[0] === "hang") setInterval(() => {}, 1000);
			else if (args[0] === "throw") throw new Error("thrown");
			else process.exitCode = Number(args[0]);`,
		);
	});
	after(() => rm(cwd, { recursive: true, force: true }));

	const run = (args: string[], more: Partial<NodeRun> = {}) => {
		const env = { ...definedVariables(process.env), OWN: args.join() };
		const printed = { stdout: "", stderr: "" };
		let heard = () => {};
		const first = new Promise<void>((resolve) => {
			heard = resolve;
		});
		const { child, ended } = runWarm(
			{ node: process.execPath, script: "tell.ts", args, env, cwd, keeps: ["kept"], ...more },
			(chunk, stream) => {
				printed[stream] += chunk.toString();
				heard();
			},
		);
		return { child, first, ended: ended.then(([code, signal]) => ({ code, signal, ...printed })) };
	};
	const told = ({ stderr }: { stderr: string }) => JSON.parse(stderr);
	const tell = (...args: string[]) => run(args).ended;

	it("gives each its own arguments, environment, streams, modules and exit code", async () => {
		const first = await run(["0", "a b"], { stdin: "nothing\u0000 is lost of this" }).ended;
		const second = await tell("3");
		assert.equal(first.stdout, "nothing\u0000 is lost of thisleft");
		assert.equal(second.stdout, "left");
		assert.deepEqual([first.code, second.code], [0, 3]);
		const { pid } = told(first);
		const script = path.join(cwd, "tell.ts");
		assert.deepEqual(told(first), { pid, script, args: ["0", "a b"], OWN: "0,a b", runs: [1, 1] });
		assert.deepEqual(told(second), { pid, script, args: ["3"], OWN: "3", runs: [1, 2] });
	});

	it("takes another process for one that runs meanwhile, and after one that was killed or has thrown", async () => {
		const hanging = run(["hang"]);
		await hanging.first;
		const meanwhile = await tell("0");
		hanging.child.kill("SIGKILL");
		const killed = await hanging.ended;
		assert.deepEqual([killed.code, killed.signal], [null, "SIGKILL"]);
		const thrown = await tell("throw");
		assert.equal(thrown.code, 1);
		assert.match(thrown.stderr, /Error: thrown/);
		const [pid] = /\d+/.exec(thrown.stderr) ?? [];
		assert.equal(pid, String(told(meanwhile).pid));
		const next = await tell("0");
		for (const { stderr } of [killed, thrown]) assert.ok(!stderr.includes(`"pid":${told(next).pid},`));
	});

	it("takes another process for one that was killed as it waited", async () => {
		const { child, ended } = run(["0"]);
		const { pid } = told(await ended);
		child.kill("SIGKILL");
		await once(child, "close");
		const next = await tell("0");
		assert.equal(next.code, 0);
		assert.notEqual(told(next).pid, pid);
	});

	it("is refused a variable that the system does not hand to a new process", async () => {
		await tell("0");
		const env = { ...definedVariables(process.env), LONG: "x".repeat(128 * 1024) };
		await assert.rejects(async () => run(["0"], { env }).ended, /E2BIG/);
	});
});
