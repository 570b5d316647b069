/** What Aptible does not show of a database is unknown: it is neither guessed nor changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const spec = { ...redis, finalBackup: true };

const hidden = {
	automaticBackups: ["enable_backups"],
	"containerMb, containerProfile": ["_links.service"],
	"diskGb, iops": ["_embedded.disk"],
	iops: ["_embedded.disk.baseline_iops"],
} as const;

function hide(aptible: ReconcilerUnderTest, without: readonly string[]): void {
	aptible.fault({ name: "answer-changed", command: "GET /databases/ID$", times: 1000, without });
}

test("where Aptible does not say whether it backs a database up, the last backup is taken from here", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", spec);
	aptible.newWrites();
	hide(aptible, hidden.automaticBackups);
	await aptible.removed("database", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["backup databases cache", "deprovision databases cache"]);
});

for (const [field, without] of Object.entries(hidden)) {
	test(`a database of which Aptible does not show ${field} is refused, and left as it is`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("database", spec);
		aptible.newWrites();
		hide(aptible, without);
		for (const wanted of [spec, { ...spec, containerMb: 1024, automaticBackups: false, handle: "store" }]) {
			const { code, stderr } = await aptible.apply("database", wanted, { previous });
			assert.equal(code, 1);
			assert.match(stderr, new RegExp(`database "cache": Aptible does not show its ${field}, so `));
		}
		assert.deepEqual(aptible.newWrites(), []);
	});
}
