import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

test("an app gets the URL of the credentials that it names, and nobody else does", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	const config = { PLAIN: "${databases.cache.url}", ENCRYPTED: "${databases.cache.urls.redis+ssl}/1" };
	const { stdout, stderr, code } = await aptible.apply("app", portalSpec({ config }));
	assert.equal(code, 0, stderr);
	const journal = JSON.stringify(aptible.newJournal());
	const pairs = (await aptible.cli("config", "--app", "portal")) as { key: string; value: string }[];
	const values = new Map(pairs.map(({ key, value }) => [key, value]));
	assert.match(values.get("PLAIN") ?? "", /^redis:\/\/\S+$/);
	assert.match(values.get("ENCRYPTED") ?? "", /^rediss:\/\/\S+\/1$/);
	const password = /:(\w+)@/.exec(values.get("PLAIN") ?? "")?.[1] ?? "none";
	for (const text of [stdout, stderr, journal]) assert.ok(!text.includes(password));
	assert.equal(telemetryLeaks(aptible.dir, password), false);
});

test("credentials that a database does not have are named with those that it has, before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	await aptible.cli("apps:create", "portal");
	aptible.newJournal();
	const spec = portalSpec({ config: { URL: "${databases.cache.urls.admin}" } });
	const { stderr } = await aptible.apply("app", spec);
	assert.equal(
		stderr,
		'app "portal" needs ${databases.cache.urls.admin}, but database "cache" has no credentials of type "admin"; it has: redis, redis+ssl. Look at it with `aptible db:list --environment acme-test`.\n',
	);
	assert.deepEqual(aptible.newWrites(), []);
});
