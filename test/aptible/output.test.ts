import assert from "node:assert/strict";
import { test } from "node:test";
import { LineReader } from "@medstack-to-aptible/sandbox/plugins/line-reader.ts";
import type { Execute } from "../../aptible/client/execute.ts";
import { reconcile, sayTo } from "../../aptible/reconcile.ts";
import { portalSpec } from "../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../support/reconcile.ts";

/** Whether Pulumi's command provider could read it by lines: it hangs for ever at one that is too long. */
function isReadable(text: string): boolean {
	return new LineReader(() => {}).write(Buffer.from(text));
}

const huge = "x".repeat(200 * 1024);

/** What a Command prints whose CLI fails so. */
async function failing(aptible: ReconcilerUnderTest, execute: Execute): Promise<string> {
	Object.assign(process.env, aptible.env);
	let stderr = "";
	const code = await reconcile(["app", "apply"], JSON.stringify(portalSpec()), undefined, {
		access: { execute, patienceMs: 0 },
		waits: { lagMs: 0 },
		stdout: () => {},
		stderr: (text) => {
			stderr += text;
		},
	});
	assert.equal(code, 1);
	return stderr;
}

test("a long line of the CLI, or of anything else, is shown by its head and its tail, and never as it is", async (t) => {
	const aptible = await openReconciler(t);
	for (const execute of [
		async () => ({ code: 1, stdout: "", stderr: `the head ${huge} the tail` }),
		async () => ({ code: 1, stdout: "", stderr: `the head ${"y\n".repeat(100_000)} the tail` }),
		async () => {
			throw new Error(`the head ${huge} the tail`);
		},
	] as const) {
		const stderr = await failing(aptible, execute);
		assert.match(stderr, /the head .*the tail/s);
		assert.ok(isReadable(stderr));
		assert.ok(stderr.length < 10_000, String(stderr.length));
	}
});

test("a log with a line of 200 KiB at its end can be read by lines, and fails the run as any other", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "deploy-fails", reason: `the head ${huge} the tail` });
	const { code, stderr } = await aptible.apply("app", portalSpec());
	assert.equal(code, 1);
	assert.match(stderr, /deploying acme\/portal:1 failed \(operation \d+, deploy failed\)/);
	assert.match(stderr, /the head .*the tail/);
	assert.ok(isReadable(stderr));
});

test("facts come as JSON with each value in a line, and what an older version printed in one line is read as well", async (t) => {
	const aptible = await openReconciler(t);
	const names = Array.from({ length: 1500 }, (_, index) => `app-number-${index}-with-a-handle-of-its-own`);
	const apps = Object.fromEntries(names.map((name) => [name, { adopt: false, endpoints: {} }]));
	const spec = { environment: { handle: aptible.environment, adopt: true }, apps, databases: {} };
	const { stdout, code, stderr, facts } = await aptible.apply("claims", spec);
	assert.equal(code, 0, stderr);
	assert.ok(stdout.length > 64 * 1024 && isReadable(stdout), String(stdout.length));
	assert.ok(stdout.split("\n").every((line) => line.length < 1024));
	assert.deepEqual((await aptible.apply("claims", spec, { previous: facts })).facts, facts);
});

test("what an operation's log says of secrets is masked, of somebody else's too, and what is none is not", async (t) => {
	const aptible = await openReconciler(t);
	const config = {
		A: "1",
		KEY: "${secrets.key}",
		FILES: "${storage.files.container}",
		TOKEN: "${storage.files.sasToken}",
	};
	const secrets = {
		"secrets.key": "line-one-4711\nline-two-4711",
		"storage.files.container": "documents",
		"storage.files.sasToken": "sv=2024-11-04&sig=c2lnbmF0dXJlLTQ3MTE%3D",
	};
	const previous = await aptible.applied("app", portalSpec({ config }), { secrets });
	const place = ["--app", "portal", "--environment", aptible.environment];
	await aptible.cli("config:set", ...place, "THEIR_TOKEN=their-4711", "THEIR_LEVEL=information");
	aptible.fault({
		name: "deploy-fails",
		reason: "documents: line-two-4711 c2lnbmF0dXJlLTQ3MTE= their-4711 information true",
	});
	const { code, stderr } = await aptible.apply("app", portalSpec({ config, image: "acme/portal:2" }), {
		secrets,
		previous,
	});
	assert.equal(code, 1);
	assert.match(stderr, /documents: \[secret\] \[secret\] \[secret\] information true/);
});

test("progress thins out in a run of a day instead of ending, and leaves room for the failure", () => {
	let stderr = "";
	const say = sayTo({
		stdout: () => {},
		stderr: (text) => {
			stderr += text;
		},
	});
	const beats = 4 * 60 * 24;
	let lastTold = 0;
	for (let beat = 1; beat <= beats; beat += 1) {
		const before = stderr.length;
		say.progress(`app "portal": deploying acme/portal:2: ${beat * 15} s, ${"log ".repeat(40)}\n`);
		if (stderr.length > before) lastTold = beat;
	}
	assert.ok(lastTold > beats * 0.75, `last told: ${lastTold} of ${beats}`);
	say.failure(`the head ${huge}${"y\n".repeat(100_000)} the tail\n`);
	assert.match(stderr, /the head .*the tail/s);
	assert.ok(isReadable(stderr) && Buffer.byteLength(stderr) < 100 * 1024, String(Buffer.byteLength(stderr)));
});
