/** A run that was begun is not refused for what it has itself left on the target. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { type Login, withSession } from "../postgresql/connection.ts";
import { execute } from "./support/databases.ts";
import { RealMove } from "./support/real-move.ts";

let move: RealMove;
before(async () => {
	move = await RealMove.start();
	await execute(
		move.source.login,
		`CREATE TABLE big (id int PRIMARY KEY, t text); ALTER TABLE big ALTER t SET STORAGE EXTERNAL;
		INSERT INTO big SELECT g, repeat('x', 50000) FROM generate_series(1, 400) g;
		CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small VALUES (1)`,
	);
});
afterEach(() => move.endMovers());
after(() => move?.stop());

async function valueIn(login: Login, database: string, sql: string): Promise<string> {
	const { rows } = await withSession(login, { database }, (client) => client.query(sql));
	return String(rows[0].n);
}

const onSource = (sql: string) => valueIn(move.source.login, MEDSTACK_DATABASE, sql);
const onTarget = (database: string, sql: string) => valueIn(move.target.login, database, sql);

/** A disk on which one copy fits beside what is there now, and half a copy more does not. */
async function diskForOneCopy(): Promise<number> {
	const copy = await onSource("SELECT pg_database_size(current_database()) AS n");
	const there = await onTarget(
		"postgres",
		`SELECT sum(pg_database_size(oid)) + (SELECT setting::int8 << 20 FROM pg_settings WHERE name = 'max_wal_size') AS n
		FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')`,
	);
	return (Number(copy) + Number(there) + 1e7) / 0.8;
}

/** Has a copy killed at a line of its journal, and another mover go on with it. */
async function killAndGoOn(
	killAt: string,
	between: (run: string) => Promise<void> = async () => {},
): Promise<{ state: string; output: string }> {
	const over = await move.ask("copy", { again: true });
	const diskBytes = await diskForOneCopy();
	const first = move.startMover({ killAt, diskBytes });
	await first.killed();
	await between(await onTarget("move", "SELECT run AS n FROM public.wishes ORDER BY id DESC LIMIT 1"));
	const second = move.startMover({ diskBytes });
	const { state } = await over();
	return { state, output: second.output };
}

test("killed after most of its rows, on a disk that one copy fits on, a copy goes on and is not checked again", async () => {
	const { state, output } = await killAndGoOn(await rowsDone());
	assert.equal(state, "done", output);
	assert.doesNotMatch(output, /checks both sides/);
	assert.equal(await onTarget("db", "SELECT count(*) AS n FROM public.big"), "400");
});

test("killed before its database has any mark, a copy takes the empty one for its own, closed to all but its owner", async () => {
	const { state, output } = await killAndGoOn("main create-database begin", (run) =>
		withSession(move.target.login, { database: "postgres" }, async (client) => {
			await client.query(`CREATE DATABASE move_${run.slice(1)} TEMPLATE template0`);
		}),
	);
	assert.equal(state, "done", output);
});

test("the room of a copy that was stopped, which goes before the next one or is gone on with, is counted as free", async () => {
	const over = await move.ask("copy", { again: true });
	const diskBytes = await diskForOneCopy();
	const first = move.startMover({ killAt: await rowsDone(), diskBytes });
	await first.killed();
	// Once its lease is over, no mover is needed to end what it has begun.
	await sleep(6_000);
	await (await move.ask("stop"))();
	assert.equal((await over()).state, "stopped");
	const second = move.startMover({ diskBytes });
	assert.equal((await (await move.ask("check"))()).state, "done", second.output);
	assert.equal((await (await move.ask("copy", { again: true }))()).state, "done", second.output);
});

/** The line at which the large table is copied. */
const rowsDone = async () => `main rows ${await onSource("SELECT 'public.big'::regclass::oid::int8 AS n")}.0 done`;
