import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, openStage, succeed } from "../support/stage.ts";

test("protected data refuses to go until it is unprotected, and then leaves its last backup", async (t) => {
	const stage = await openStage(t, "prod");
	await succeed(stage.up());
	stage.newJournal();
	assert.match(await fail(stage.destroy()), /cannot be deleted\s+because it is protected/);
	assert.deepEqual(stage.newMutations(), [], "a refused destroy touches nothing");
	await stage.edit(({ environment, databases, apps }) => {
		const endpoints = Object.values(apps.portal.endpoints);
		for (const noun of [environment, ...Object.values(databases), ...Object.values(apps), ...endpoints]) {
			(noun as { protect: boolean }).protect = false;
		}
	});
	await succeed(stage.up());
	const refused = await fail(stage.destroy());
	assert.match(refused, /environment "acme-prod" cannot be deleted/);
	assert.match(
		refused,
		/backup \d+, of database "\w+", kept on purpose: `aptible backup:purge \d+` deletes it for good/,
	);
	const backups = (await stage.cli("backup:orphaned", "--environment", "acme-prod")) as { id: number }[];
	assert.ok(backups.length >= 2, "each database has left one");
	for (const { id } of backups) await stage.cli("backup:purge", String(id));
	await succeed(stage.destroy());
	assert.deepEqual(await stage.cli("environment:list"), []);
});
