import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TinyProgram } from "./tiny-program.ts";

describe("the real engine in the sandbox, with plugins as processes of its own", () => {
	let program: TinyProgram;
	before(async () => {
		program = await TinyProgram.create();
	});
	after(() => program.remove());

	it("creates, sees nothing to do, shows a change to its depth, makes it, and destroys", async () => {
		const file = path.join(program.dir, "deleted");
		const body = (stdin: string) => `
			const secret = pulumi.secret("classified");
			const inputs = { create: "cat; echo $A", stdin: ${JSON.stringify(stdin)}, environment: { A: "a", S: secret } };
			const made = new local.Command("made", { ...inputs, delete: "echo gone > ${file}" });
			export const printed = made.stdout;`;
		await program.write(body('{"count":2}'));
		const up = await program.up();
		assert.equal(up.code, 0, up.stdout);
		assert.deepEqual(await program.outputs(), { printed: '{"count":2}a' });
		assert.equal((await program.preview("--expect-no-changes")).code, 0);

		await program.write(body('{"count":3}'));
		const preview = await program.preview();
		assert.match(preview.stdout, /~ stdin: \(json\) \{\n\s+~ count: 2 => 3\n/);
		assert.doesNotMatch(preview.stdout, /classified|environment/);
		assert.equal((await program.up()).code, 0);
		assert.deepEqual(await program.outputs(), { printed: '{"count":3}a' });

		assert.equal((await program.pulumi("destroy", "--yes", "--skip-preview")).code, 0);
		assert.equal(readFileSync(file, "utf8"), "gone\n");
	});

	it("ends what runs on Ctrl-C, and goes on with the next up", async () => {
		const started = path.join(program.dir, "started");
		await program.write(`new local.Command("long", { create: "touch ${started}; exec sleep 30" });`);
		const pulumi = spawn("pulumi", ["up", "--yes", "--skip-preview"], { cwd: program.dir, env: program.sandbox.env });
		const ended = once(pulumi, "exit");
		await waitForFile(started);
		pulumi.kill("SIGINT");
		const [code] = await ended;
		assert.notEqual(code, 0);
		await program.write('new local.Command("long", { create: "true" });');
		assert.equal((await program.up()).code, 0);
	});

	it("is locked after a kill until pulumi cancel", async () => {
		const started = path.join(program.dir, "started-again");
		await program.write(`new local.Command("killed", { create: "touch ${started}; exec sleep 2" });`);
		const pulumi = spawn("pulumi", ["up", "--yes", "--skip-preview"], { cwd: program.dir, env: program.sandbox.env });
		const ended = once(pulumi, "exit");
		await waitForFile(started);
		pulumi.kill("SIGKILL");
		await ended;
		const locked = await program.up();
		assert.match(locked.stderr, /the stack is currently locked by 1 lock/);
		await program.pulumi("cancel", "--yes");
		const resumed = await program.up();
		assert.equal(resumed.code, 0);
		assert.match(resumed.stdout, /interrupted while creating/);
		await program.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates");
		assert.doesNotMatch((await program.up()).stdout, /warning/);
	});
});

describe("the real engine in the sandbox, with plugins that are attached", () => {
	let program: TinyProgram;
	before(async () => {
		program = await TinyProgram.create({ attach: true });
	});
	after(() => program.remove());

	it("records nothing of a failed create, and shows its error as the released provider words it", async () => {
		await program.write('new local.Command("failing", { create: "echo why >&2; exit 4" });');
		const { code, stdout } = await program.up();
		assert.notEqual(code, 0);
		assert.match(stdout, /error: exit status 4: running "echo why >&2; exit 4":\n\s+why\n/);
		assert.doesNotMatch((await program.pulumi("stack", "export")).stdout, /failing/);
	});

	it("replaces on a changed trigger, also where there is an update", async () => {
		const body = (trigger: number) =>
			`new local.Command("triggered", { create: "true", update: "true", triggers: [${trigger}] });`;
		await program.write(body(1));
		await program.up();
		await program.write(body(2));
		assert.match((await program.preview()).stdout, /\+-command:local:Command: \(replace\)/);
		await program.pulumi("destroy", "--yes", "--skip-preview");
	});

	it("honours customTimeouts", async () => {
		await program.write(
			'new local.Command("slow", { create: "exec sleep 20" }, { customTimeouts: { create: "1s" } });',
		);
		assert.match((await program.up()).stdout, /signal: killed: running "exec sleep 20"/);
	});

	it("runs local.run in a preview, and keeps it from running on what is not known", async () => {
		await program.write(`
			export const known = local.runOutput({ command: "echo known" }).stdout;
			const made = new local.Command("made", { create: "echo late" });
			export const late = local.runOutput({ command: made.stdout.apply((word) => "echo " + word) }).stdout;`);
		const { stdout } = await program.preview();
		assert.match(stdout, /known: "known"/);
		assert.match(stdout, /late\s*: \[unknown\]/);
	});

	it("fails a preview with what a hook throws, and gives the hook old and new inputs", async () => {
		const body = (stdin: string) => `
			const guard = new pulumi.ResourceHook("guard", (hook) => {
				throw new Error(hook.oldInputs.stdin + " cannot become " + hook.newInputs.stdin);
			}, { onDryRun: true });
			new local.Command("guarded", { create: "true", stdin: "${stdin}" }, { hooks: { beforeUpdate: [guard] } });`;
		await program.write(body("this"));
		assert.equal((await program.up()).code, 0);
		await program.write(body("that"));
		const { code, stderr } = await program.preview();
		assert.notEqual(code, 0);
		assert.match(stderr, /error: Preview failed: before hook "guard" failed: this cannot become that\n/);
	});

	it("passes configuration to the program, and its own report of an error to the person", async () => {
		await program.pulumi("config", "set", "--secret", "word", "hidden");
		await program.write('export const word = new pulumi.Config().requireSecret("word").apply((word) => word.length);');
		await program.up();
		assert.deepEqual(await program.outputs(), { word: "[secret]" });
		await program.write('throw new pulumi.RunError("the stage file is wrong");');
		const { code, stderr } = await program.preview();
		assert.notEqual(code, 0);
		assert.match(stderr, /error: the stage file is wrong/);
		assert.doesNotMatch(stderr, /non-zero exit code/);
	});
});

async function waitForFile(file: string): Promise<void> {
	for (let waited = 0; !existsSync(file); waited += 50) {
		assert.ok(waited < 20_000, `${file} never came`);
		await sleep(50);
	}
}
