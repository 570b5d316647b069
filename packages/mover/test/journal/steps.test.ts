import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Fence } from "../../journal/fence.ts";
import { appendLine, Journal, LeaseLost, readLines } from "../../journal/journal.ts";
import { type HeldLease, Lease } from "../../journal/lease.ts";
import { JournalsDiffer } from "../../journal/local-file.ts";
import { type Connect, JOURNAL_DATABASE, openJournalDatabase } from "../../journal/schema.ts";
import { JournalSteps } from "../../journal/steps.ts";
import { readWish, refusalOf, refuseStale, takeWish, WISH_VERSION, wish } from "../../journal/wishes.ts";
import { connect } from "../../postgresql/connection.ts";
import { type Evidence, LOCK_CLASS } from "../../steps.ts";
import { startTarget, type Target } from "../support/databases.ts";

let target: Target;
let open: Connect;
const clients: Awaited<ReturnType<Connect>>[] = [];

before(async () => {
	target = await startTarget();
	open = async (database) => {
		const client = await connect(target.login, { database });
		clients.push(client);
		return client;
	};
});
after(async () => {
	await Promise.all(clients.map((client) => client.end().catch(() => {})));
	await target?.server.stop();
});

const journalDatabase = () => openJournalDatabase(open, ["db", "postgres"]);
const holder = () => randomBytes(6).toString("hex");

async function take(seconds = 30, who = holder()): Promise<Lease> {
	const lease = await Lease.take({ open: journalDatabase, holder: who, seconds, progress: () => ({}) });
	assert.ok(lease instanceof Lease, JSON.stringify(lease));
	return lease;
}

async function journalOf(lease: Lease, file?: string): Promise<Journal> {
	const client = await journalDatabase();
	return Journal.open({
		client,
		holder: lease.holder,
		epoch: lease.epoch,
		databases: ["main"],
		...(file === undefined ? {} : { file }),
	});
}

const running = (signal = new AbortController().signal) => ({ signal, isPaused: () => false });
const statesOf = async (run: string) =>
	(await readLines(await open(JOURNAL_DATABASE)))
		.filter((line) => line.run === run)
		.map(({ step, part, state }) => `${step} ${part} ${state}`);

test("two that make database move at once both get it, with one set of tables", async () => {
	const both = await Promise.all([journalDatabase(), journalDatabase(), journalDatabase()]);
	for (const client of both) {
		const { rows } = await client.query("SELECT version FROM public.version");
		assert.deepEqual(rows, [{ version: 1 }]);
	}
	await journalDatabase();
});

test("database move of another version is refused, with both versions", async () => {
	const client = await journalDatabase();
	await client.query("UPDATE public.version SET version = 9");
	await assert.rejects(journalDatabase(), /tables of version 9, and this program is of version 1/);
	await client.query("UPDATE public.version SET version = 1");
});

test("what shuts, opens, deletes or rewrites of more than 10 minutes ago is refused, unless its run has written a line since", async () => {
	const lease = await take();
	const client = await open(JOURNAL_DATABASE);
	const stateOf = async (id: number) => {
		const { state, reason } = await readWish(client, id);
		return [state, reason];
	};
	const age = (id: number) =>
		client.query("UPDATE public.wishes SET at = at - interval '11 minutes' WHERE id = $1", [id]);
	const acts = [["freeze"], ["thaw"], ["objects", { final: true }], ["objects", { rewrite: true }]] as const;
	for (const [command, given] of acts) {
		const asked = await wish(client, command, given);
		assert.equal(await refuseStale(client, asked, lease), false, "it is fresh");
		await age(asked);
		assert.equal(await refuseStale(client, asked, lease), true);
		assert.deepEqual(await stateOf(asked), ["refused", "stale"]);
	}
	const begun = await wish(client, "freeze");
	const run = (await takeWish(client, begun, lease)) ?? "";
	await age(begun);
	const journal = await journalOf(lease);
	await journal.write("begin", { run, database: "main", step: "freeze", part: "2964" });
	assert.equal(await refuseStale(client, begun, lease), false, "it is worked on");
	await client.query("UPDATE public.journal SET at = at - interval '11 minutes' WHERE run = $1", [run]);
	assert.equal(await refuseStale(client, begun, lease), true);
	for (const command of ["copy", "objects"] as const) {
		const goesOn = await wish(client, command);
		await age(goesOn);
		assert.equal(await refuseStale(client, goesOn, lease), false, "it goes on whenever");
		await client.query("DELETE FROM public.wishes WHERE id = $1", [goesOn]);
	}
	await client.query("DELETE FROM public.wishes; DELETE FROM public.journal");
	await lease.release();
});

