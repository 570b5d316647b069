/** Whoever waits for a table that the mover reads, and everybody behind him, waits for a few seconds, whatever the mover does. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { check } from "../../postgresql/check.ts";
import { withSession } from "../../postgresql/connection.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";

let source: Source;
let target: Target;

before(async () => {
	[source, target] = await startSides();
	await execute(
		source.login,
		`CREATE TABLE visits (id int PRIMARY KEY, t text); INSERT INTO visits SELECT g, repeat('x', 1000) FROM generate_series(1, 1000) g;
		CREATE TABLE last (id int)`,
	);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

/** Milliseconds until a migration of the application has its lock; fails after 20 s. */
async function migrate(table: string): Promise<number> {
	const started = performance.now();
	await execute(
		source.superuser,
		`SET lock_timeout = '20s'; ALTER TABLE ${table} ADD COLUMN late int; ALTER TABLE ${table} DROP COLUMN late`,
	);
	return performance.now() - started;
}

test("a rehearsal that compares ends itself: its readers let the table go before the last sum", async () => {
	let waited: number | undefined;
	let parts = 0;
	const steps = memorySteps({
		async onMoment(moment, name, part) {
			if (name !== "verify" || !part.startsWith("s.")) return;
			parts += moment === "begin" ? 1 : 0;
			// The largest table is summed first, in the same transaction as the one that is summed next.
			if (parts === 2 && moment === "begin") waited = await migrate("visits");
		},
	});
	const task = { source: source.login, target: target.login, into: "move_7", steps, jobs: 1, report: () => {} };
	await assert.rejects(
		postgresql.copy({ ...task, live: true, replace: false }),
		/session \d+ of the source waits 5 s for a lock of this run, .* run it again/,
	);
	assert.ok(waited !== undefined && waited < 12_000, `granted after ${waited} ms`);
	const { rows } = await withSession(source.superuser, {}, (client) =>
		client.query("SELECT FROM pg_stat_activity WHERE usename = 'medadmin'"),
	);
	assert.deepEqual(rows, [], "nobody of ours is left");
});

test("a look at rows ends where somebody waits for the table, is said to be incomplete, and the rest is looked at", async () => {
	await execute(
		source.login,
		`CREATE FUNCTION public.is_fine(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
		CREATE TABLE checked (id int PRIMARY KEY, CHECK (is_fine(id))); INSERT INTO checked SELECT generate_series(1, 1000);
		CREATE OR REPLACE FUNCTION public.is_fine(int) RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(0.1)::text IS NOT NULL';
		CREATE TABLE keyless (id int)`,
	);
	const looking = check({
		source: source.login,
		target: target.login,
		into: "move_8",
		jobs: 1,
		diskBytes: 1e12,
		tryDefinitions: false,
	});
	const isLooking = () =>
		withSession(source.superuser, {}, (client) =>
			client.query(
				"SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%checked%' AND usename = 'medadmin'",
			),
		);
	while ((await isLooking()).rows.length === 0) await sleep(50);
	const waited = await migrate("checked");
	assert.ok(waited < 12_000, `granted after ${waited} ms`);
	const found = await looking;
	const traps = found.map(({ trap }) => trap);
	assert.ok(traps.includes("check-incomplete") && !traps.includes("check-violated"), traps.join(", "));
	assert.match(found.find(({ trap }) => trap === "check-incomplete")?.line ?? "", /waited for a table .*move -- check/);
});
