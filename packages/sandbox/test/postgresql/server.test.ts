/** Real PostgreSQL servers, the oldest and the newest that a source may have, run by another user than root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import type { PostgresMajor } from "../../postgresql/binaries.ts";
import { startPostgres } from "../../postgresql/server.ts";

for (const major of [12, 17] satisfies PostgresMajor[]) {
	test(`a server of PostgreSQL ${major} speaks TLS alone and outlives a restart and a crash`, async (t) => {
		const server = await startPostgres({ major, superuser: "aptible", passwords: "md5" });
		t.after(() => server.stop());
		const client = new pg.Client({ connectionString: server.url() });
		await client.connect();
		const { rows } = await client.query(
			"select current_setting('server_version_num')::int / 10000 as major, usename, ssl from pg_stat_activity join pg_stat_ssl using (pid) where pid = pg_backend_pid()",
		);
		assert.deepEqual(rows, [{ major, usename: "aptible", ssl: true }]);
		await client.query("create table kept as select 1 as n");
		await client.end();
		const plain = new pg.Client({ connectionString: server.url().replace(/\?.*/, "?sslmode=disable") });
		await assert.rejects(plain.connect(), /no encryption|SSL off/);
		await server.restart();
		await server.crash();
		await server.start();
		const again = new pg.Client({ connectionString: server.url() });
		await again.connect();
		assert.deepEqual((await again.query("select n from kept")).rows, [{ n: 1 }]);
		await again.end();
	});
}

test("two servers with the same content are copies of one cluster, and each has a system identifier and a password of its own", async (t) => {
	const content = [{ sql: "create database ours" }, { database: "ours", sql: "create table kept as select 1 as n" }];
	const servers = await Promise.all([1, 2].map(() => startPostgres({ major: 17, content })));
	t.after(() => Promise.all(servers.map((server) => server.stop())));
	const seen = await Promise.all(
		servers.map(async (server) => {
			const client = new pg.Client({ connectionString: server.url("ours") });
			await client.connect();
			await client.query("insert into kept values (2)");
			await client.end();
			// What was written since the copy is read back from the write-ahead log.
			await server.crash();
			await server.start();
			const again = new pg.Client({ connectionString: server.url("ours") });
			await again.connect();
			const { rows } = await again.query(
				"select system_identifier::text as id, (select count(*)::int from kept) as n from pg_control_system()",
			);
			await again.end();
			return rows[0];
		}),
	);
	assert.deepEqual(
		seen.map(({ n }) => n),
		[2, 2],
	);
	assert.notEqual(seen[0].id, seen[1].id);
	assert.notEqual(servers[0]?.password, servers[1]?.password);
	const wrong = servers[0]?.url("ours", { name: "postgres", password: servers[1]?.password ?? "" });
	await assert.rejects(new pg.Client({ connectionString: wrong }).connect(), { code: "28P01" });
});
