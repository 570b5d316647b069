import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createEnvironment } from "../../sandbox/aptible/setup.ts";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { runNode } from "../support/run-node.ts";
import { openStage, succeed } from "../support/stage.ts";

test("an adopted environment is taken over without a change", async (t) => {
	const stage = await openStage(t, "staging");
	stage.watchDrift();
	const { dir, env } = stage.sandbox;
	const file = join(dir, "Pulumi.staging.yaml");
	createEnvironment(stage.aptible.dir, "acme-live");
	await makeLiveEnvironment(stage.aptible, "acme-live");
	stage.newWrites();

	await t.test("the stage file has its secrets encrypted, and none in the open", async () => {
		await rm(file);
		await succeed(
			runNode(
				"move/adopt.ts",
				["--environment", "acme-live", "--stack", "staging", "--output", file, "--encrypt"],
				env,
			),
		);
		const text = await readFile(file, "utf8");
		for (const secret of Object.values(liveSecrets)) assert.ok(!text.includes(secret), secret);
		assert.match(text, /sessionKey:\n +secure: v1:/);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("the preview says of each object that nothing changes", async () => {
		const output = await succeed(stage.preview("--diff"));
		assert.match(output, /it is on Aptible already, and as declared: nothing of it changes/);
		assert.doesNotMatch(output, /taking it over changes|not in the stage file/);
	});

	await t.test("the update sends nothing, nor does the next one", async () => {
		const output = await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), []);
		for (const secret of Object.values(liveSecrets)) assert.ok(!output.includes(secret), secret);
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newWrites(), []);
	});
});
