import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readHeartbeat } from "../journal/heartbeat.ts";
import { readReports } from "../journal/reports.ts";
import { execute } from "./support/databases.ts";
import { World } from "./support/mover-process.ts";

let world: World;
before(async () => {
	world = await World.start();
});
afterEach(() => world.reset());
after(() => world?.stop());

const ROWS = [1, 2, 3, 4, 5].flatMap((n) => [`rows ${n} begin`, `rows ${n} done`]);
const COPY = [
	"check note",
	"create-database begin",
	"create-database done",
	...ROWS,
	"verify note",
	"swap begin",
	"swap done",
];

/** The copy is whole, in its place once, and what stood there is kept. */
async function assertMoved(run = 1): Promise<void> {
	assert.deepEqual(await world.rows("db", "SELECT id, x FROM public.t ORDER BY id"), [
		{ id: 1, x: 10 },
		{ id: 2, x: 20 },
		{ id: 3, x: 30 },
		{ id: 4, x: 40 },
		{ id: 5, x: 50 },
	]);
	assert.deepEqual(await world.databases(), ["db", `db_before_${run}`, "move"]);
}

test("a copy is checked, copied, verified and swapped in; a mover that is started again copies nothing again", async () => {
	const first = world.startMover();
	const done = await world.over(await world.wish("copy"));
	assert.deepEqual([done.state, done.run], ["done", "r1"], first.output);
	assert.deepEqual(await world.steps(), COPY);
	await assertMoved();
	await first.says(/copy of run r1: done\n.*waits for wishes/);
	await first.end("SIGKILL");
	const second = world.startMover();
	await second.says(/waits for wishes/);
	await sleep(500);
	assert.deepEqual(await world.steps(), COPY);
	// Not even where it is wished for again: the target may be in use by then.
	const again = await world.over(await world.wish("copy"));
	assert.deepEqual([again.state, again.reason], ["refused", "swapped"]);
	await second.says(/nothing is copied again.*copy --again/);
	const verified = await world.over(await world.wish("verify"));
	assert.deepEqual([verified.state, verified.run], ["done", "r3"], second.output);
	await assertMoved();
});

test("a rehearsal leaves nothing but its report; one that is kept is swapped in and does not stand in the copy's way", async () => {
	const mover = world.startMover();
	const rehearsed = await world.over(await world.wish("rehearse"));
	assert.equal(rehearsed.state, "done", mover.output);
	assert.deepEqual(await world.databases(), ["db", "move"]);
	const client = await world.moveDatabase();
	const [report] = await readReports(client, "r1");
	assert.deepEqual([report?.kind, report?.database], ["findings", "main"]);
	const kept = await world.over(await world.wish("rehearse", { keep: true }));
	assert.equal(kept.state, "done", mover.output);
	assert.deepEqual(await world.databases(), ["db", "db_before_2", "move"]);
	const copied = await world.over(await world.wish("copy"));
	assert.deepEqual([copied.state, copied.run], ["done", "r3"], mover.output);
	assert.deepEqual(await world.databases(), ["db", "db_before_2", "db_before_3", "move"]);
});

test("a blocker stops the copy before anything moves, and the finding is there for the operator", async () => {
	await execute({ url: world.source.url() }, "CREATE TABLE forbidden ()");
	const mover = world.startMover();
	const failed = await world.over(await world.wish("copy"));
	assert.deepEqual([failed.state, failed.reason], ["failed", "blockers"], mover.output);
	assert.deepEqual(await world.steps(), ["check note"]);
	const [report] = await readReports(await world.moveDatabase(), "r1");
	assert.match(JSON.stringify(report?.body), /DROP TABLE public\.forbidden/);
	assert.deepEqual(await world.databases(), ["db", "move"]);
});

test("its first lines say where it goes, which servers it reaches, and as whom the target sees it", async () => {
	const mover = world.startMover();
	await mover.says(/waits for wishes/);
	const { host } = new URL(world.targets.main?.url("db") ?? "");
	const from = new URL(world.source.url()).host;
	const lines = mover.output.split("\n").map((line) => line.replace(/[0-9a-f]{12}/, "HOLDER"));
	assert.deepEqual(lines.slice(0, 5), [
		"mover HOLDER of stage prod begins",
		`main: the target is ${host}`,
		"mover HOLDER holds the lease, epoch 1",
		`main: the target ${host} answers, and sees this mover as 127.0.0.1`,
		`main: the source ${from} answers, database postgres`,
	]);
	await mover.end("SIGTERM");
	const lost = world.startMover({ MOVE_SOURCE_MAIN: "postgresql://admin:correct-horse@127.0.0.1:1/clinic" });
	await lost.says(/waits for wishes/);
	assert.match(
		lost.output,
		/main: the source 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED.*; see whether MOVE_SOURCE_MAIN is its address/,
	);
});

