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
			aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases", times });
			await aptible.applied("database", renamed, { previous });
			assert.deepEqual(aptible.newWrites(), ["update databases"]);
		}
	});
}

test("a database that the list never shows is found by its id, or its handle, and neither made nor forgotten", async (t) => {
	for (const isRecorded of [true, false]) {
		const aptible = await openReconciler(t);
		const facts = await aptible.applied("database", redis);
		aptible.newWrites();
		aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases", times: 1000 });
		const previous = await aptible.applied("database", renamed, isRecorded ? { previous: facts } : {});
		assert.equal(previous.id, facts.id);
		assert.deepEqual(aptible.newWrites(), ["update databases"]);
		await aptible.removed("database", renamed, { previous });
		assert.deepEqual(aptible.newWrites(), ["deprovision databases store"]);
	}
});

test("a renamedFrom that is nowhere is made", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", renamed);
	assert.deepEqual(aptible.newWrites(), ["create databases store", "provision databases store"]);
});
