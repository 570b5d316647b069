/**
 * A way back that is killed before and after each of its lines and acts, on a journal of a real server: run again it comes to the same end,
 * and at no moment are both sides open. One kill in ten is tried, all with MATRIX=all. And what the counters of a real server say.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readWrites, settleLoss, settleWrites } from "../../../move/back/counters.ts";
import { countLoss } from "../../../move/back/loss.ts";
import { besideNoOperator, NIGHT_LOCK, OperatorLock, STEP_LOCK } from "../../../move/operator-lock.ts";
import { type Evidence, LOCK_CLASS } from "../../../packages/mover/steps.ts";
import { JournalServer } from "../../support/night-journal.ts";
import { Killed } from "../killable.ts";
import { World } from "./world.ts";

const EACH = process.env.MATRIX === "all" ? 1 : 10;
const BOUNDARIES = ["prepare", "frozen", "copied", "trial", "live"] as const;

let journals: JournalServer;
before(async () => {
	journals = await JournalServer.start();
});
after(() => journals?.stop());

/** A world at a boundary, with nothing done yet. */
async function reach(boundary: (typeof BOUNDARIES)[number]): Promise<World> {
	await journals.begin();
	const world = new World();
	renew(world);
	await world.reach(boundary);
	world.acts = 0;
	return world;
}

const renew = (world: World) => world.useJournal(journals.journalOf(world.moved), (line) => journals.writeLine(line));

/** What is left at the end, whoever has come there. */
async function endOf(world: World) {
	const { made, isServing, isSourceOpen, isAptibleOpen, dns, hasRecord } = world;
	const done = (await world.lines()).flatMap(({ step, part, state }) =>
		step === "back" && state === "done" ? [part] : [],
	);
	return { made, isServing, isSourceOpen, isAptibleOpen, dns, hasRecord, done };
}

test("killed anywhere and taken up by another process, the way back comes to the same end", async () => {
	for (const [index, boundary] of BOUNDARIES.entries()) {
		const whole = await reach(boundary);
		assert.equal(await whole.back(), 0);
		const [end, acts] = [await endOf(whole), whole.acts];
		whole.remove();
		assert.ok(acts > 20, `${boundary}: ${acts}`);
		for (let killAt = 1 + ((index * 3) % EACH); killAt <= acts; killAt += EACH) {
			const world = await reach(boundary);
			world.killAt = killAt;
			await assert.rejects(world.back(), Killed, `${boundary}: ${killAt}`);
			world.killAt = Number.POSITIVE_INFINITY;
			renew(world);
			const isOver = (await world.lines()).at(-1)?.step === "back" && (await endOf(world)).done.at(-1) === "";
			if (!isOver) assert.equal(await world.back(), 0, `${boundary}, killed at ${killAt}: ${world.said.join("\n")}`);
			assert.deepEqual(await endOf(world), end, `${boundary}, killed at ${killAt}`);
			world.remove();
		}
	}
});

test("one operator at a time, also where the session of the first has ended meanwhile", async () => {
	const way = { connect: (database: string) => journals.connect(database) };
	const [first, second] = [new OperatorLock(way, STEP_LOCK), new OperatorLock(way, STEP_LOCK, { waitMs: 0 })];
	await first.hold();
	await first.hold();
	const night = new OperatorLock(way, NIGHT_LOCK);
	await night.hold();
	await assert.rejects(second.hold(), /another operator is at a switch, a probe, a point or a way back since \d+ s/);
	await journals.session.query(
		"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1::bigint::oid",
		[STEP_LOCK.object],
	);
	await first.hold();
	await first.release();
	await second.hold();
	// The night's own lock lets nobody by whom another operator's step holds up.
	const beside = besideNoOperator(journals.session, async () => "done");
	await second.release();
	assert.equal(await beside.catch(() => "refused"), "done", "a step of this process is its own");
	const other = await journals.connect("move");
	await other.query("SELECT pg_advisory_lock($1, $2)", [LOCK_CLASS, STEP_LOCK.object]);
	await assert.rejects(
		besideNoOperator(journals.session, async () => {}),
		/another operator is at a switch/,
	);
	await other.query("SELECT pg_advisory_unlock_all()");
	await night.release();
});