test("two movers at once: one copies, and the other takes over when the first is killed", async () => {
	const movers = [world.startMover({ PART_MS: "600" }), world.startMover({ PART_MS: "600" })];
	const holder = await Promise.race(
		movers.map(async (mover) => mover.says(/holds the lease, epoch/).then(() => mover)),
	);
	const other = movers.find((mover) => mover !== holder);
	assert.ok(other);
	const id = await world.wish("copy");
	await holder.says(/rows 2 begin/);
	await other.says(/another mover \([0-9a-f]{12}\) holds the lease; this one waits for it/);
	assert.doesNotMatch(other.output, /rows/);
	await holder.end("SIGKILL");
	const done = await world.over(id);
	assert.deepEqual([done.state, done.run], ["done", "r1"], other.output);
	assert.match(other.output, /copy goes on as run r1/);
	await assertMoved();
	const doubled = (await world.steps()).filter((step) => step === "rows 1 begin");
	assert.equal(doubled.length, 1, "what the first has done is not done again");
});

test("a mover that stood still while another took over writes nothing when it wakes up", async () => {
	const first = world.startMover({ PART_MS: "700" });
	const id = await world.wish("copy");
	await first.says(/rows 2 begin/);
	first.child.kill("SIGSTOP");
	const second = world.startMover({ PART_MS: "700" });
	await second.says(/copy goes on as run r1/);
	first.child.kill("SIGCONT");
	await first.says(/another mover .* holds the lease|the lease of epoch 1 is lost/);
	assert.equal((await world.over(id)).state, "done", `${first.output}\n--\n${second.output}`);
	await assertMoved();
});

test("pause holds the run between two parts, also over a restart of the mover; resume lets it go on; stop ends it", async () => {
	const first = world.startMover({ PART_MS: "300" });
	const id = await world.wish("copy");
	await first.says(/rows 1 begin/);
	await world.over(await world.wish("pause"));
	await sleep(800);
	const held = await world.steps();
	await sleep(800);
	assert.deepEqual(await world.steps(), held);
	const heartbeat = await readHeartbeat(await world.moveDatabase());
	assert.equal(heartbeat?.progress.state, "paused");
	await first.end("SIGKILL");
	const second = world.startMover();
	await second.says(/copy goes on as run r1/);
	await sleep(600);
	assert.ok(!(await world.steps()).includes("rows 5 begin"), second.output);
	await world.over(await world.wish("resume"));
	assert.equal((await world.over(id)).state, "done", second.output);
	await assertMoved();

	await world.reset();
	const third = world.startMover({ PART_MS: "300" });
	const rehearsal = await world.wish("rehearse");
	await third.says(/rows 2 begin/);
	await world.wish("stop");
	const stopped = await world.over(rehearsal);
	assert.deepEqual([stopped.state, stopped.reason], ["stopped", "operator"]);
	assert.deepEqual(await world.databases(), ["db", "move"], "what it has copied is removed");
});

test("nonsense, and wishes of another version, are refused and stand in nobody's way", async () => {
	const mover = world.startMover();
	const client = await world.moveDatabase();
	const insert = async (version: number, command: string, given: unknown) => {
		const { rows } = await client.query(
			"INSERT INTO public.wishes (version, command, arguments) VALUES ($1, $2, $3) RETURNING id::int",
			[version, command, JSON.stringify(given)],
		);
		return rows[0].id as number;
	};
	const wishes: [number, string, unknown, string][] = [
		[0, "copy", {}, "version"],
		[2, "copy", {}, "version"],
		[1, "DROP DATABASE db", {}, "command"],
		[1, "constructor", {}, "command"],
		[1, "copy", { sql: "SELECT 1" }, "arguments"],
		[1, "copy", { again: "yes" }, "arguments"],
		[1, "copy", ["again"], "arguments"],
		[1, "rehearse", null, "arguments"],
	];
	for (const [version, command, given, reason] of wishes) {
		const refused = await world.over(await insert(version, command, given));
		assert.deepEqual(
			[refused.state, refused.reason],
			["refused", reason],
			`${version} ${command} ${JSON.stringify(given)}`,
		);
	}
	assert.doesNotMatch(mover.output, /DROP|SELECT/);
	assert.equal((await world.over(await world.wish("check"))).state, "done", mover.output);
	await assert.rejects(world.wish("check", { again: true }), /check takes no such arguments/);
});

test("work is wished for one at a time", async () => {
	await world.wish("rehearse");
	await assert.rejects(
		world.wish("copy"),
		/rehearse is under way since .*; wait for its end, or end it: npm run move -- stop/,
	);
	await world.wish("pause");
});

test("the target's restart in the middle of a copy: it goes on from what is done", async () => {
	const mover = world.startMover({ PART_MS: "300", MOVE_LEASE_SECONDS: "20" });
	const id = await world.wish("copy");
	await mover.says(/rows 3 begin/);
	await world.targets.main?.restart();
	const done = await world.over(id);
	assert.equal(done.state, "done", mover.output);
	assert.match(mover.output, /a connection has ended/);
	await assertMoved();
});

