/** From any stage to any other: what lives then is what lives where the second one was made at once, with the fewest operations. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countOperations, markJournal } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { environmentKey } from "../../wire/template.ts";
import { liveState } from "../matrix/live-state.ts";
import type { Facts } from "../matrix/reconcilers.ts";
import { secrets } from "../matrix/secrets.ts";
import { inhabit, World } from "../matrix/world.ts";
import { fewestOperations } from "./fewest-operations.ts";
import { Dice, defineImages, randomStage, type Stage } from "./random-stage.ts";

/** Stages one after the other on one emulator, and emulators one beside the other. */
const steps = 10;
const chains = process.env.MATRIX === "all" ? 30 : 4;

type Known = Map<string, Facts>;

/** What `pulumi up` does: makes and changes in order, then removes what is gone, the last first. */
async function up(world: World, before: Stage, after: Stage, facts: Known): Promise<void> {
	for (const [name, { kind, spec }] of after) {
		if (JSON.stringify(before.get(name)?.spec) === JSON.stringify(spec)) continue;
		facts.set(name, await world.applied(kind, spec, facts.get(name)));
	}
	for (const [name, { kind, spec }] of [...before].reverse()) {
		if (after.has(name) || kind === "environment") continue;
		const outcome = await world.run(kind, "remove", spec, facts.get(name));
		if (outcome.end === "failed") throw outcome.error;
		facts.delete(name);
	}
}

/** What lives, without last backups of databases that are gone, and without what an environment that is not declared was left with. */
function comparable(world: World, isEnvironmentDeclared: boolean): string[] {
	return liveState(world.dir).filter((line) => {
		return !line.startsWith("backup ") && (isEnvironmentDeclared || !line.startsWith("backup_retention_policy"));
	});
}

async function chain(seed: number): Promise<number> {
	const dice = new Dice(seed);
	const world = await World.open();
	defineImages(world.dir);
	let before: Stage = new Map();
	const facts: Known = new Map();
	try {
		for (let step = 1; step <= steps; step += 1) {
			const after = randomStage(dice, before);
			const story = `SEED=${seed}, step ${step}:\n${tell(before)}\n->\n${tell(after)}`;
			const mark = markJournal(world.dir);
			await up(world, before, after, facts).catch((error: unknown) => assert.fail(`${story}\n${error}`));
			assert.equal(countOperations(world.dir, mark), fewestOperations(before, after), `operations of ${story}`);
			const again = await World.open();
			defineImages(again.dir);
			await up(again, new Map(), after, new Map());
			const [here, there] = [world, again].map((one) => comparable(one, after.has("environment")));
			assert.deepEqual(here, there, story);
			await again.end();
			before = after;
		}
	} finally {
		await world.end();
	}
	return steps;
}

function tell(stage: Stage): string {
	return [...stage].map(([name, { spec }]) => `  ${name}: ${JSON.stringify(spec)}`).join("\n") || "  nothing";
}

test("any stage leads to any other", async (t) => {
	const variables = Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), value]);
	t.after(await inhabit(Object.fromEntries(variables)));
	const given = process.env.SEED;
	const first = given === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(given);
	const seeds = given === undefined ? Array.from({ length: chains }, (_, index) => first + index) : [first];
	t.diagnostic(`seeds: ${seeds.join(", ")}; SEED=${first} repeats the first`);
	const pairs = await Promise.all(seeds.map(chain));
	t.diagnostic(`pairs of stages: ${pairs.reduce((sum, count) => sum + count, 0)}`);
});
