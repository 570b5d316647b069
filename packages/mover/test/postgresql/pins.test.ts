/** What a side is known by: a server that will not tell is known by its address, one that does not answer by nothing. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isConnectionError } from "../../journal/errors.ts";
import { PinBroken, refuseOneSide } from "../../journal/pins.ts";
import { connect, withSession } from "../../postgresql/connection.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { readPin } from "../../postgresql/pins.ts";
import { type Source, startSource, startTarget, type Target } from "../support/databases.ts";

let source: Source;
let target: Target;
before(async () => {
	[source, target] = await Promise.all([startSource(15), startTarget(17)]);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

test("a session that ends between two questions is an error of the connection, and no server without an identifier", async () => {
	const client = await connect(source.login);
	const query = client.query.bind(client) as (sql: string) => Promise<unknown>;
	const ending = {
		async query(sql: string) {
			if (sql.includes("pg_control_system")) {
				const { rows } = (await query("SELECT pg_backend_pid() AS pid")) as { rows: { pid: number }[] };
				await withSession(source.superuser, {}, (other) =>
					other.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]),
				);
			}
			return query(sql);
		},
	};
	await assert.rejects(readPin(ending as unknown as typeof client), (error) => isConnectionError(error));
	await client.end().catch(() => {});
});

test("a server that keeps its identifier to itself is known by its address", async () => {
	const told = await postgresql.identify(source.login);
	assert.match(told.system, /^\d{10,}$/);
	await withSession(source.superuser, {}, (client) =>
		client.query("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"),
	);
	const kept = await postgresql.identify(source.login);
	assert.match(kept.system, /^[0-9a-f]{32}$/);
	assert.equal(kept.database, "clinic");
});

test("a source that is its target is refused, another database of the same server is not", async () => {
	const identity = await postgresql.identify(target.login);
	assert.throws(() => refuseOneSide("main", identity, identity), PinBroken);
	refuseOneSide("main", { ...identity, database: "clinic" }, identity);
});
