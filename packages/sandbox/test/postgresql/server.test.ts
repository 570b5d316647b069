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
