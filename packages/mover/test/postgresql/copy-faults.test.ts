/** What ends while rows travel: a child, a session, a server, the lease. Nothing is half committed, and the next call goes on. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, withSession } from "../../postgresql/connection.ts";
import { type CopyOptions, type CopyResult, copyDatabase } from "../../postgresql/copy.ts";
import { holdSnapshot } from "../../postgresql/snapshot.ts";
import { dropDatabase, enter, fence } from "../../postgresql/target.ts";
import { LOCK_CLASS } from "../../steps.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { contentOf } from "./copy-content.ts";

const INTO = "move_7";

let source: Source;
let target: Target;
let content: Record<string, unknown>;

before(async () => {
	[source, target] = await startSides();
	// Each row takes its time on the target too, so that there is a middle to end something in; it is larger than what sockets hold.
	await execute(
		source.login,
		`CREATE SCHEMA s; CREATE TABLE s.slow (id int, t text, CHECK (pg_sleep(0.02)::text IS NOT NULL));
		ALTER TABLE s.slow ALTER t SET STORAGE EXTERNAL;
		INSERT INTO s.slow SELECT g, repeat('x', 100000) FROM generate_series(1, 200) g; CREATE INDEX ON s.slow (id);
		CREATE TABLE s.other AS SELECT generate_series(1, 10) AS n;`,
	);
	content = await contentOf(source.superuser);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));
beforeEach(() => dropDatabase(target.login, INTO));

function options(changes: Partial<CopyOptions> = {}): CopyOptions {
	const steps = memorySteps({ epoch: 1 });
	return { source: source.login, target: target.login, into: INTO, steps, jobs: 2, live: false, ...changes };
}

/** Starts a copy and comes back when rows travel. */
async function copyInTheMiddle(changes: Partial<CopyOptions> = {}): Promise<{ ends: Promise<CopyResult> }> {
	const ends = copyDatabase(options(changes));
	ends.catch(() => {});
	await waitFor(async () => (await backends(target, "COPY %")).length > 0);
	return { ends };
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
	const deadline = Date.now() + 30_000;
	while (!(await isSo())) {
		assert.ok(Date.now() < deadline, "it did not happen within 30 s");
		await sleep(20);
	}
}

const admin = (side: Source | Target) => ("superuser" in side ? side.superuser : side.login);

async function backends(
	side: Source | Target,
	like: string,
	states = ["active", "idle in transaction"],
): Promise<number[]> {
	const { rows } = await withSession(admin(side), { database: "postgres" }, (client) =>
		client.query(
			"SELECT pid FROM pg_stat_activity WHERE state = ANY ($2) AND query LIKE $1 AND datname IN ('clinic', 'move_7')",
			[like, states],
		),
	);
	return rows.map(({ pid }) => pid as number);
}

const terminate = (side: Source | Target, pids: readonly number[]) =>
	withSession(admin(side), { database: "postgres" }, (client) =>
		client.query("SELECT pg_terminate_backend(p) FROM unnest($1::int[]) p", [pids]),
	);

/** Kills a psql of this process that is connected to a server; one that has just ended is none. */
async function killPsqlOf(port: number): Promise<void> {
	await waitFor(async () => {
		const pid = await psqlOf(port);
		try {
			return pid !== undefined && process.kill(pid, "SIGKILL");
		} catch {
			return false;
		}
	});
}

