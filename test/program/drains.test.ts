import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const sentinel = "s3ntinel-drain-2b9e";

function setSecret(stage: StageUnderTest, value: string): Promise<unknown> {
	const path = "medstack-to-aptible:secrets.siemUrl";
	return succeed(stage.pulumi("config", "set", "--secret", "--path", path, value));
}

/** Writes with the ids in handles removed: `create log_drains siem-ID-2`. */
function writesOf(stage: StageUnderTest): string[] {
	return stage.newWrites().map((write) => write.replace(/\d{3,}/g, "ID"));
}

test("drains come up, change beside themselves and go", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		delete blocks.storage;
		blocks.apps = {};
		blocks.databases = { influx: { type: "influxdb", version: "2.7" } };
		blocks.metricDrains = { load: { kind: "influxdb", database: "influx" } };
	});

	await t.test("a drain into a database comes after it", async () => {
		const output = await succeed(stage.up());
		const writes = writesOf(stage);
		assert.ok(writes.indexOf("provision databases influx") < writes.indexOf("create metric_drains load-ID"));
		assert.ok(writes.includes("provision log_drains siem-ID"));
		assert.match(output, /logDrains *: {\s*(\+ )?siem: "siem-\d+"/);
		assert.match(output, /metricDrains *: {\s*(\+ )?load: "load-\d+"/);
	});

	await t.test("a changed secret is noticed, and means a new drain beside the old one", async () => {
		await setSecret(stage, `https://logs.acme.example/${sentinel}-1`);
		const preview = await succeed(stage.preview("--diff"));
		assert.match(preview, /1 to update/);
		await succeed(stage.up());
		assert.deepEqual(writesOf(stage), [
			"create log_drains siem-ID-2",
			"provision log_drains siem-ID-2",
			"deprovision log_drains siem-ID",
		]);
		for (const text of [preview, await stage.state()]) assert.equal(text.includes(sentinel), false);
	});

	await t.test("an up that is killed between new and old is gone on from", async () => {
		await setSecret(stage, `https://logs.acme.example/${sentinel}-2`);
		stage.aptible.fault({ name: "halt-after-mutation", n: 2 });
		assert.equal(await stage.killWhenHalted("up"), true);
		stage.newJournal();
		await succeed(stage.up());
		assert.deepEqual(writesOf(stage), ["deprovision log_drains siem-ID-2"]);
	});

	await t.test("a new name is a new drain first", async () => {
		await stage.edit((blocks) => {
			blocks.logDrains = { audit: blocks.logDrains.siem };
		});
		await succeed(stage.up());
		assert.deepEqual(writesOf(stage), [
			"create log_drains audit-ID",
			"provision log_drains audit-ID",
			"deprovision log_drains siem-ID",
		]);
	});

	await t.test(
		"a drain that somebody else made is refused until it is adopted; what one sends changes in place",
		async () => {
			const url = ["--url", "https://logs.acme.example/0wn-k3y"];
			await stage.cli("log_drain:create:https", "own", "--environment", "acme-staging", ...url);
			await stage.edit(({ logDrains }) => {
				logDrains.own = { kind: "https", url: "https://logs.acme.example/${secrets.own}" };
			});
			await succeed(stage.pulumi("config", "set", "--secret", "--path", "medstack-to-aptible:secrets.own", "0wn-k3y"));
			stage.newJournal();
			const refused = await fail(stage.up("--continue-on-error"));
			assert.match(refused, /logDrains\.own: "own", https_post, provisioned/);
			// What the SDK itself makes of inputs that come from a failed resource is another error.
			assert.doesNotMatch(refused, /Error: resource claims \[/);
			assert.deepEqual(writesOf(stage), []);
			assert.match(await stage.state(), /::environment-leftovers"/);
			await stage.edit(({ logDrains }) => {
				logDrains.own.adopt = true;
				logDrains.audit.proxies = false;
			});
			assert.match(await succeed(stage.up()), /logDrains\.own is adopted: "own", https_post, provisioned/);
			assert.deepEqual(writesOf(stage), ["update log_drains"]);
		},
	);

	await t.test("destroy takes a drain before the database that it writes to", async () => {
		await succeed(stage.destroy());
		const writes = writesOf(stage);
		assert.ok(writes.indexOf("deprovision metric_drains load-ID") < writes.indexOf("deprovision databases influx"));
		assert.equal(writes.at(-1), "delete accounts");
		assert.deepEqual(await stage.cli("environment:list"), []);
	});
});
