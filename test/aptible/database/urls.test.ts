import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { postgresql, redis } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

test("an app gets the URL of the credentials that it names, and nobody else does", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	await aptible.applied("database", postgresql);
	const config = {
		PLAIN: "${databases.cache.url}",
		ENCRYPTED: "${databases.cache.urls.redis+ssl}/1",
		CACHE: "${databases.cache.redis+ssl.host}:${databases.cache.redis+ssl.port}",
		CACHE_LOGIN: "${databases.cache.user} ${databases.cache.password}",
		JDBC: "${databases.main.jdbcUrl}",
		NAME: "${databases.main.name}",
		PASSWORD: "${databases.main.password}",
		LITERAL: "$${databases.main.password}",
	};
	const { stdout, stderr, code } = await aptible.apply("app", portalSpec({ config }));
	assert.equal(code, 0, stderr);
	const journal = JSON.stringify(aptible.newJournal());
	const pairs = (await aptible.cli("config", "--app", "portal")) as { key: string; value: string }[];
	const values = new Map(pairs.map(({ key, value }) => [key, value]));
	assert.match(values.get("PLAIN") ?? "", /^redis:\/\/\S+$/);
	assert.match(values.get("ENCRYPTED") ?? "", /^rediss:\/\/\S+\/1$/);
	const password = /:(\w+)@/.exec(values.get("PLAIN") ?? "")?.[1] ?? "none";
	const [cache, main] = (await aptible.cli("db:list")) as { connection_url: string }[];
	const [redisUrl, url] = [new URL(cache?.connection_url ?? ""), new URL(main?.connection_url ?? "")];
	const encrypted = new URL(values.get("ENCRYPTED") ?? "");
	assert.deepEqual(Object.fromEntries([...values].slice(2)), {
		CACHE: encrypted.host,
		CACHE_LOGIN: `aptible ${redisUrl.password}`,
		JDBC: `jdbc:postgresql://${url.host}/db?sslmode=require`,
		LITERAL: "${databases.main.password}",
		NAME: "db",
		PASSWORD: url.password,
	});
	for (const secret of [password, url.password]) {
		for (const text of [stdout, stderr, journal]) assert.ok(!text.includes(secret));
		assert.equal(telemetryLeaks(aptible.dir, secret), false);
	}
});

test("credentials that a database does not have are named with those that it has, before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	await aptible.cli("apps:create", "portal");
	aptible.newJournal();
	const says = async (URL: string) => (await aptible.apply("app", portalSpec({ config: { URL } }))).stderr;
	assert.equal(
		await says("${databases.cache.name}"),
		'app "portal" needs ${databases.cache.name}, but database "cache" has no name in its connection URL. Look at it with `aptible db:list --environment acme-test`.\n',
	);
	assert.equal(
		await says("${databases.cache.urls.admin}"),
		'app "portal" needs ${databases.cache.urls.admin}, but database "cache" has no credentials of type "admin"; it has: redis, redis+ssl. Look at it with `aptible db:list --environment acme-test`.\n',
	);
	assert.deepEqual(aptible.newWrites(), []);
});
