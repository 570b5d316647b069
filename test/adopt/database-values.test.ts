/** Which values of an app's config are parts of a database's URL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabaseValues } from "../../adopt/database-values.ts";
import type { SnapshotDatabase } from "../../drift/snapshot.ts";

const valuesOf = (type: string, connectionUrl: string) =>
	new DatabaseValues([
		{ listed: { handle: "main", type, connectionUrl, credentials: [] } } as unknown as SnapshotDatabase,
	]);

const partsIn = (values: DatabaseValues, config: Record<string, string>) =>
	Object.fromEntries(values.findParts(new Map(Object.entries(config))));

test("a short value is a part only beside host or password, and under a name that says so", () => {
	const values = valuesOf("postgresql", "postgresql://aptible:sentinel@db-1.aptible.in:5432/db");
	const rest = { DB_PORT: "5432", RETRIES: "5432", DB_USER: "aptible", VENDOR: "aptible" };
	assert.deepEqual(partsIn(values, rest), {});
	assert.deepEqual(partsIn(values, { ...rest, SERVER: "db-1.aptible.in" }), {
		DB_PORT: "databases.main.port",
		DB_USER: "databases.main.user",
		SERVER: "databases.main.host",
	});
});

test("nothing is a part that a stage file may not ask of the type, whatever its URL has", () => {
	const values = valuesOf("redis", "redis://:sentinel@db-1.aptible.in:6379/0");
	const config = { CACHE_HOST: "db-1.aptible.in", CACHE_DB: "0" };
	assert.deepEqual(partsIn(values, config), { CACHE_HOST: "databases.main.host" });
});