test("rows of a session that has written in a burst and idles are waited for", async () => {
	await journals.session.query("CREATE DATABASE burst");
	const [app, reader] = [await journals.connect("burst"), await journals.connect("burst")];
	await app.query("CREATE TABLE public.visits (id int)");
	await app.query("SELECT pg_stat_force_next_flush()");
	const mark = await settleWrites(reader);
	for (let row = 1; row <= 5; row += 1) await app.query("INSERT INTO public.visits VALUES (1)");
	const opening = { opened: new Set(["main"]), marks: new Map([["main", mark]]), liveMarks: new Map(), isLed: false };
	assert.equal(countLoss(opening, new Map([["main", await settleLoss(reader)]])).rows, 5);
	// One that only reads has nothing to count, and holds nobody up.
	const reading = setInterval(() => void app.query("SELECT 1"), 200);
	const began = performance.now();
	await settleLoss(reader);
	clearInterval(reading);
	const seconds = (performance.now() - began) / 1000;
	assert.ok(seconds < 9, `${seconds} s for a session that goes on`);
	await Promise.all([app, reader].map((one) => one.end()));
});

test("rows are counted without ANALYZE and TOAST, with dropped tables, and not across a reset or a crash", async () => {
	await journals.session.query("CREATE DATABASE db");
	let app = await journals.connect("db");
	const reader = await journals.connect("db");
	await app.query("CREATE TABLE public.patients (id int, note text)");
	await app.query("ALTER TABLE public.patients ALTER note SET STORAGE EXTERNAL");
	await app.query("SELECT pg_stat_force_next_flush()");
	const mark = await settleWrites(reader);
	const lossSince = async (from: Evidence) => {
		await app.query("SELECT pg_stat_force_next_flush()");
		const opening = { opened: new Set(["main"]), marks: new Map([["main", from]]), liveMarks: new Map(), isLed: false };
		return countLoss(opening, new Map([["main", await readWrites(reader)]]));
	};
	await app.query("ANALYZE");
	assert.deepEqual(await lossSince(mark), { rows: 0, sinceLive: 0, unknown: [], open: [] });
	await app.query("INSERT INTO public.patients SELECT n, repeat('x', 10000) FROM generate_series(1, 7) AS n");
	assert.equal((await lossSince(mark)).rows, 7);
	await app.query("UPDATE public.patients SET id = id + 1 WHERE id <= 2");
	await app.query("DELETE FROM public.patients WHERE id = 7");
	assert.equal((await lossSince(mark)).rows, 10);
	await app.query("BEGIN; INSERT INTO public.patients VALUES (99)");
	assert.match((await lossSince(mark)).unknown[0] ?? "", /^main: 1 transactions have written and are open/);
	await app.query("COMMIT; DROP TABLE public.patients");
	assert.ok((await lossSince(mark)).rows >= 11, "what a dropped table had taken is lost too");

	await app.query("SELECT pg_stat_reset()");
	assert.match((await lossSince(mark)).unknown[0] ?? "", /^main: its counters were reset since the mark/);
	const again = await settleWrites(reader);
	const { rows } = await reader.query("SELECT pg_backend_pid() AS pid");
	process.kill(rows[0].pid, "SIGKILL");
	for (const deadline = Date.now() + 30_000; ; await sleep(200)) {
		try {
			app = await journals.connect("db");
			break;
		} catch (error) {
			if (Date.now() > deadline) throw error;
		}
	}
	await app.query(
		"CREATE TABLE public.many AS SELECT n FROM generate_series(1, 100000) AS n; SELECT pg_stat_force_next_flush()",
	);
	const after = await readWrites(app);
	assert.ok(Number(after.rows) > Number(again.rows), "more than before: the number alone shows nothing");
	const opening = { opened: new Set(["main"]), marks: new Map([["main", again]]), liveMarks: new Map(), isLed: false };
	assert.match(countLoss(opening, new Map([["main", after]])).unknown[0] ?? "", /recovery after a crash/);
});
