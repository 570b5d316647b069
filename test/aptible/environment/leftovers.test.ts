/** What goes with its environment of all that was claimed and never recorded, and what stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attributeOperations, setClock } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { postgresql, redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const at = ["--environment", "acme-test"];
const free = { adopt: false };
const app = { ...free, endpoints: {} };

/** Claims of the environment that is there from the start, and of what else is declared. */
function claims(more: object): object {
	const environment = { handle: "acme-test", adopt: true };
	return { environment, databases: {}, apps: {}, logDrains: {}, metricDrains: {}, ...more };
}

const all = claims({
	databases: { cache: free, main: free },
	apps: { portal: app },
	logDrains: { siem: free },
});
const unprotected = { environment: "acme-test", protected: [] };
const drain = { environment: "acme-test", name: "siem", adopt: false, kind: "https", url: "${secrets.url}" };
const sources = { apps: true, databases: true, ephemeralSessions: true, proxies: true };
const url = { "secrets.url": "https://logs.acme.example" };

/** Removes what is left; gives the writes of it. */
async function removed(aptible: ReconcilerUnderTest, facts: object, spec: object = unprotected): Promise<string[]> {
	aptible.newWrites();
	await aptible.removed("leftovers", spec, { secrets: { CLAIMS: JSON.stringify(facts) } });
	return aptible.newWrites().map((write) => write.replace(/-\d+$/, ""));
}

test("what failed creates left goes, a database that came up with a last backup", async (t) => {
	const aptible = await openReconciler(t);
	const facts = await aptible.applied("claims", all);
	aptible.fault({ name: "provision-fails", handle: "cache" });
	await aptible.apply("database", redis);
	await aptible.applied("database", postgresql);
	await aptible.cli("apps:create", "portal", ...at);
	aptible.fault({ name: "deploy-fails", handle: "portal" });
	await aptible.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:1");
	await aptible.applied("log-drain", { ...drain, ...sources }, { secrets: url });
	await aptible.cli("backup_retention_policy:set", "acme-test", "--no-keep-final", "--force");
	assert.deepEqual(await removed(aptible, facts), [
		"deprovision log_drains siem",
		"deprovision apps portal",
		"deprovision databases cache",
		"backup databases main",
		"deprovision databases main",
	]);
	const spec = { handle: "acme-test", stack: "shared-ca-central-1", phi: false };
	const { stderr } = await aptible.remove("environment", spec);
	assert.match(
		stderr,
		/still has backups\n {2}backup \d+, of database "main", kept on purpose: .*\nOnce nothing is left/,
	);
});

test("a removal that was killed after its last backup goes on", async (t) => {
	const aptible = await openReconciler(t);
	const facts = await aptible.applied("claims", all);
	await aptible.cli("backup_retention_policy:set", "acme-test", "--no-keep-final", "--force");
	await aptible.applied("database", postgresql);
	const secrets = { CLAIMS: JSON.stringify(facts) };
	assert.ok(await aptible.interrupted(1, "leftovers", unprotected, { verb: "remove", secrets }));
	assert.match((await removed(aptible, facts)).join(), /deprovision databases main$/);
});

test("the environment is known by its id", async (t) => {
	const aptible = await openReconciler(t);
	const facts = await aptible.applied("claims", all);
	await aptible.cli("apps:create", "portal", ...at);
	const [{ id }] = (await aptible.cli("environment:list")) as [{ id: number }];
	const hand = (environment: number) => ({
		secrets: { CLAIMS: JSON.stringify(facts), "hints.environment": String(environment) },
	});
	aptible.newWrites();
	await aptible.removed("leftovers", unprotected, hand(id + 1));
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.cli("environment:rename", "acme-test", "acme-by-hand");
	aptible.newWrites();
	await aptible.removed("leftovers", unprotected, hand(id));
	assert.deepEqual(aptible.newWrites(), ["deprovision apps portal"]);
});

test("what is left under a line that was dropped goes too", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.applied("claims", all);
	await aptible.cli("apps:create", "portal", ...at);
	const dropped = await aptible.applied("claims", claims({}), { previous: first });
	assert.deepEqual(await removed(aptible, dropped), ["deprovision apps portal"]);
});

const app1 = ["--app", "portal", ...at];

