/** Keys that end while they are compared, and connections that end. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { isConnectionError } from "../../journal/errors.ts";
import type { Login } from "../../postgresql/connection.ts";
import { type Word, withRedis } from "../../redis/connection.ts";
import { copyRedis } from "../../redis/copy.ts";
import { verifyRedis } from "../../redis/verify.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { type RedisPair, startRedisPair } from "../support/redis.ts";
import { Relay } from "../support/relay.ts";

let pair: RedisPair;
before(async () => {
	pair = await startRedisPair();
});
after(() => pair?.stop());

const report = () => {};
const KEYS = 3000;

async function sendAll(login: Login, commands: readonly Word[][]): Promise<void> {
	await withRedis(login, async (session) => {
		await Promise.all(commands.map((command) => session.send(...command)));
	});
}

test("keys that end during the comparison are no difference, on whichever side they are gone first; another one is", async () => {
	const relays = await Promise.all([Relay.to(pair.source.port, 150), Relay.to(pair.target.port, 150)]);
	const [far, farToo] = [
		{ ...pair.from, url: relays[0].through(pair.from.url) },
		{ ...pair.into, url: relays[1].through(pair.into.url) },
	];
	try {
		const set = Array.from({ length: KEYS }, (_, index) => ["SET", `s:${index}`, index]);
		await sendAll(pair.from, [...set, ["SET", "stays", 1]]);
		for (const [run, sides] of [
			["r7", { source: pair.from, target: farToo }],
			["r8", { source: far, target: pair.into }],
		] as const) {
			await copyRedis({
				source: pair.from,
				target: pair.into,
				steps: memorySteps({ run, epoch: Number(run[1]) }),
				report,
			});
			const soon = Date.now() + 1000;
			const endAll = Array.from({ length: KEYS }, (_, index) => ["PEXPIREAT", `s:${index}`, soon + index * 5]);
			await Promise.all([sendAll(pair.from, endAll), sendAll(pair.into, endAll)]);
			assert.deepEqual((await verifyRedis({ ...sides, report })).differences, []);
			await pair.onTarget(["SET", "stray", 1]);
			const { differences } = await verifyRedis({ ...sides, report });
			assert.deepEqual(
				differences.map(({ line }) => line),
				["is on the target and not on the source"],
			);
			await sendAll(pair.from, set);
		}
	} finally {
		await Promise.all(relays.map((relay) => relay.stop()));
	}
});

for (const side of ["source", "target"] as const) {
	test(`the ${side}'s connection is reset in the middle of the keys: it is told as that, and the next try goes on`, async () => {
		await withRedis(pair.from, async (session) => {
			for (let index = 0; index < 20; index++) await session.send("SET", `large:${index}`, randomBytes(1 << 20));
		});
		const relay = await Relay.to(pair[side].port);
		const login = side === "source" ? pair.from : pair.into;
		const sides = { source: pair.from, target: pair.into, [side]: { ...login, url: relay.through(login.url) } };
		const steps = () => memorySteps(side === "source" ? { run: "r9", epoch: 9 } : { run: "r10", epoch: 10 });
		try {
			relay.resetOnceAt(5e6);
			await assert.rejects(copyRedis({ ...sides, steps: steps(), report }), (error: Error) => {
				assert.ok(isConnectionError(error), `${error.name}: ${error.message}`);
				return true;
			});
			await copyRedis({ ...sides, steps: steps(), report });
			assert.deepEqual((await verifyRedis({ ...sides, report })).differences, []);
		} finally {
			await relay.stop();
		}
	});
}
