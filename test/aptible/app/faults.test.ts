import assert from "node:assert/strict";
import { test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

test("other faults end in what is declared, with no operation twice", async (t) => {
	const aptible = await openReconciler(t);
	const create = ["create apps portal", "deploy apps portal"];
	for (const fault of [
		{ name: "portal-down" },
		{ name: "portal-early" },
		{ name: "connection-drops" },
		{ name: "connection-drops", write: "create" },
		{ name: "not-found-race", command: "GET /accounts/ID/apps" },
		{ name: "slow-queue", ms: 300 },
	] as const) {
		aptible.fault(fault);
		await aptible.applied("app", portalSpec());
		aptible.clearFaults();
		assert.deepEqual(aptible.newWrites(), create, JSON.stringify(fault));
		await aptible.removed("app", portalSpec());
		aptible.newWrites();
	}
	for (const name of ["unauthorized", "request-refused"] as const) {
		aptible.fault({ name, command: name === "unauthorized" ? "GET /accounts/ID/apps" : "deploy" });
		assert.equal((await aptible.apply("app", portalSpec())).code, 1, name);
		await aptible.applied("app", portalSpec());
		assert.deepEqual(aptible.newWrites(), create, name);
		await aptible.removed("app", portalSpec());
		aptible.newWrites();
	}
});

test("an app is removed once, by its id, and one that a list lacks is not forgotten", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	await aptible.cli("apps:rename", "portal", "elsewhere", "--environment", "acme-test");
	aptible.newWrites();
	aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/apps", times: 1000 });
	await aptible.removed("app", portalSpec(), { previous });
	aptible.clearFaults();
	await aptible.removed("app", portalSpec(), { previous });
	assert.deepEqual(aptible.newWrites(), ["deprovision apps elsewhere"]);
});

test("what somebody changed by hand is healed, and what is not ours is left alone", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({ config: { A: "1", B: "2" } });
	const previous = await aptible.applied("app", spec);
	const place = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("deploy", ...place, "--docker-image", "acme/portal:2", "A=9", "THEIRS=1");
	await aptible.cli("apps:scale", "web", ...place, "--container-count", "3");
	await aptible.cli("apps:rename", "portal", "elsewhere", "--environment", "acme-test");
	aptible.newWrites();
	const facts = await aptible.applied("app", { ...spec, config: { A: "1" } }, { previous });
	assert.deepEqual(aptible.newWrites(), ["update apps", "deploy apps portal", "scale services web"]);
	assert.deepEqual(facts.warnings, [
		"config key THEIRS is set on Aptible and not in the stage file; it was not set from here and is left alone",
	]);
	const live = await aptible.cli("config", ...place);
	assert.deepEqual(
		(live as { key: string; value: string }[]).map(({ key, value }) => `${key}=${value}`),
		["A=1", "THEIRS=1"],
	);
});
