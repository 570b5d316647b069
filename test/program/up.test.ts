import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const operations = (writes: string[]) =>
	writes.filter((write) => /^(deploy|configure|scale|restart|provision)/.test(write));

test("a stage goes up, changes and goes away with the fewest operations", async (t) => {
	const stage = await openStage(t, "staging");

	await t.test(
		"the first up: one deploy for each app, one scale for each service where one is unlike what Aptible starts",
		async () => {
			await succeed(stage.up());
			const writes = stage.newWrites().map((write) => write.replace(/siem-\d+$/, "siem-ID"));
			assert.deepEqual(writes.toSorted(), [
				"create accounts acme-staging",
				"create apps portal",
				"create apps reports",
				"create backup_retention_policies acme-staging",
				"create databases cache",
				"create databases main",
				"create log_drains siem-ID",
				"create vhosts web",
				"deploy apps portal",
				"deploy apps reports",
				"provision databases cache",
				"provision databases main",
				"provision log_drains siem-ID",
				"provision vhosts",
				"scale services nightly",
				"scale services web",
				"scale services worker",
			]);
			const at = (start: string) => writes.findIndex((write) => write.startsWith(start));
			assert.ok(at("provision log_drains") < at("create apps"), "the drain is there before the first app");
		},
	);

	await t.test("the second up sends nothing, and says unchanged", async () => {
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("image and two config keys together are one operation", async () => {
		await stage.edit(({ apps }) => {
			apps.portal.image = "registry.acme.example/portal:2026-12-01";
			apps.portal.config.PORT = "8080";
			apps.portal.config.GREETING = "hello world = $HOME";
		});
		await succeed(stage.up());
		assert.deepEqual(operations(stage.newWrites()), ["deploy apps portal"]);
		assert.equal((await config(stage)).get("GREETING"), "hello world = $HOME");
	});

	await t.test("a count is one scale, a larger disk one restart, IOPS none, a key removed one configure", async () => {
		await stage.cli("config:set", "--app", "portal", "--environment", "acme-staging", "BY_HAND=1");
		stage.newWrites();
		await stage.edit(({ apps, databases }) => {
			delete apps.portal.config.GREETING;
			apps.portal.services.web.containers = 2;
			databases.main.diskGb = 40;
			databases.cache.iops = 4000;
		});
		const output = await succeed(stage.up());
		assert.deepEqual(operations(stage.newWrites()).sort(), [
			"configure apps portal",
			"restart databases main",
			"scale services web",
		]);
		// One set by hand is kept and shown.
		const live = await config(stage);
		assert.equal(live.get("GREETING"), undefined);
		assert.equal(live.get("BY_HAND"), "1");
		assert.match(output, /config key BY_HAND is set on Aptible and not in the stage file; .* is left alone/);
	});

	await t.test("renames keep every object", async () => {
		const before = await stage.cli("db:list", "--environment", "acme-staging");
		await stage.edit(({ apps, databases, environment }) => {
			environment.renamedFrom = "acme-staging";
			environment.handle = "acme-test";
			apps.clinic = { ...apps.portal, renamedFrom: "portal" };
			delete apps.portal;
			databases.primary = { ...databases.main, renamedFrom: "main" };
			delete databases.main;
			apps.clinic.config.DATABASE_URL = "${databases.primary.url}";
			apps.reports.config.DATABASE_URL = "${databases.primary.url}";
		});
		const output = await succeed(stage.up());
		assert.deepEqual(stage.newWrites().sort(), ["update accounts", "update apps", "update databases"]);
		assert.doesNotMatch(output, /delet/);
		const after = await stage.cli("db:list", "--environment", "acme-test");
		const ids = (list: unknown) => (list as { id: number }[]).map(({ id }) => id).sort();
		assert.deepEqual(ids(after), ids(before));
		stage.newJournal();
		await succeed(stage.up());
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("destroy leaves nothing", async () => {
		await succeed(stage.destroy());
		const writes = stage.newWrites();
		const order = writes.map((write) => write.split(" ").slice(0, 2).join(" "));
		assert.deepEqual(order.slice(0, 3), ["deprovision vhosts", "deprovision apps", "deprovision apps"]);
		assert.deepEqual(order.slice(3, 6).sort(), [
			"deprovision databases",
			"deprovision databases",
			"deprovision log_drains",
		]);
		assert.deepEqual(order.slice(6), ["delete accounts"]);
		assert.deepEqual(await stage.cli("environment:list"), []);
	});
});

async function config(stage: StageUnderTest): Promise<Map<string, string>> {
	const pairs = await stage.cli("config", "--app", "portal", "--environment", "acme-staging");
	return new Map((pairs as { key: string; value: string }[]).map(({ key, value }) => [key, value]));
}