test("numbers of objects are numbers", () => {
	const isTaken = (given: object) =>
		refusalOf({ version: WISH_VERSION, command: "objects", arguments: given }) === undefined;
	assert.ok(isTaken({ delete: 12, overwrite: 1, final: true }));
	for (const given of [{ delete: true }, { overwrite: 0 }, { delete: 1.5 }, { final: 1 }, { keep: true }]) {
		assert.ok(!isTaken(given), JSON.stringify(given));
	}
});

test("a step is looked at, begun, done and looked at again; what is done already is not done twice", async () => {
	const lease = await take();
	const journal = await journalOf(lease);
	const steps = new JournalSteps({ journal, run: "r1", database: "main", control: running() });
	const calls: string[] = [];
	let made: Evidence | undefined;
	const actions = {
		look: async () => {
			calls.push("look");
			return made;
		},
		act: async () => {
			calls.push("act");
			made = { rows: 5 };
		},
	};
	assert.deepEqual(await steps.step("rows", "1.1", actions), { rows: 5 });
	assert.deepEqual(await steps.step("rows", "1.1", actions), { rows: 5 });
	assert.deepEqual(calls, ["look", "act", "look", "look"]);
	assert.deepEqual(await statesOf("r1"), ["rows 1.1 begin", "rows 1.1 done"]);
	// A third process, of a mover that was killed between act and done.
	const other = new JournalSteps({ journal: await journalOf(lease), run: "r1", database: "main", control: running() });
	await other.step("rows", "1.2", { look: async () => ({ rows: 7 }), act: () => assert.fail("it is done") });
	assert.deepEqual((await statesOf("r1")).at(-1), "rows 1.2 done");
	await lease.release();
});

test("a step that leaves nothing behind, throws, or takes too long fails, and its line says so in the journal's words", async () => {
	const lease = await take();
	const journal = await journalOf(lease);
	const nothing = async () => undefined;
	const steps = (deadlines = {}) =>
		new JournalSteps({ journal, run: "r2", database: "main", control: running(), deadlines });
	await assert.rejects(steps().step("roles", "", { look: nothing, act: async () => {} }), /has left nothing behind/);
	const broken = async () => {
		const client = await open("db");
		await client.query("SELECT 'ada@example.org'::int");
	};
	await assert.rejects(steps().step("roles", "1", { look: nothing, act: broken }), /invalid input syntax/);
	const slow = steps({ roles: 50 });
	const hangs = () =>
		new Promise<void>((_, reject) => slow.signal.addEventListener("abort", () => reject(new Error("ended"))));
	await assert.rejects(slow.step("roles", "2", { look: nothing, act: hangs }), { name: "StepDeadline" });
	await assert.rejects(slow.step("roles", "3", { look: nothing, act: hangs }), { name: "StepDeadline" });
	const failures = (await readLines(await open(JOURNAL_DATABASE))).filter(
		({ run, state }) => run === "r2" && state === "failed",
	);
	assert.deepEqual(
		failures.map(({ evidence }) => evidence),
		[{ reason: "failed" }, { reason: "failed", sqlstate: "22P02" }, { reason: "deadline" }],
	);
	await assert.rejects(
		steps().step("roles", "patients", { look: nothing, act: async () => {} }),
		/takes no line with this part/,
	);
	await assert.rejects(
		steps().step("roles", "4", { look: async () => ({ name: "patients" }), act: async () => {} }),
		/a key that is not in its fixed list/,
	);
	await lease.release();
});

test("a run that is paused waits at its checkpoint and goes on when it is resumed, or ends", async () => {
	const lease = await take();
	const journal = await journalOf(lease);
	const stop = new AbortController();
	let isPaused = true;
	const control = { signal: stop.signal, isPaused: () => isPaused };
	const steps = new JournalSteps({ journal, run: "r3", database: "main", control });
	let isPast = false;
	const waiting = steps.checkpoint().then(() => {
		isPast = true;
	});
	await sleep(100);
	assert.equal(isPast, false);
	isPaused = false;
	await waiting;
	isPaused = true;
	const ended = steps.checkpoint();
	stop.abort(new Error("it is stopped"));
	await assert.rejects(ended, /it is stopped/);
	await assert.rejects(steps.step("roles", "", { look: async () => ({}), act: async () => {} }), /it is stopped/);
	await lease.release();
});

