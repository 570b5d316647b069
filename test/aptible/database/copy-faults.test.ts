import assert from "node:assert/strict";
import { test } from "node:test";
import { postgresql } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const faults = [
	{ name: "portal-early", ms: 500 },
	{ name: "connection-drops" },
	{ name: "request-refused" },
	{ name: "not-found-race" },
] as const;
test("after any fault one more run has made each copy once", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	await aptible.cli("db:backup", "main");
	const [{ id: backup }] = (await aptible.cli("backup:list", "main")) as [{ id: number }];
	aptible.newWrites();
	const copies = { restored: { restoreFrom: backup }, replica: { replicaOf: { handle: "main", logical: false } } };
	const expected = ["main"];
	for (const [kind, origin] of Object.entries(copies)) {
		for (const [index, fault] of faults.entries()) {
			const spec = { ...postgresql, handle: `${kind}-${index}`, ...origin };
			expected.push(spec.handle);
			aptible.fault(fault);
			await aptible.apply("database", spec);
			aptible.clearFaults();
			await aptible.applied("database", spec);
			const sent = aptible.newWrites();
			assert.equal(sent.length, 1, `${kind}, ${fault.name}: ${sent}`);
		}
	}
	const databases = (await aptible.cli("db:list")) as { handle: string }[];
	assert.deepEqual(databases.map(({ handle }) => handle).sort(), expected.sort());
});
