/** Lists that lag behind: what is there is never taken for gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const renamed = { ...redis, handle: "store", renamedFrom: "cache" };

for (const times of [1, 3, 4]) {
	test(`a rename while ${times} lists lag makes no second database`, async (t) => {
		for (const isRecorded of [true, false]) {
			const aptible = await openReconciler(t);
			const facts = await aptible.applied("database", redis);
			const previous = isRecorded ? facts : undefined;
			aptible.newWrites();
			aptible.fault({ name: "not-found-race", command: "db:list", times });
			await aptible.applied("database", renamed, { previous });
			assert.deepEqual(aptible.newWrites(), ["update databases"]);
		}
	});
}

test("a database that the list never shows and Aptible knows by its id is neither made nor forgotten", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", redis);
	aptible.newWrites();
	aptible.fault({ name: "not-found-race", command: "db:list", times: 1000 });
	const runs = await Promise.all([
		aptible.apply("database", renamed, { previous }),
		aptible.apply("database", renamed),
		aptible.remove("database", redis, { previous }),
	]);
	for (const { code, stderr } of runs) {
		assert.equal(code, 1);
		assert.match(stderr, /database "(cache|store)" is not listed, but still there\. Run the command again\./);
	}
	assert.deepEqual(aptible.newWrites(), []);
});

test("a renamedFrom that is nowhere is made", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", renamed);
	assert.deepEqual(aptible.newWrites(), ["create databases store", "provision databases store"]);
});