test("one holder at a time; the next one has the next epoch", async () => {
	const first = await take();
	const refused = await Lease.take({ open: journalDatabase, holder: holder(), seconds: 30, progress: () => ({}) });
	assert.ok(!(refused instanceof Lease));
	assert.equal((refused as HeldLease).holder, first.holder);
	assert.ok(refused.seconds > 20 && refused.seconds <= 30, String(refused.seconds));
	await first.release();
	const others = await Promise.all(
		[holder(), holder(), holder()].map((who) =>
			Lease.take({ open: journalDatabase, holder: who, seconds: 30, progress: () => ({}) }),
		),
	);
	const taken = others.filter((one) => one instanceof Lease);
	assert.equal(taken.length, 1, "of three at once, one");
	assert.equal(taken[0]?.epoch, first.epoch + 1);
	await taken[0]?.release();
});

test("the lease is renewed with the heartbeat, lost when the server says so, and lost when it cannot be renewed", async () => {
	let parts = 0;
	const renewed = await Lease.take({
		open: journalDatabase,
		holder: holder(),
		seconds: 1,
		progress: () => ({ parts: ++parts }),
	});
	assert.ok(renewed instanceof Lease);
	await sleep(2500);
	assert.equal(renewed.signal.aborted, false, "it outlives its time by being renewed");
	const client = await open(JOURNAL_DATABASE);
	const { rows } = await client.query(
		"SELECT holder, progress, clock_timestamp() - at < interval '1 s' AS fresh FROM public.heartbeat",
	);
	assert.equal(rows[0].holder, renewed.holder);
	assert.ok(rows[0].progress.parts > 3);
	assert.equal(rows[0].fresh, true);
	// Its session ends and comes back: not lost.
	await client.query(
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'WITH mine AS%' AND pid <> pg_backend_pid()",
	);
	await sleep(800);
	assert.equal(renewed.signal.aborted, false, "a session that ended is replaced");
	await client.query("UPDATE public.lease SET until = '-infinity'");
	await sleep(700);
	assert.ok(renewed.signal.reason instanceof LeaseLost);
	assert.match(renewed.signal.reason.message, /ended or is another mover's/);
	await renewed.release();

	let isDown = false;
	const broken = await Lease.take({
		open: async () => {
			if (isDown) throw new Error("Connection refused");
			return journalDatabase();
		},
		holder: holder(),
		seconds: 1,
		progress: () => ({}),
	});
	assert.ok(broken instanceof Lease);
	isDown = true;
	await client.query(
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'move' AND pid <> pg_backend_pid()",
	);
	await sleep(1800);
	assert.ok(broken.signal.reason instanceof LeaseLost);
	assert.match(broken.signal.reason.message, /could not be renewed for 1 s/);
	await broken.release();
});

test("the server's clock alone decides: a holder whose own clock is hours off neither steals nor loses the lease", async () => {
	const RealDate = Date;
	const first = await take(30);
	try {
		// Four hours ahead: to this process, every lease has ended.
		globalThis.Date = class extends RealDate {
			static override now = () => RealDate.now() + 4 * 3600_000;
		} as DateConstructor;
		const second = await Lease.take({ open: journalDatabase, holder: holder(), seconds: 30, progress: () => ({}) });
		assert.ok(!(second instanceof Lease), "not stolen");
		const journal = await journalOf(first);
		const line = await journal.write(
			"note",
			{ run: "r4", database: "", step: "check", part: "" },
			{ reason: "paused" },
		);
		assert.ok(Math.abs(RealDate.parse(line.at) - RealDate.now()) < 60_000, `the server's time: ${line.at}`);
	} finally {
		globalThis.Date = RealDate;
		await first.release();
	}
});

test("who has lost the lease writes no line any more, whatever it believes", async () => {
	const former = await take();
	const journal = await journalOf(former);
	const client = await open(JOURNAL_DATABASE);
	await client.query("UPDATE public.lease SET until = '-infinity'");
	const next = await take();
	const at = { run: "r5", database: "main", step: "rows", part: "1" } as const;
	await assert.rejects(journal.write("done", at, { rows: 1 }), LeaseLost);
	const steps = new JournalSteps({ journal, run: "r5", database: "main", control: running() });
	const act = () => assert.fail("nothing is begun without its line");
	await assert.rejects(steps.step("rows", "1", { look: async () => undefined, act }), LeaseLost);
	assert.deepEqual(await statesOf("r5"), []);
	await next.release();
	await former.release();
});

test("a line that is committed with the swap is refused too, and holds the take-over until the swap has ended", async () => {
	const former = await take();
	const client = await open(JOURNAL_DATABASE);
	const steps = new JournalSteps({ journal: await journalOf(former), run: "r6", database: "main", control: running() });
	const line = steps.doneLine("swap", "", { swapped: true });
	await client.query("BEGIN");
	await appendLine(client, line, true);
	const other = await open(JOURNAL_DATABASE);
	const begun = performance.now();
	const taking = other.query("SELECT * FROM public.take_lease('ffffffffffff', 30)");
	await sleep(300);
	await client.query("COMMIT");
	const { rows } = await taking;
	assert.ok(performance.now() - begun >= 290);
	assert.equal(rows[0].taken_epoch, null, "it was held and is");
	assert.deepEqual(await statesOf("r6"), ["swap  done"]);
	await client.query("UPDATE public.lease SET until = '-infinity'");
	const next = await take();
	await client.query("BEGIN");
	await assert.rejects(appendLine(client, line, true), LeaseLost);
	await client.query("ROLLBACK");
	await next.release();
	await former.release();
});

test("whoever takes over ends the former holder's transaction in the run's database, and keeps its epoch out", async () => {
	const admin = await open("db");
	await admin.query("CREATE DATABASE move_7 TEMPLATE template0");
	const former = await take();
	const writer = await open("move_7");
	await writer.query("CREATE TABLE public.t (x int)");
	await writer.query("BEGIN");
	await writer.query("SELECT pg_try_advisory_xact_lock_shared($1, $2)", [LOCK_CLASS, former.epoch]);
	await writer.query("INSERT INTO public.t VALUES (1)");
	const client = await open(JOURNAL_DATABASE);
	await client.query("UPDATE public.lease SET until = '-infinity'");
	const next = await take();
	const fence = new Fence(open, next.epoch);
	await fence.keep("move_7");
	await fence.keep("move_8");
	await assert.rejects(writer.query("COMMIT"), "its session has ended");
	const again = await open("move_7");
	const tryLock = async (epoch: number) =>
		(await again.query("SELECT pg_try_advisory_xact_lock_shared($1, $2) AS taken", [LOCK_CLASS, epoch])).rows[0].taken;
	for (let epoch = 1; epoch < next.epoch; epoch += 1) assert.equal(await tryLock(epoch), false, `epoch ${epoch}`);
	assert.equal(await tryLock(next.epoch), true);
	assert.equal((await again.query("SELECT count(*)::int AS n FROM public.t")).rows[0].n, 0);
	// The fence stands again after its session has ended.
	await admin.query(
		"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = 'move_7')",
	);
	await sleep(200);
	assert.equal(await tryLock(former.epoch), true, "the test's own hole");
	await again.end();
	await fence.keep("move_7");
	const last = await open("move_7");
	assert.equal(
		(await last.query("SELECT pg_try_advisory_xact_lock_shared($1, $2) AS taken", [LOCK_CLASS, former.epoch])).rows[0]
			.taken,
		false,
	);
	await fence.open();
	await next.release();
	await former.release();
});

test("a journal whose file says something else than the server does not open", async (t) => {
	const folder = await mkdtemp(path.join(os.tmpdir(), "journal-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	const file = `${folder}/stage.jsonl`;
	const lease = await take();
	const journal = await journalOf(lease, file);
	await journal.write("begin", { run: "r8", database: "main", step: "rows", part: "1" });
	journal.close();
	const text = await readFile(file, "utf8");
	assert.ok(text.endsWith("\n") && text.includes('"run":"r8"'));
	(await journalOf(lease, file)).close();
	await writeFile(
		file,
		text.replace('"run":"r8","database":"main","step":"rows"', '"run":"r8","database":"main","step":"drop"'),
	);
	await assert.rejects(journalOf(lease, file), JournalsDiffer);
	await lease.release();
});
