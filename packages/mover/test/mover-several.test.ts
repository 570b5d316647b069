import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World } from "./support/mover-process.ts";

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
	// What was put back is no copy in its place: the next one is not refused.
	const next = world.startMover();
	const done = await world.over(await world.wish("copy"));
	assert.deepEqual([done.state, done.run], ["done", "r2"], next.output);
});
