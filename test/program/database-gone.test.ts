import assert from "node:assert/strict";
import { test } from "node:test";
import { runNode } from "../support/run-node.ts";
import { fail, oneOfEach, openStage, succeed } from "../support/stage.ts";

test("a database that somebody deleted by hand, under the engine", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		oneOfEach(blocks);
		delete blocks.databases.main.endpoints;
		blocks.environment.backups.keepFinal = true;
		blocks.apps.portal.config.DB_PASSWORD = "${databases.main.password}";
	});
	await succeed(stage.up());
	stage.watchDrift();
	const [{ id }] = (await stage.cli("db:list")) as [{ id: number }];
	await stage.cli("db:deprovision", "main");
	const [backup] = (await stage.cli("backup:orphaned")) as [{ id: number }];
	stage.newWrites();
	const says = new RegExp(
		`database "main" \\(id ${id}\\) is gone from Aptible, and a new one would be empty\\. Its last backup is ${backup.id} of `,
	);

	await t.test("the preview says so, and the update stops at it", async () => {
		assert.match(await succeed(stage.preview("--diff")), says);
		assert.match(await fail(stage.up()), says);
		assert.deepEqual(stage.newWrites(), []);
		const drift = await runNode("drift/main.ts", stage.options, stage.sandbox.env);
		assert.equal(drift.code, 2, drift.stderr);
		assert.match(drift.stdout, says);
		assert.doesNotMatch(drift.stdout, /object: live gone/, "`pulumi up` does not bring it back");
	});

	await t.test("restoreFrom brings it back, and the app gets its URL and password in the same update", async () => {
		await stage.edit(({ databases }) => {
			databases.main.restoreFrom = backup.id;
		});
		assert.match(await succeed(stage.up()), new RegExp(`is made again from backup ${backup.id}`));
		assert.deepEqual(stage.newWrites(), ["restore backups", "configure apps portal"]);
		const [{ connection_url: url }] = (await stage.cli("db:list")) as [{ connection_url: string }];
		const config = (await stage.cli("config", "--app", "portal")) as { key: string; value: string }[];
		const configured = (name: string) => config.find(({ key }) => key === name)?.value;
		assert.deepEqual([configured("DATABASE_URL"), configured("DB_PASSWORD")], [url, new URL(url).password]);
	});

	await t.test("the line may go, and is refused in the preview while the database is there", async () => {
		await stage.edit(({ databases }) => {
			delete databases.main.restoreFrom;
		});
		await succeed(stage.up());
		await stage.edit(({ databases }) => {
			databases.main.restoreFrom = backup.id;
		});
		const text = `database "main" exists and cannot be made from backup ${backup.id} in place`;
		assert.match(await fail(stage.preview()), new RegExp(text));
		await stage.edit(({ databases }) => {
			delete databases.main.restoreFrom;
		});
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("a destroy goes on where it is gone once more", async () => {
		await stage.cli("db:deprovision", "main");
		for (const { id: orphan } of (await stage.cli("backup:orphaned")) as { id: number }[]) {
			await stage.cli("backup:purge", String(orphan));
		}
		await succeed(stage.destroy());
	});
});
