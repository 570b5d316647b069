import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const spec = { ...redis, finalBackup: true };

/** Backups of the environment's deleted databases: true for a manual one. */
async function orphans(aptible: ReconcilerUnderTest): Promise<boolean[]> {
	const backups = (await aptible.cli("backup:orphaned")) as { manual: boolean }[];
	return backups.map(({ manual }) => manual);
}

function keepFinal(aptible: ReconcilerUnderTest, keep: boolean): Promise<unknown> {
	const flag = keep ? "--keep-final" : "--no-keep-final";
	return aptible.cli("backup_retention_policy:set", "acme-test", flag, "--force");
}

test("where Aptible keeps a last backup by itself, none is taken beside it", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", spec);
	aptible.newWrites();
	await aptible.removed("database", spec);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases cache"]);
	assert.deepEqual(await orphans(aptible), [false]);
});

test("where Aptible keeps none, a last backup is taken, seen, and outlives the database", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	await aptible.applied("database", spec);
	aptible.newWrites();
	const { stderr, code } = await aptible.remove("database", spec);
	assert.equal(code, 0, stderr);
	assert.match(
		stderr,
		/database "cache": backup \d+ is its last one, kept until `aptible backup:purge \d+`\ndatabase "cache": deprov/,
	);
	assert.deepEqual(aptible.newWrites(), ["backup databases cache", "deprovision databases cache"]);
	assert.deepEqual(await orphans(aptible), [true]);
});

test("a database that is left out of automatic backups gets its last one from here, whatever the policy", async (t) => {
	const aptible = await openReconciler(t);
	const excluded = { ...spec, automaticBackups: false };
	await aptible.applied("database", excluded);
	aptible.newWrites();
	await aptible.removed("database", excluded);
	assert.deepEqual(aptible.newWrites(), ["backup databases cache", "deprovision databases cache"]);
	assert.deepEqual(await orphans(aptible), [true]);
});

test("without finalBackup nothing is kept that the policy does not keep", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	await aptible.applied("database", redis);
	aptible.newWrites();
	await aptible.removed("database", redis);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases cache"]);
	assert.deepEqual(await orphans(aptible), []);
});

test("a removal that was killed is finished by the next one, with a backup of its own", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	await aptible.applied("database", spec);
	aptible.newWrites();
	assert.ok(await aptible.interrupted(1, "database", spec, { verb: "remove" }));
	assert.ok(await aptible.interrupted(2, "database", spec, { verb: "remove" }));
	await aptible.removed("database", spec);
	assert.deepEqual(aptible.newWrites(), [
		"backup databases cache",
		"backup databases cache",
		"deprovision databases cache",
	]);
	assert.deepEqual(await orphans(aptible), [true, true]);
});

test("nothing is deleted when the last backup cannot be taken", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	await aptible.applied("database", spec);
	aptible.newWrites();
	aptible.fault({ name: "request-refused", reason: "backups are paused" });
	const { stderr, code } = await aptible.remove("database", spec);
	assert.equal(code, 1);
	assert.match(stderr, /backups are paused/);
	assert.deepEqual(aptible.newWrites(), []);
});

test("what never came up is removed without a backup", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	aptible.fault({ name: "provision-fails" });
	await aptible.apply("database", spec);
	aptible.newWrites();
	await aptible.removed("database", spec);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases cache"]);
});

const faults = [{ name: "portal-early", ms: 500 }, { name: "connection-drops" }, { name: "request-refused" }] as const;
test("after any fault one more removal is enough, with one last backup", async (t) => {
	const aptible = await openReconciler(t);
	await keepFinal(aptible, false);
	let backups = 0;
	for (const fault of faults) {
		for (const command of ["db:backup", "db:deprovision"]) {
			await aptible.applied("database", spec);
			aptible.newWrites();
			aptible.fault({ ...fault, command });
			await aptible.remove("database", spec);
			aptible.clearFaults();
			await aptible.removed("database", spec);
			const writes = aptible.newWrites();
			assert.deepEqual(writes.slice(-2), ["backup databases cache", "deprovision databases cache"], fault.name);
			// A deletion that Aptible refused left no trace by which the backup before it could be known.
			const isRefused = fault.name === "request-refused" && command === "db:deprovision";
			backups += isRefused ? 2 : 1;
			assert.equal(writes.length, isRefused ? 3 : 2, `${fault.name}, ${command}`);
		}
	}
	assert.deepEqual(await orphans(aptible), new Array(backups).fill(true));
});