async function psqlOf(port: number): Promise<number | undefined> {
	const children = (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8")).trim().split(" ");
	for (const pid of children) {
		const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
		const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
		if (command.includes("psql") && environment.includes(`PGPORT=${port}\0`)) return Number(pid);
	}
	return undefined;
}

/** Fails in one line; then nothing of the part is there, and the next call ends well. */
async function goesOn(ends: Promise<CopyResult>, says: RegExp): Promise<void> {
	await assert.rejects(ends, (error: Error) => {
		assert.match(error.message, says);
		assert.ok(!error.message.includes("\n"), error.message);
		return true;
	});
	await copyDatabase(options({ steps: memorySteps({ epoch: 2 }) }));
	assert.deepEqual(await contentOf(target.login, INTO), content);
}

test("the reading psql is killed while its partner lives: what has arrived is not committed", async () => {
	const { ends } = await copyInTheMiddle();
	await killPsqlOf(source.server.port);
	await goesOn(
		ends,
		/ended early .*; nothing of it was written; run it again|the target refuses rows: unexpected EOF in COPY data/,
	);
});

test("the writing psql is killed while its partner lives", async () => {
	const { ends } = await copyInTheMiddle();
	await killPsqlOf(target.server.port);
	await goesOn(ends, /ended early .*; nothing of it was written; run it again/);
});

test("the target ends the session that writes", async () => {
	const { ends } = await copyInTheMiddle();
	await terminate(target, await backends(target, "COPY %"));
	await goesOn(ends, /the target refuses rows: terminating connection/);
});

test("the source ends the session that holds the snapshot", async () => {
	const { ends } = await copyInTheMiddle();
	await terminate(source, await backends(source, "%", ["idle in transaction"]));
	await goesOn(ends, /session that holds the snapshot has ended .*run it again/);
});

test("the target crashes and starts again", async () => {
	const { ends } = await copyInTheMiddle();
	await target.server.crash();
	await target.server.start();
	await goesOn(ends, /./);
});

test("the source crashes and starts again", async () => {
	const { ends } = await copyInTheMiddle();
	await source.server.crash();
	await source.server.start();
	await goesOn(ends, /session that holds the snapshot has ended .*run it again/);
});

test("another mover that takes over keeps the older one from writing, and copies once", async () => {
	const { ends } = await copyInTheMiddle();
	const session = await connect(target.login, { database: INTO });
	try {
		await enter(session, 2);
		const lock = async () =>
			(await session.query("SELECT pg_try_advisory_lock($1, 1) AS taken", [LOCK_CLASS])).rows[0].taken as boolean;
		assert.equal(await lock(), false, "the older one's transaction holds its epoch");
		await terminate(target, await backends(target, "COPY %"));
		await waitFor(lock);
		await assert.rejects(ends);
		await assert.rejects(session.query(fence(1)), { code: "MV001" });
	} finally {
		await session.end();
	}
	await assert.rejects(copyDatabase(options()), /another mover has taken this run over/);
	await copyDatabase(options({ steps: memorySteps({ epoch: 2 }) }));
	assert.deepEqual(await contentOf(target.login, INTO), content);
});

test("a rehearsal ends itself where a session of the live source waits for one of its locks", async () => {
	const { ends } = await copyInTheMiddle({ live: true, lockWaitSeconds: 2 });
	const altered = execute(
		source.superuser,
		"ALTER TABLE s.other ADD COLUMN late int; ALTER TABLE s.other DROP COLUMN late",
	);
	await assert.rejects(ends, /session \d+ of the source waits 2 s for a lock of this run, .* run it again/);
	await altered;
});

test("so does a copy of a frozen source, as whoever waits holds up its own reads", async () => {
	const { ends } = await copyInTheMiddle({ lockWaitSeconds: 2 });
	const altered = execute(
		source.superuser,
		"ALTER TABLE s.other ADD COLUMN late int; ALTER TABLE s.other DROP COLUMN late",
	);
	await goesOn(ends, /session \d+ of the source waits 2 s for a lock/);
	await altered;
});

test("a rehearsal ends itself when its snapshot is too old", async () => {
	await assert.rejects(
		copyDatabase(options({ live: true, limitSeconds: 1 })),
		/snapshot of the live source is 1 s old, its limit/,
	);
});

test("one job is left where others are at work on a live source", async () => {
	const snapshot = await holdSnapshot(source.login, { live: true, busySessions: 1 });
	try {
		assert.equal(snapshot.jobsAllowed(4), 4);
		const work = execute(source.superuser, "SELECT pg_sleep(4)");
		await waitFor(async () => snapshot.jobsAllowed(4) === 1);
		await work;
		await waitFor(async () => snapshot.jobsAllowed(4) === 4);
	} finally {
		await snapshot.close();
	}
});
