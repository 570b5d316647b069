/** Lists that lag behind what was just made or changed fail no run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Records } from "@medstack-to-aptible/sandbox/aptible/model.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { redis } from "../support/database-spec.ts";
import { openReconciler } from "../support/reconcile.ts";
import { hints, openEndpoints, tcpSpec } from "./endpoint/endpoints-under-test.ts";

for (const times of [1, 3]) {
	test(`a database that ${times} lists lack after it was made`, async (t) => {
		const aptible = await openReconciler(t);
		aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases", handle: "cache", times });
		const previous = await aptible.applied("database", redis);
		assert.deepEqual(aptible.newWrites(), ["create databases cache", "provision databases cache"]);
		await aptible.applied("database", redis, { previous });
		assert.deepEqual(aptible.newWrites(), []);
	});

	test(`a copy of a backup that ${times} lists lack after it was made`, async (t) => {
		const aptible = await openReconciler(t);
		await aptible.applied("database", redis);
		await aptible.cli("db:backup", "cache");
		const [{ id }] = (await aptible.cli("backup:list", "cache")) as [{ id: number }];
		aptible.newWrites();
		aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases", handle: "copy", times });
		await aptible.applied("database", { ...redis, handle: "copy", restoreFrom: id });
		assert.equal(aptible.newWrites().filter((write) => /^(restore|create)/.test(write)).length, 1);
	});

	test(`an endpoint that ${times} lists lack after it was made`, async (t) => {
		const endpoints = await openEndpoints(t);
		const { aptible } = endpoints;
		const secrets = hints({ after: 0 });
		aptible.fault({ name: "not-found-race", command: "GET /apps/ID/vhosts", times });
		await aptible.applied("endpoint", tcpSpec(), { secrets });
		assert.equal((await endpoints.only()).status, "provisioned");
	});

	test(`sizes and settings that ${times} lists show as they were`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("database", redis);
		aptible.newWrites();
		aptible.fault({ name: "stale-list", command: "GET /accounts/ID/databases", times });
		const resized = await aptible.apply("database", { ...redis, containerMb: 1024 }, { previous });
		assert.equal(resized.code, 0, resized.stderr);
		aptible.fault({ name: "stale-list", command: "GET /accounts/ID/databases", times });
		const renamed = await aptible.apply(
			"database",
			{ ...redis, containerMb: 1024, handle: "store", renamedFrom: "cache" },
			{ previous },
		);
		assert.equal(renamed.code, 0, renamed.stderr);
		assert.deepEqual(aptible.newWrites(), ["restart databases cache", "update databases"]);
		const endpoints = await openEndpoints(t);
		const before = await endpoints.aptible.applied("endpoint", tcpSpec());
		endpoints.aptible.newWrites();
		endpoints.aptible.fault({ name: "stale-list", command: "GET /apps/ID/vhosts", times });
		const changed = tcpSpec({ ipFilter: ["203.0.113.7"] });
		const filtered = await endpoints.aptible.apply("endpoint", changed, { previous: before });
		assert.equal(filtered.code, 0, filtered.stderr);
		assert.deepEqual(endpoints.aptible.newWrites().filter((write) => /^provision/.test(write)).length, 1);
	});
}

test("a record that somebody makes at the same time, whose operation comes later, is no twin", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const secrets = hints({ after: 0 });
	assert.ok(await aptible.interrupted(1, "endpoint", tcpSpec(), { secrets }));
	aptible.clearFaults();
	const theirs = inSandbox(aptible.dir, (store) => {
		const [{ id: _, ...ours }] = store.list("vhost") as [Records["vhost"]];
		return store.insert("vhost", ours).id;
	});
	const run = aptible.applied("endpoint", tcpSpec(), { secrets });
	await sleep(700);
	const { APTIBLE_API_ROOT_URL: root, APTIBLE_ACCESS_TOKEN: token } = aptible.env;
	const answer = await fetch(`${root}/vhosts/${theirs}/operations`, {
		method: "POST",
		headers: { Authorization: `Bearer ${token}` },
		body: JSON.stringify({ type: "provision" }),
	});
	assert.equal(answer.status, 201, await answer.text());
	const previous = await run;
	assert.deepEqual((await endpoints.list()).map(({ id }) => id).sort(), [previous.id, theirs].sort());
});
