import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { readReports } from "../journal/reports.ts";
import { wish } from "../journal/wishes.ts";
import { openMoveDatabase } from "../work.ts";
import { execute } from "./support/databases.ts";
import { untilOver, World } from "./support/mover-process.ts";

let world: World;
before(async () => {
	world = await World.start(["billing", "main"]);
});
afterEach(() => world.reset());
after(() => world?.stop());

test("several databases are copied and verified before the first is swapped in", async () => {
	const mover = world.startMover();
	const done = await world.over(await world.wish("copy"));
	assert.equal(done.state, "done", mover.output);
	const steps = (await world.steps()).filter((step) => step.endsWith("done") && !/rows [1-4]/.test(step));
	assert.deepEqual(steps, [
		"billing create-database done",
		"billing rows 5 done",
		"create-database done",
		"rows 5 done",
		"billing swap done",
		"swap done",
	]);
	for (const name of ["billing", "main"]) {
		assert.deepEqual(
			(await world.databases(name)).filter((one) => one !== "move"),
			["db", "db_before_1"],
		);
		assert.deepEqual(await world.rows("db", "SELECT sum(x)::int AS sum FROM public.t", name), [{ sum: 150 }]);
	}
});

test("where one swap fails, the others are put back", async () => {
	const port = String(world.targets.main?.port);
	const mover = world.startMover({ FAILING_SWAP: port });
	const failed = await world.over(await world.wish("copy"));
	assert.deepEqual([failed.state, failed.reason], ["failed", "failed"], mover.output);
	assert.match(mover.output, /billing: what stood there is back in its place/);
	for (const name of ["billing", "main"]) {
		assert.deepEqual(
			(await world.databases(name)).filter((one) => one !== "move"),
			["db", "move_1"],
			"the copy is there, and not in its place",
		);
		assert.deepEqual(await world.rows("db", "SELECT to_regclass('public.t') AS t", name), [{ t: null }]);
	}
	await mover.end("SIGKILL");
	const client = await world.moveDatabase();
	const failures = async () => (await readReports(client, "r1")).filter(({ kind }) => kind === "failure");
	assert.match(JSON.stringify(await failures()), /it cannot be renamed/);
	// What was put back is no copy in its place: the next one is not refused, and has only to swap in what is proved.
	const lines = await world.steps();
	const next = world.startMover();
	const done = await world.over(await world.wish("copy"));
	assert.deepEqual([done.state, done.run], ["done", "r1"], next.output);
	assert.deepEqual((await world.steps()).slice(lines.length), [
		"billing swap begin",
		"billing swap done",
		"swap begin",
		"swap done",
	]);
	assert.deepEqual(await failures(), [], "what the first try failed of is not told of the second");
});

test("a proved copy that could not be swapped in is copied anew where the source was written to since, and where nobody can tell", async () => {
	for (const told of [{}, { UNTOLD: "yes" }]) {
		const first = world.startMover({ ...told, FAILING_SWAP: String(world.targets.main?.port) });
		assert.equal((await world.over(await world.wish("copy"), 240_000)).state, "failed", first.output);
		await first.end("SIGTERM");
		await execute({ url: world.source.url() }, "UPDATE t SET x = 11 WHERE id = 1");
		const next = world.startMover(told);
		const done = await world.over(await world.wish("copy"), 240_000);
		assert.deepEqual([done.state, done.run], ["done", "r2"], next.output);
		await assertPlaces(2);
		await world.reset();
	}
});

test("killed between two swaps, with a write to the source before the next mover comes: what was swapped in is put back first", async () => {
	const first = world.startMover({ KILL_AT: "billing swap done" });
	const copy = await world.wish("copy");
	await first.says(/billing swap done/);
	await first.end("SIGKILL");
	await execute({ url: world.source.url() }, "UPDATE t SET x = 11 WHERE id = 1");
	const next = world.startMover();
	const done = await world.over(copy);
	assert.deepEqual([done.state, done.run], ["done", "r2"], next.output);
	assert.match(next.output, /billing: what stood there is back in its place/);
	await assertPlaces(2);
});

test("the journal stays where the move began when a database is added whose name comes first", async () => {
	const { MOVE_TARGET = "" } = world.environment();
	const given = JSON.parse(MOVE_TARGET);
	const alone = { stage: "prod", journal: "main", databases: { main: given.databases.main } };
	const first = world.startMover({ MOVE_TARGET: JSON.stringify(alone) });
	const client = await openMoveDatabase({ target: world.login("main") });
	try {
		const one = await untilOver(client, await wish(client, "copy"));
		assert.deepEqual([one.state, one.run], ["done", "r1"], first.output);
		await first.end("SIGTERM");
		const second = world.startMover({ MOVE_TARGET: JSON.stringify({ ...given, journal: "main" }) });
		const refused = await untilOver(client, await wish(client, "copy"));
		assert.deepEqual([refused.state, refused.reason], ["refused", "swapped"], second.output);
		const both = await untilOver(client, await wish(client, "copy", { again: true }));
		assert.deepEqual([both.state, both.run], ["done", "r3"], second.output);
		for (const name of ["billing", "main"]) assert.ok((await world.databases(name)).includes("db_before_3"), name);
	} finally {
		await client.end();
	}
});

/** Each database is in its place by this run, and no copy is left. */
async function assertPlaces(run: number): Promise<void> {
	for (const name of ["billing", "main"]) {
		const databases = await world.databases(name);
		assert.deepEqual(
			databases.filter((one) => one !== "move"),
			["db", `db_before_${run}`],
		);
		assert.deepEqual(await world.rows("db", "SELECT sum(x)::int AS sum FROM public.t", name), [{ sum: 151 }]);
	}
}

test("where one source has something in the way of a freeze, none is changed", async () => {
	const mover = world.startMover({ REFUSED_FREEZE: String(world.targets.main?.port) });
	const { state, reason } = await world.over(await world.wish("freeze"));
	assert.deepEqual([state, reason], ["failed", "blockers"], mover.output);
	assert.match(mover.output, /main: blocker: this source is in the way/);
	assert.doesNotMatch(mover.output, /billing: shuts everybody/);
	assert.doesNotMatch(mover.output, / freeze 1262 note/);
});
