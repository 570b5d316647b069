import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { parse } from "yaml";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { openReconciler, type ReconcilerUnderTest } from "../support/reconcile.ts";

test("a live environment becomes a stage file", async (t) => {
	const aptible = await openReconciler(t);
	await makeLiveEnvironment(aptible, aptible.environment);
	aptible.newJournal();
	const { code, stdout, stderr } = await adopt(aptible, "--environment", aptible.environment);
	assert.equal(code, 0, stderr);
	console.log(stdout);
	assert.deepEqual(aptible.newWrites(), []);
	for (const secret of Object.values(liveSecrets)) assert.ok(!stdout.includes(secret), stdout);
	console.log(JSON.stringify(parse(stdout).config));
});

async function adopt(aptible: ReconcilerUnderTest, ...args: string[]) {
	const child = spawn(process.execPath, ["move/adopt.ts", ...args], {
		cwd: join(import.meta.dirname, "../.."),
		env: aptible.env,
		stdio: ["ignore", "pipe", "pipe"],
	});
	const ended = new Promise((resolve) => child.on("close", resolve));
	const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
	return { code, stdout, stderr };
}
