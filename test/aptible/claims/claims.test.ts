/** How long a claim lives, seen from the lines of a stage file that come, go and come back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";
import { claimedEndpoint, httpsSpec, tcpSpec } from "../endpoint/endpoints-under-test.ts";

const at = ["--environment", "acme-test"];
const free = { adopt: false };
const app = { ...free, endpoints: {} };
const foreign = /these exist on Aptible and were not made by this stack:/;

/** Claims of the environment that is there from the start, and of what else is declared. */
function claims(more: object): object {
	const environment = { handle: "acme-test", adopt: true };
	return { environment, databases: {}, apps: {}, logDrains: {}, metricDrains: {}, ...more };
}

const all = claims({ databases: { cache: free }, apps: { portal: app }, logDrains: { siem: free } });
const none = claims({});
const drain = { environment: "acme-test", name: "siem", adopt: false, kind: "https", url: "${secrets.url}" };
const sources = { apps: true, databases: true, ephemeralSessions: true, proxies: true };

test("a line that is dropped, and comes back before its object is gone, is still this stack's", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.applied("claims", all);
	await aptible.applied("database", redis);
	await aptible.cli("apps:create", "portal", ...at);
	const secrets = { "secrets.url": "https://logs.acme.example" };
	await aptible.applied("log-drain", { ...drain, ...sources }, { secrets });
	const dropped = await aptible.applied("claims", none, { previous: first });
	const again = await aptible.applied("claims", none, { previous: dropped });
	assert.deepEqual(again, dropped, "a claim stays for as long as its object does");
	const back = await aptible.applied("claims", all, { previous: again });
	assert.deepEqual(back.claimed, first.claimed);
});

test("so is one that an older version of this program claimed", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.cli("apps:create", "portal", ...at);
	const old = { claimed: ["apps.portal", "environment"], warnings: [] };
	const dropped = await aptible.applied("claims", none, { previous: old });
	await aptible.applied("claims", claims({ apps: { portal: app } }), { previous: dropped });
});

test("what a failed create left is still this stack's after its line was dropped", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.applied("claims", all);
	aptible.fault({ name: "provision-fails", handle: "cache" });
	await aptible.apply("database", redis);
	const dropped = await aptible.applied("claims", none, { previous: first });
	await aptible.applied("claims", all, { previous: dropped });
	await aptible.applied("database", redis);
});

test("a claim ends with its object: what somebody makes under the handle later is refused", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.applied("claims", all);
	await aptible.cli("apps:create", "portal", ...at);
	const dropped = await aptible.applied("claims", none, { previous: first });
	await aptible.cli("apps:deprovision", "--app", "portal", ...at);
	await aptible.cli("apps:create", "portal", ...at);
	const { stderr } = await aptible.apply("claims", all, { previous: dropped });
	assert.match(stderr, foreign);
	const later = await aptible.applied("claims", claims({ databases: { cache: free } }), { previous: dropped });
	assert.deepEqual(later.kept, {}, "it goes at the next run");
});

test("a rename that is taken back before it was made is no other object", async (t) => {
	const aptible = await openReconciler(t);
	const spec = claims({ apps: { portal: { ...free, endpoints: { test: claimedEndpoint(httpsSpec()) } } } });
	const first = await aptible.applied("claims", spec);
	await aptible.cli("apps:create", "portal", ...at);
	await aptible.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:1");
	await aptible.cli("endpoints:https:create", "web", "--app", "portal", ...at, "--default-domain");
	const renamed = claims({
		apps: { gateway: { ...free, renamedFrom: "portal", endpoints: { test: claimedEndpoint(httpsSpec()) } } },
	});
	const second = await aptible.applied("claims", renamed, { previous: first });
	await aptible.applied("claims", spec, { previous: second });
});

test("a rename keeps no claim under the former handle", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.applied("claims", all);
	await aptible.applied("database", redis);
	const renamed = claims({
		databases: { store: { ...free, renamedFrom: "cache" } },
		apps: { portal: app },
		logDrains: { siem: free },
	});
	const second = await aptible.applied("claims", renamed, { previous: first });
	assert.deepEqual(Object.keys(second.kept), ["databases.cache"], "the rename may still be taken back");
	assert.deepEqual(second.marks["databases.store"], first.marks["databases.cache"]);

	const dropped = await aptible.applied("claims", none, { previous: first });
	assert.deepEqual(Object.keys(dropped.kept), ["databases.cache"]);
	const back = await aptible.applied("claims", renamed, { previous: dropped });
	assert.deepEqual(back.marks["databases.store"], first.marks["databases.cache"], "a line that comes back as a rename");

	await aptible.cli("db:rename", "cache", "store", ...at);
	assert.deepEqual((await aptible.applied("claims", renamed, { previous: second })).kept, {});
});

test("an endpoint's line that is dropped and comes back has its endpoint, and never its twin's", async (t) => {
	const aptible = await openReconciler(t);
	const on = (endpoints: object) => claims({ apps: { portal: { ...free, endpoints } } });
	const [test, mqtt, mqtt2] = [claimedEndpoint(httpsSpec()), claimedEndpoint(tcpSpec()), claimedEndpoint(tcpSpec())];
	const first = await aptible.applied("claims", on({ test, mqtt, mqtt2 }));
	await aptible.cli("apps:create", "portal", ...at);
	await aptible.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:1");
	await aptible.cli("endpoints:https:create", "web", "--app", "portal", ...at, "--default-domain");
	for (const port of ["1883", "8883"])
		await aptible.cli("endpoints:tcp:create", "worker", "--app", "portal", ...at, "--ports", port);
	const live = (await aptible.cli("endpoints:list", "--app", "portal", ...at)) as { id: number; hostname: string }[];
	const [, , second] = live.sort((a, b) => a.id - b.id);
	const dropped = await aptible.applied("claims", on({ mqtt }), { previous: first });
	const back = await aptible.applied("claims", on({ test, mqtt, mqtt2 }), { previous: dropped });
	assert.equal(back.endpoints["apps.portal.endpoints.mqtt2/tcp-worker-external"].id, second?.id);
	await aptible.cli("endpoints:deprovision", second?.hostname ?? "", "--app", "portal", ...at);
	const gone = await aptible.applied("claims", on({ test, mqtt, mqtt2 }), { previous: dropped });
	const claim = gone.endpoints["apps.portal.endpoints.mqtt2/tcp-worker-external"];
	assert.equal(claim.id, undefined);
	assert.ok(claim.after >= Math.max(...live.filter((one) => one !== second).map(({ id }) => id)));
});

test("with its app gone and made again by hand, an endpoint's claim is gone too", async (t) => {
	const aptible = await openReconciler(t);
	const spec = claims({ apps: { portal: { ...free, endpoints: { test: claimedEndpoint(httpsSpec()) } } } });
	const first = await aptible.applied("claims", spec);
	const make = async () => {
		await aptible.cli("apps:create", "portal", ...at);
		await aptible.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:1");
		await aptible.cli("endpoints:https:create", "web", "--app", "portal", ...at, "--default-domain");
	};
	await make();
	const dropped = await aptible.applied("claims", none, { previous: first });
	await aptible.applied("claims", spec, { previous: dropped });
	await aptible.cli("apps:deprovision", "--app", "portal", ...at);
	await make();
	const { stderr } = await aptible.apply("claims", spec, { previous: dropped });
	assert.match(stderr, /^ {2}apps\.portal: [\s\S]*^ {2}apps\.portal\.endpoints\.test: /m);
});