/** Stops a copy in its third part. */
async function stopCopy(): Promise<void> {
	const mover = world.startMover({ PART_MS: "300" });
	const copy = await world.wish("copy");
	await mover.says(/rows 3 begin/);
	await world.wish("stop");
	assert.equal((await world.over(copy)).state, "stopped");
	await mover.end("SIGTERM");
}

const begun = (steps: readonly string[], part: number) => steps.filter((step) => step === `rows ${part} begin`).length;

test("a copy that was stopped goes on where it was, by another mover too", async () => {
	await stopCopy();
	const mover = world.startMover();
	const second = await world.over(await world.wish("copy"));
	assert.deepEqual([second.state, second.run], ["done", "r1"], mover.output);
	assert.equal(begun(await world.steps(), 1), 1, "what is copied is not copied again");
	await assertMoved();
});

test("a copy that was stopped is given up at once where the source was written to since, and says so", async () => {
	await stopCopy();
	await execute({ url: world.source.url() }, "UPDATE t SET x = 11 WHERE id = 1");
	const mover = world.startMover();
	const second = await world.over(await world.wish("copy"));
	assert.deepEqual([second.state, second.run], ["done", "r2"], mover.output);
	assert.equal(begun(await world.steps(), 1), 2);
	assert.doesNotMatch(mover.output, /differs/);
	assert.match(mover.output, /copy begins anew as run r2/);
	assert.deepEqual(await world.databases(), ["db", "db_before_2", "move"], "the former copy is removed");
	assert.deepEqual(await world.rows("db", "SELECT sum(x)::int AS sum FROM public.t"), [{ sum: 151 }]);
	const findings = (await readReports(await world.moveDatabase(), "r2")).find(({ kind }) => kind === "findings");
	assert.match(
		JSON.stringify(findings?.body),
		/"line":"move_1 of run r1 is given up, and copied anew: the source has 5 rows, sum 151/,
	);
});

test("a copy that came out unequal is there to be looked at, and removed by the next one, which begins anew", async () => {
	const mover = world.startMover({ PART_MS: "300" });
	const first = await world.wish("copy");
	await mover.says(/rows 3 begin/);
	await execute({ url: world.source.url() }, "UPDATE t SET x = 11 WHERE id = 1");
	const unequal = await world.over(first);
	assert.deepEqual([unequal.state, unequal.run, unequal.reason], ["failed", "r1", "unequal"], mover.output);
	assert.match(mover.output, /main: differs: public\.t: 5 rows, sum 151 on the source, 5 rows, sum 150 on the target/);
	assert.deepEqual(await world.databases(), ["db", "move", "move_1"]);
	const next = await world.over(await world.wish("copy"));
	assert.deepEqual([next.state, next.run], ["done", "r2"], mover.output);
	assert.deepEqual(await world.databases(), ["db", "db_before_2", "move"]);
});

test("another server under the address of the source, or another Aptible database, ends the run before anything moves", async () => {
	const mover = world.startMover();
	await world.over(await world.wish("check"));
	await mover.end("SIGTERM");
	assert.equal(mover.child.exitCode, 0);
	const target = JSON.parse(world.environment().MOVE_TARGET ?? "");
	target.databases.main.aptibleId = 701;
	const other = world.startMover({ MOVE_TARGET: JSON.stringify(target) });
	const failed = await world.over(await world.wish("copy"));
	assert.deepEqual([failed.state, failed.reason], ["failed", "failed"]);
	await other.says(/the source of main is another than when the move began: aptibleId was 700 and is 701/);
	await other.end("SIGTERM");
	const server = world.targets.main;
	const strange = world.startMover({
		MOVE_SOURCE_MAIN: server?.url("postgres").replace(/\?.*/, "") ?? "",
		MOVE_SOURCE_MAIN_CA: server?.ca ?? "",
	});
	const refused = await world.over(await world.wish("check"));
	assert.deepEqual([refused.state, refused.reason], ["failed", "failed"]);
	await strange.says(/the source of main is another than when the move began: system was \d+ and is \d+/);
	assert.deepEqual(await world.databases(), ["db", "move"]);
});

test("a source that is its target is refused before anything is looked at", async () => {
	const target = world.login();
	const mover = world.startMover({
		MOVE_SOURCE_MAIN: target.url.replace(/\?.*/, ""),
		MOVE_SOURCE_MAIN_CA: target.ca ?? "",
	});
	const made = await world.over(await world.wish("copy", { replace: true }));
	assert.equal(made.state, "failed", mover.output);
	assert.match(mover.output, /the source of main is its target: database db .*MOVE_SOURCE_NAME/);
	assert.deepEqual(await world.databases(), ["db", "move"]);
});
