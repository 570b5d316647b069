/** A type whose clients a person shuts out: the mover says how, and proves that nobody writes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis } from "../../redis/connection.ts";
import { redis } from "../../redis/engine.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { type RedisPair, startRedisPair } from "../support/redis.ts";

let pair: RedisPair;
before(async () => {
	pair = await startRedisPair();
});
after(() => pair?.stop());

async function freeze(): Promise<string[]> {
	const findings = await redis.freeze({
		source: pair.from,
		target: pair.into,
		into: "move_7",
		steps: memorySteps(),
		jobs: 1,
		report: () => {},
		apps: [],
		notes: new Map(),
		note: async () => assert.fail("nothing is changed, so nothing is noted"),
		noteUndone: async () => assert.fail("nothing is noted"),
		pauses: { silenceMs: 500 },
	});
	return findings.map(({ severity, line }) => `${severity}: ${line}`);
}

test("a command that writes between the samples is named; without one the source is silent", async () => {
	const frozen = freeze();
	await sleep(250);
	await pair.onSource(["SET", "late", 1]);
	const [byHand, ...found] = await frozen;
	assert.match(byHand ?? "", /^warning: the mover shuts nobody out of a Redis source; by hand.*CLIENT KILL/);
	assert.match(found[0] ?? "", /^blocker: not silent: 1 commands that write were sent to the source meanwhile/);
	assert.doesNotMatch((await freeze()).join("\n"), /blocker/);
});

test("who else is on the source is named with what ends the session", async () => {
	const app = await connectRedis(pair.from);
	await app.send("CLIENT", "SETNAME", "portal");
	const found = (await freeze()).join("\n");
	app.end();
	assert.match(
		found,
		/warning: session \d+ \(portal at [^)]*\) is on the source; stop that program, then: CLIENT KILL ID \d+/,
	);
});
