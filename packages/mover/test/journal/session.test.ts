import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { Session } from "../../journal/session.ts";

test("those who share a session ask one after the other, and one that fails holds up nobody", async () => {
	let atWork = 0;
	const asked: string[] = [];
	const client = {
		on: () => client,
		async query(sql: string) {
			atWork += 1;
			assert.equal(atWork, 1, "pg warns of a second query beside the first, and its next release refuses it");
			asked.push(sql);
			await sleep(5);
			atWork -= 1;
			if (sql === "fails") throw new Error("it fails");
			return { rows: [{ sql }] };
		},
	};
	const session = new Session(async () => client as unknown as pg.Client);
	const answers = await Promise.allSettled(["one", "fails", "two"].map((sql) => session.query(sql)));
	assert.deepEqual(
		answers.map(({ status }) => status),
		["fulfilled", "rejected", "fulfilled"],
	);
	assert.deepEqual(asked, ["one", "fails", "two"]);
});
