/** What a failed or killed up leaves: its change can be taken back, and destroy takes it away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attributeOperations } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { fail, oneOfEach, openStage, succeed } from "../support/stage.ts";

test("lines that went in an up that failed come back as they were", async (t) => {
	const stage = await openStage(t, "staging", ({ apps }) => {
		delete apps.reports;
	});
	await succeed(stage.up());
	const change = (blocks: Parameters<Parameters<typeof stage.edit>[0]>[0]) => {
		delete blocks.databases.cache;
		delete blocks.apps.portal.config.REDIS_URL;
		delete blocks.apps.portal.endpoints.test;
		delete blocks.logDrains.siem;
		blocks.apps.portal.image = "registry.acme.example/portal:2027-01-01";
	};
	await stage.withChange(change, async () => {
		stage.aptible.fault({ name: "deploy-fails", handle: "portal" });
		assert.match(await fail(stage.up()), /app "portal": .* failed/);
	});
	stage.newWrites();
	await succeed(stage.up());
	assert.deepEqual(stage.newWrites(), [], "Aptible has taken the failed release back by itself");
});

test("destroy removes what failed and killed creates left, and the environment", async (t) => {
	const stage = await openStage(t, "staging", oneOfEach);

	await t.test("a first up whose database and log drain fail", async () => {
		stage.aptible.fault({ name: "provision-fails", times: 2 });
		await fail(stage.up());
		stage.aptible.clearFaults();
		await succeed(stage.destroy());
		assert.deepEqual(await stage.cli("environment:list"), []);
	});

	await t.test("an up that is killed as its database's record is made, and one whose app comes later", async () => {
		stage.aptible.fault({ name: "halt-after-mutation", handle: "main" });
		assert.ok(await stage.killWhenHalted("up"));
		stage.aptible.fault({ name: "deploy-fails", handle: "later" });
		await stage.edit(({ apps }) => {
			apps.later = { ...structuredClone(apps.portal), endpoints: {} };
		});
		await fail(stage.up());
		await succeed(stage.destroy());
		assert.deepEqual(await stage.cli("environment:list"), []);
	});

	await t.test("what somebody else works with stays, and is named with its command", async () => {
		stage.aptible.fault({ name: "deploy-fails", handle: "later" });
		await fail(stage.up());
		attributeOperations(stage.aptible.dir, "later", "ana@acme.example");
		assert.match(
			await fail(stage.destroy()),
			/app "later": `aptible apps:deprovision --app later --environment acme-staging` removes it/,
		);
	});
});

test("destroy leaves an app and a database in use that were removed from the state, and names them", async (t) => {
	const stage = await openStage(t, "staging", oneOfEach);
	await succeed(stage.up());
	await stage.cli("db:restart", "main", "--environment", "acme-staging");
	const state = JSON.parse(await stage.state());
	const { resources } = (state.checkpoint?.latest ?? state.deployment) as {
		resources: { urn: string; inputs?: { interpreter?: string[] } }[];
	};
	for (const { urn, inputs } of resources.reverse()) {
		const kind = inputs?.interpreter?.[2] ?? "";
		if (!["app", "database", "endpoint"].includes(kind)) continue;
		await succeed(
			stage.sandbox.pulumi(["state", "delete", urn, "--stack", "staging", "--yes", "--force", "--target-dependents"]),
		);
	}
	stage.newWrites();
	const refused = await fail(stage.destroy());
	assert.match(refused, /app "portal": `aptible apps:deprovision --app portal --environment acme-staging` removes it/);
	assert.match(refused, /database "main": `aptible db:deprovision main --environment acme-staging` removes it/);
	assert.doesNotMatch(refused, /was never recorded/);
	assert.ok(!stage.newWrites().some((write) => /deprovision (apps|databases) (portal|main)/.test(write)));
});