/** Why an object under a claimed handle is none of this stack's. */
const others: Record<string, (aptible: ReconcilerUnderTest) => Promise<{ facts: object; spec?: object }>> = {
	adopted: async (aptible) => {
		await aptible.cli("apps:create", "portal", ...at);
		return { facts: await aptible.applied("claims", claims({ apps: { portal: { ...app, adopt: true } } })) };
	},
	"older than the claim, and brought under its handle": async (aptible) => {
		await aptible.cli("apps:create", "old", ...at);
		const facts = await aptible.applied("claims", all);
		await aptible.cli("apps:rename", "old", "portal", ...at);
		return { facts };
	},
	"touched by another user": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.cli("apps:create", "portal", ...at);
		await aptible.cli("deploy", ...app1, "--docker-image", "acme/portal:1");
		attributeOperations(aptible.dir, "portal", "ana@acme.example");
		return { facts };
	},
	"scaled by another user": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.cli("apps:create", "portal", ...at);
		await aptible.cli("deploy", ...app1, "--docker-image", "acme/portal:1");
		await aptible.cli("apps:scale", "web", ...app1, "--container-count", "2");
		attributeOperations(aptible.dir, "web", "ana@acme.example");
		return { facts };
	},
	"recorded once, as it has an endpoint": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.cli("apps:create", "portal", ...at);
		await aptible.cli("deploy", ...app1, "--docker-image", "acme/portal:1");
		await aptible.cli("endpoints:https:create", "web", ...app1, "--default-domain");
		return { facts };
	},
	"an app that has run, as it may be recorded and removed from the state": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.applied("app", portalSpec({}));
		return { facts };
	},
	"a database that somebody worked with, as it may be recorded and removed from the state": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.applied("database", postgresql);
		await aptible.cli("db:restart", "main", ...at);
		return { facts };
	},
	"a database with a backup that a person took": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.applied("database", postgresql);
		setClock(aptible.dir, -2 * 60 * 60_000);
		await aptible.cli("db:backup", "main", ...at);
		setClock(aptible.dir, 0);
		return { facts };
	},
	"a database with an endpoint": async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.applied("database", postgresql);
		await aptible.cli("endpoints:database:create", "main", ...at);
		return { facts };
	},
	protected: async (aptible) => {
		const facts = await aptible.applied("claims", all);
		await aptible.cli("apps:create", "portal", ...at);
		return { facts, spec: { ...unprotected, protected: ["apps.portal"] } };
	},
	"made again by hand after its line was dropped": async (aptible) => {
		const first = await aptible.applied("claims", all);
		await aptible.cli("apps:create", "portal", ...at);
		const facts = await aptible.applied("claims", claims({}), { previous: first });
		await aptible.cli("apps:deprovision", ...app1);
		await aptible.cli("apps:create", "portal", ...at);
		return { facts };
	},
	"claimed before claims had marks": async (aptible) => {
		await aptible.cli("apps:create", "portal", ...at);
		return { facts: { claimed: ["apps.portal", "environment"], marks: {}, kept: {} } };
	},
};

for (const [why, make] of Object.entries(others)) {
	test(`what is ${why} stays`, async (t) => {
		const aptible = await openReconciler(t);
		const { facts, spec } = await make(aptible);
		assert.deepEqual(await removed(aptible, facts, spec), []);
	});
}

test("a database of whose endpoints nothing can be said stays, and so does one that a list lacks", async (t) => {
	const aptible = await openReconciler(t);
	const facts = await aptible.applied("claims", all);
	await aptible.applied("database", postgresql);
	const secrets = { CLAIMS: JSON.stringify(facts) };
	aptible.newWrites();
	aptible.fault({ name: "answer-changed", without: ["_links.service"], command: "GET /databases/ID$", times: 99 });
	const { code, stderr } = await aptible.remove("leftovers", unprotected, { secrets });
	assert.deepEqual([code, aptible.newWrites()], [1, []]);
	assert.match(stderr, /database "main" is provisioned, but Aptible does not say which service it runs as/);
	aptible.clearFaults();
	await aptible.cli("endpoints:database:create", "main", ...at);
	aptible.newWrites();
	// Only the list that an owner is looked for in by its handle says `no_embed=true`.
	aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases", handle: "true" });
	assert.deepEqual(await removed(aptible, facts), []);
});
