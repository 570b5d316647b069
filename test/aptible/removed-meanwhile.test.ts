/** Objects that are removed between a list and what is read of each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../aptible/context.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { horizontal, portalSpec } from "../support/app-spec.ts";
import { redis } from "../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../support/reconcile.ts";

const unlinked = ["_links.app", "_links.database", "_links.service_sizing_policy"];

function missing(aptible: ReconcilerUnderTest, ...commands: string[]): void {
	for (const command of commands) aptible.fault({ name: "part-missing", command, times: 1000 });
}

async function look(aptible: ReconcilerUnderTest) {
	Object.assign(process.env, aptible.env);
	return readSnapshot(new Context(), (all) => all.find(({ handle }) => handle === "acme-test"));
}

async function openLooked(t: Parameters<typeof openReconciler>[0]): Promise<ReconcilerUnderTest> {
	const aptible = await openReconciler(t);
	await aptible.applied("app", portalSpec({ services: { web: { autoscale: horizontal() } } }));
	aptible.fault({ name: "answer-changed", command: "GET /accounts/ID/services", times: 1000, without: unlinked });
	return aptible;
}

test("a look leaves out an app that is removed before its services are read, and fails where it is there", async (t) => {
	const aptible = await openLooked(t);
	missing(aptible, "GET /apps/ID/services");
	await assert.rejects(look(aptible), /app "portal" \(id \d+\) is there, but GET \/apps\/\d+\/services .* 404/);
	missing(aptible, "GET /apps/ID");
	assert.deepEqual((await look(aptible))?.apps, []);
});

test("a look goes on where a service is removed before its policy is read, and fails where it is there", async (t) => {
	const aptible = await openLooked(t);
	aptible.fault({ name: "answer-changed", command: "GET /apps/ID/services", times: 1000, without: unlinked });
	missing(aptible, "GET /services/ID/service_sizing_policies");
	await assert.rejects(look(aptible), /service "\w+" \(id \d+\) is there, but GET .*policies .* 404/);
	missing(aptible, "GET /services/ID");
	assert.deepEqual(
		(await look(aptible))?.apps[0]?.services.map(({ policy }) => policy),
		[undefined, undefined],
	);
});

test("what is removed while a Command reads it is told with what to do", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	const app = portalSpec({ config: { URL: "${databases.cache.url}" } });
	aptible.fault({ name: "part-missing", command: "GET /databases/ID$" });
	const { stderr } = await aptible.apply("app", app);
	assert.match(stderr, /app "portal": database "cache" has gone while its URL was read\. Run `pulumi up` again\./);
	const environment = { handle: "acme-test", stack: "shared-ca-central-1", phi: false };
	const backups = { daily: 1, monthly: 0, yearly: 0, makeCopy: false, keepFinal: true };
	aptible.fault({ name: "part-missing", command: "GET /databases/ID/backups" });
	const policy = await aptible.apply("environment", { ...environment, backups });
	assert.match(policy.stderr, /database "cache" has gone while its backups were counted.* Run `pulumi up` again\./);
});
