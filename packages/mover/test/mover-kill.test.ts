import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World } from "./support/mover-process.ts";

let world: World;
before(async () => {
	world = await World.start();
});
after(() => world?.stop());

/** A copy of five parts writes this many lines. */
const LINES = 16;
/** `npm run test:matrix` takes each. */
const EVERY = process.env.MATRIX === "all" ? 1 : 5;

for (let line = 1; line <= LINES; line += EVERY) {
	test(`killed at line ${line} of its journal, the copy is finished by the next mover: each row once, swapped in once`, async () => {
		await world.reset();
		const first = world.startMover({ KILL_AT_LINE: String(line) });
		const id = await world.wish("copy");
		await first.killed();
		const second = world.startMover();
		const done = await world.over(id);
		assert.deepEqual([done.state, done.run], ["done", "r1"], second.output);
		assert.deepEqual(await world.rows("db", "SELECT count(*)::int AS n, sum(x)::int AS sum FROM public.t"), [
			{ n: 5, sum: 150 },
		]);
		assert.deepEqual(await world.databases(), ["db", "db_before_1", "move"]);
		const steps = await world.steps();
		for (const part of [1, 2, 3, 4, 5]) {
			assert.equal(steps.filter((step) => step === `rows ${part} done`).length, 1, steps.join("\n"));
		}
		assert.equal(steps.filter((step) => step === "swap done").length, 1);
	});
}
