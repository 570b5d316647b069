import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, withSession } from "../../postgresql/connection.ts";
import { type Counters, changesOf, settleCounters, transactionsBetween } from "../../postgresql/counters.ts";
import { execute, type Source, startSource } from "../support/databases.ts";

for (const major of [12, 17] as const) {
	let source: Source;
	const quick = { everyMs: 300, withinMs: 12_000 };

	before(async () => {
		source = await startSource(major, { autovacuum: "off" });
		await execute(source.login, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000)");
	});
	after(() => source?.server.stop());

	test(`${major}: what reads, and what autovacuum does, is no write`, async () => {
		const from = await settleCounters(source.login, quick);
		await withSession(source.login, {}, (client) =>
			client.query("SELECT count(*), sum(hashtextextended(t::text, 0)) FROM public.t t"),
		);
		await execute(source.superuser, "VACUUM (ANALYZE)");
		await sleep(500);
		assert.deepEqual(changesOf(from, await settleCounters(source.login, quick)), []);
	});

	test(`${major}: a late writer is found, one that rolled back and one that goes on too`, async () => {
		const from = await settleCounters(source.login, quick);
		await execute(source.login, "INSERT INTO t VALUES (0)");
		await sleep(1200);
		const written = await settleCounters(source.login, quick);
		assert.equal(transactionsBetween(from, written), "1");
		assert.match(changesOf(from, written).join("\n"), /^1 rows /);
		await withSession(source.login, {}, (client) =>
			client
				.query("BEGIN")
				.then(() => client.query("DELETE FROM public.t WHERE id = 1"))
				.then(() => client.query("ROLLBACK")),
		);
		assert.match(changesOf(written, await settleCounters(source.login, quick)).join("\n"), /^1 rows /);
		const open = await connect(source.login);
		const beforeOpen = await settleCounters(source.login, quick);
		await open.query("BEGIN");
		await open.query("UPDATE public.t SET id = 5 WHERE id = 5");
		assert.match(
			changesOf(beforeOpen, await settleCounters(source.login, quick)).join("\n"),
			/1 transactions on the source have written and are open/,
		);
		await open.end();
	});

	test(`${major}: statistics that were reset, and a server that was restarted, prove nothing`, async () => {
		const from = await settleCounters(source.login, quick);
		await execute(source.superuser, "SELECT pg_stat_reset()");
		await sleep(300);
		assert.match(changesOf(from, await settleCounters(source.login, quick)).join("\n"), /statistics were reset/);
		await source.server.restart();
		assert.match(changesOf(from, await settleCounters(source.login, quick)).join("\n"), /restarted/);
	});
}

test("what has changed is said in numbers beyond 2^53", () => {
	const counters: Counters = {
		nextTransaction: "9007199254740993",
		writtenRows: "9007199254740993",
		statisticsSince: null,
		openWriters: 0,
		serverSince: "x",
	};
	assert.deepEqual(changesOf(counters, counters), []);
	assert.match(changesOf(counters, { ...counters, writtenRows: "9007199254740994" })[0] ?? "", /^1 rows/);
});
