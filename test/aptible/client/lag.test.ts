/** A lag is waited for by pauses: how long a read takes, on a busy machine or at a busy API, does not make the reads fewer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readUntil } from "../../../aptible/client/lag.ts";
import { Wait } from "../../../aptible/client/wait.ts";

const slowMs = 150;

test("slow reads are as many as quick ones", async () => {
	let reads = 0;
	const read = async () => {
		await sleep(slowMs);
		reads += 1;
		return reads;
	};
	assert.equal(
		await readUntil({ lagMs: 300 }, read, (count) => count > 3),
		3,
		"at once, after 100 and after 300 ms of pauses",
	);
	assert.equal(await readUntil({ lagMs: 300 }, read, (count) => count > 4), 5, "what is seen ends it");
});

test("a part of a wait is over by its pauses", async () => {
	const wait = new Wait(10, () => {});
	await sleep(slowMs);
	assert.equal(wait.hasPartPaused(30), false);
	await wait.pause("waiting");
	assert.equal(wait.hasPartPaused(30), false);
	await wait.pause("waiting");
	assert.equal(wait.hasPartPaused(30), true);
	wait.beginPart();
	assert.equal(wait.hasPartPaused(30), false);
});
