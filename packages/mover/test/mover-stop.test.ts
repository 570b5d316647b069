import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { World } from "./support/mover-process.ts";

let world: World;
before(async () => {
	world = await World.start(["billing", "main"]);
});
afterEach(() => world.reset());
after(() => world?.stop());

/** How long the lease of a mover of the tests' outlives it. */
const LEASE_MS = 2_100;

test("stop withdraws a wish that nobody has taken up, without a mover; the next mover does none of it", async () => {
	const copy = await world.wish("copy");
	const stop = await world.wish("stop");
	const [withdrawn, done] = [await world.over(copy, 0), await world.over(stop, 0)];
	assert.deepEqual([withdrawn.state, withdrawn.reason, done.state], ["stopped", "operator", "done"]);
	const mover = world.startMover();
	await mover.says(/waits for wishes/);
	assert.deepEqual(await world.steps(), []);
	assert.doesNotMatch(mover.output, /copy/);
	assert.equal((await world.over(await world.wish("check"))).state, "done", mover.output);
});

test("stop ends what a killed mover has begun, whether its lease is over or not; a rehearsal's copy goes when the next mover comes", async () => {
	for (const waitMs of [0, LEASE_MS]) {
		const first = world.startMover({ PART_MS: "400" });
		const rehearsal = await world.wish("rehearse");
		await first.says(/main rows 2 begin/);
		await first.end("SIGKILL");
		await sleep(waitMs);
		const stop = await world.wish("stop");
		if (waitMs > 0) assert.equal((await world.over(stop, 0)).state, "done");
		const second = world.startMover({ PART_MS: "400" });
		const stopped = await world.over(rehearsal);
		assert.deepEqual([stopped.state, stopped.reason], ["stopped", "operator"], second.output);
		assert.equal((await world.over(stop)).state, "done");
		await second.says(/waits for wishes/);
		assert.doesNotMatch(second.output, /goes on as run/);
		for (const name of ["billing", "main"]) {
			assert.deepEqual(
				(await world.databases(name)).filter((one) => one !== "move"),
				["db"],
				second.output,
			);
		}
		await world.reset();
	}
});

test("a mover whose lease was over when the run was stopped writes nothing more of it when it wakes up", async () => {
	const first = world.startMover({ PART_MS: "400" });
	const copy = await world.wish("copy");
	await first.says(/main rows 4 begin/);
	first.child.kill("SIGSTOP");
	await sleep(LEASE_MS);
	await world.wish("stop");
	assert.equal((await world.over(copy, 0)).state, "stopped");
	const steps = await world.steps();
	first.child.kill("SIGCONT");
	await first.says(/epoch 2\n[\s\S]*waits for wishes/);
	assert.deepEqual(await world.steps(), steps, first.output);
	assert.equal((await world.over(copy, 0)).state, "stopped");
});

test("stop in the middle of the swaps lets them end: both databases are in their place, or neither", async () => {
	const mover = world.startMover({ PART_MS: "300" });
	const copy = await world.wish("copy");
	await mover.says(/billing swap done/);
	await world.over(await world.wish("stop"));
	const done = await world.over(copy);
	assert.equal(done.state, "done", mover.output);
	for (const name of ["billing", "main"]) {
		assert.deepEqual(
			(await world.databases(name)).filter((one) => one !== "move"),
			["db", "db_before_1"],
		);
	}
	const again = await world.over(await world.wish("copy"));
	assert.deepEqual([again.state, again.reason], ["refused", "swapped"]);
});

test("stop after a mover was killed between two swaps waits for the next one, which carries them through", async () => {
	const first = world.startMover({ KILL_AT: "billing swap done" });
	const copy = await world.wish("copy");
	await first.says(/billing swap done/);
	await first.end("SIGKILL");
	await sleep(LEASE_MS);
	const stop = await world.wish("stop");
	const second = world.startMover();
	assert.equal((await world.over(stop)).state, "done");
	const done = await world.over(copy);
	assert.deepEqual([done.state, done.run], ["done", "r1"], second.output);
	assert.match(second.output, /stop: copy of run r1 is being swapped in, which is carried through/);
	for (const name of ["billing", "main"]) {
		assert.deepEqual(
			(await world.databases(name)).filter((one) => one !== "move"),
			["db", "db_before_1"],
		);
	}
});
