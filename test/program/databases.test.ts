import assert from "node:assert/strict";
import { test } from "node:test";
import { addAutomaticBackups } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { fail, openStage, succeed } from "../support/stage.ts";

test("replicas, last backups and backup policies under the engine", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		for (const name of Object.keys(blocks)) if (name !== "environment") delete blocks[name];
		blocks.environment.backups.keepFinal = false;
		blocks.databases = {
			// Declared before its primary on purpose.
			copy: { type: "postgresql", version: "16", replicaOf: "main" },
			main: { type: "postgresql", version: "16", finalBackup: true },
		};
	});

	await t.test("a replica is made after its primary, wherever it stands in the file", async () => {
		await succeed(stage.up());
		const databases = stage.newWrites().filter((write) => / databases /.test(write));
		assert.deepEqual(databases, ["create databases main", "provision databases main", "replicate databases main"]);
		assert.match(await stage.outputs(), /-----BEGIN CERTIFICATE-----/);
	});

	await t.test("a preview refuses a policy that would delete more backups than it accepts", async () => {
		addAutomaticBackups(stage.aptible.dir, "main", 12);
		await stage.edit(({ environment }) => {
			environment.backups.daily = 2;
		});
		stage.newJournal();
		const refused = await fail(stage.preview());
		assert.match(refused, /its new backup policy would delete up to 10 backups, which nobody can bring back:/);
		assert.match(refused, /database "main": 10 automatic, from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/);
		assert.match(refused, /set environment\.backups\.acceptLoss: 10 and run `pulumi up` again/);
		await stage.edit(({ environment }) => {
			environment.backups.acceptLoss = 10;
		});
		assert.deepEqual(stage.newWrites(), []);
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), ["create backup_retention_policies acme-staging"]);
	});

	await t.test("where Aptible cannot be asked, a preview says that it does not know", async () => {
		await stage.edit(({ environment }) => {
			environment.backups.daily = 1;
			environment.backups.acceptLoss = undefined;
		});
		stage.aptible.fault({ name: "unauthorized", times: 10 });
		const text = await succeed(stage.preview());
		stage.aptible.clearFaults();
		assert.match(text, /warning: what the new backup policy would delete is not known yet/);
		await fail(stage.up());
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("a destroy takes the replica first and the primary never without a last backup", async () => {
		await stage.edit(({ environment }) => {
			environment.backups.daily = 2;
		});
		const text = await fail(stage.destroy());
		assert.deepEqual(stage.newWrites(), [
			"deprovision databases copy",
			"backup databases main",
			"deprovision databases main",
		]);
		const id = /backup (\d+), of database "main", kept on purpose/.exec(text)?.[1];
		await stage.cli("backup:purge", String(id));
		stage.newJournal();
		await succeed(stage.destroy());
		assert.deepEqual(stage.newWrites(), ["delete accounts"]);
	});
});
