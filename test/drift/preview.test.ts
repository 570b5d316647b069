import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const place = ["--environment", "acme-staging"];
const portal = ["--app", "portal", ...place];

test("drift shows in the preview, and the next update heals it", async (t) => {
	const stage = await openStage(t, "staging");

	await t.test("a first preview and a first update show none", async () => {
		assert.doesNotMatch(await succeed(stage.preview("--diff")), /DRIFT/);
		assert.doesNotMatch(await succeed(stage.up()), /DRIFT/);
		await succeed(stage.preview("--expect-no-changes"));
		stage.newWrites();
	});

	await t.test("what was changed by hand shows, and nothing else", async () => {
		await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
		await stage.cli("config:set", ...portal, "SESSION_KEY=sentinel-by-hand", "BY_HAND=1");
		await stage.cli("db:restart", "cache", ...place, "--container-size", "1024");
		await stage.cli("backup_retention_policy:set", "acme-staging", "--daily", "3", "--force");
		await stage.cli("db:create", "left", ...place, "--type", "redis");
		stage.newWrites();
		const output = await succeed(stage.preview("--diff", "--show-full-output"));
		assert.match(output, /field *: "services\.web\.containers"/);
		assert.match(output, /declared: "1"\s+\+ field *: "services\.web\.containers"\s+\+ live *: "5"/);
		assert.match(output, /field *: "config\.SESSION_KEY"\s+\+ live *: "another value"/);
		assert.match(output, /"backups\.daily"/);
		assert.match(output, /database "left" is in environment "acme-staging" and not in the stage file/);
		assert.doesNotMatch(output, /sentinel-by-hand/);
		assert.deepEqual(updated(output), ["app portal", "database cache", "environment environment"]);
	});

	await t.test("the update heals it, and the next preview is silent", async () => {
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites().sort(), [
			"configure apps portal",
			"create backup_retention_policies acme-staging",
			"restart databases cache",
			"scale services web",
		]);
		await succeed(stage.preview("--expect-no-changes"));
	});

	await t.test("the same drift once more shows once more", async () => {
		await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
		assert.deepEqual(updated(await succeed(stage.preview("--diff"))), ["app portal"]);
		await succeed(stage.up());
		await succeed(stage.preview("--expect-no-changes"));
	});

	await t.test("a change of the stage file is no drift", async () => {
		await stage.edit(({ apps }) => {
			apps.portal.services.worker.containers = 2;
		});
		assert.doesNotMatch(await succeed(stage.preview("--diff")), /DRIFT/);
		await succeed(stage.up());
	});

	await t.test("what has gone comes back", async () => {
		await removeEndpoint(stage);
		stage.newWrites();
		const output = await succeed(stage.preview("--diff"));
		assert.match(output, /live *: "gone"/);
		assert.deepEqual(updated(output), ["endpoint portal-test-default"]);
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), ["create vhosts web", "provision vhosts"]);
	});

	await t.test("Aptible that does not answer is a warning", async () => {
		const output = await succeed(stage.previewWith({ APTIBLE_API_ROOT_URL: "http://127.0.0.1:1" }));
		assert.match(output, /whether Aptible is still as this stack left it could not be told: /);
	});

	await t.test("switched off, or without credentials, nothing is asked and nothing is said", async () => {
		await stage.cli("apps:scale", "web", ...portal, "--container-count", "5");
		stage.newJournal();
		for (const env of [{ MEDSTACK_TO_APTIBLE_DRIFT: "off" }, { APTIBLE_ACCESS_TOKEN: "" }]) {
			const output = await succeed(stage.previewWith(env));
			assert.doesNotMatch(output, /DRIFT|still as this stack left it|not in the stage file: it/);
			assert.deepEqual(stage.newJournal(), []);
		}
	});
});

async function removeEndpoint(stage: StageUnderTest): Promise<void> {
	const endpoints = (await stage.cli("endpoints:list", ...portal)) as { hostname: string }[];
	await stage.cli("endpoints:deprovision", endpoints[0]?.hostname ?? "", ...portal);
}

/** The Commands that a preview would update. */
function updated(output: string): string[] {
	const blocks = output.split(/^ *~ command:local:Command: \(update\)$/m).slice(1);
	return blocks
		.map((block) => {
			const name = /urn=.*::(.+)\]/.exec(block)?.[1] ?? "";
			const kind = /\$medstack-to-aptible:index:(\w+)\$command|:index:(\w+)\$command/.exec(block);
			return `${(kind?.[1] ?? kind?.[2] ?? "").toLowerCase()} ${name}`;
		})
		.sort();
}
