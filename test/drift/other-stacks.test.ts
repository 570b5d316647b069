/** Two stacks on one environment: nothing on Aptible shows it, so the states of the project's other stacks are read. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStage, succeed } from "../support/stage.ts";

test("taking over an environment that another stack of the project has is warned of", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		for (const block of Object.keys(blocks)) if (block !== "environment") delete blocks[block];
	});
	stage.watchDrift();
	await succeed(stage.up());
	const says = /environment "acme-staging" is in the state of another stack too: first/;

	await t.test("none has it", async () => {
		const state = (await stage.state()).replaceAll("urn:pulumi:staging:", "urn:pulumi:first:");
		await stage.init();
		await stage.edit(({ environment }) => {
			environment.adopt = true;
		});
		assert.doesNotMatch(await succeed(stage.preview()), /another stack/);
		const folder = join(stage.sandbox.dir, "state/.pulumi/stacks/medstack-to-aptible");
		await writeFile(
			join(folder, "first.json"),
			state.replaceAll("medstack-to-aptible/staging", "medstack-to-aptible/first"),
		);
		// A stack that never had an update.
		await writeFile(join(folder, "empty.json"), await readFile(join(folder, "staging.json")));
	});

	await t.test("one has it", async () => {
		const output = await succeed(stage.preview());
		assert.match(output, says);
		assert.match(output, /environment acme-staging: taken over as it is/);
	});

	await t.test("once it is taken over, no other state is read", async () => {
		assert.match(await succeed(stage.up()), says);
		assert.doesNotMatch(await succeed(stage.preview()), /another stack/);
	});

	await t.test("where they cannot be read, a warning says so", async () => {
		await stage.init();
		const folder = join(stage.sandbox.dir, "state/.pulumi/stacks/medstack-to-aptible");
		await writeFile(join(folder, "first.json"), '{"version": 99, "checkpoint": {"latest": {"resources": [{}]}}}');
		assert.match(
			await succeed(stage.preview()),
			/whether another stack has environment "acme-staging" too is unknown: /,
		);
	});
});
