import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage, succeed } from "../support/stage.ts";

test("a stage comes up, stays as it is and goes away over an API that gives two items at a time", async (t) => {
	const stage = await openStage(t, "staging", ({ databases, logDrains }) => {
		databases.second = structuredClone(databases.cache);
		databases.third = structuredClone(databases.cache);
		for (const name of ["second", "third"]) logDrains[name] = structuredClone(logDrains.siem);
	});
	stage.aptible.fault({ name: "short-pages", times: 1_000_000 });
	stage.watchDrift();
	await succeed(stage.up());
	stage.newMutations();
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(stage.newMutations(), []);
	await stage.edit(({ databases, apps }) => {
		databases.store = { ...databases.third, renamedFrom: "third" };
		delete databases.third;
		apps.portal.services.web.containers = 3;
	});
	await succeed(stage.up());
	assert.deepEqual(
		stage.newWrites().filter((write) => /^create/.test(write)),
		[],
	);
	await succeed(stage.destroy());
	assert.deepEqual(await stage.cli("environment:list"), []);
});
