/** Which backup is the last one of a database that is deleted with `finalBackup`: only one that this removal, or one that was killed, took. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { sandboxToken, setClock } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const spec = { ...redis, finalBackup: true };
const hourMs = 60 * 60_000;
const yearMs = 365 * 24 * hourMs;

/** An environment whose policy keeps no final backup, with the database in it. */
async function openDatabase(t: Parameters<typeof openReconciler>[0]) {
	const aptible = await openReconciler(t);
	await aptible.cli("backup_retention_policy:set", "acme-test", "--no-keep-final", "--force");
	const previous = await aptible.applied("database", spec);
	aptible.newWrites();
	return { aptible, previous };
}

/** Has something happen on Aptible at another time. */
async function at(aptible: ReconcilerUnderTest, aheadMs: number, happen: () => Promise<unknown>): Promise<void> {
	setClock(aptible.dir, aheadMs);
	await happen();
	setClock(aptible.dir, 0);
	aptible.newWrites();
}

const taken = ["backup databases cache", "deprovision databases cache"];

async function assertTakesAnother(aptible: ReconcilerUnderTest): Promise<void> {
	await aptible.removed("database", spec);
	assert.deepEqual(aptible.newWrites(), taken);
}

async function assertGoesOn(aptible: ReconcilerUnderTest): Promise<void> {
	await aptible.removed("database", spec);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases cache"]);
}

/** A removal whose deletion fails after its backup. */
async function failedDeletion(aptible: ReconcilerUnderTest): Promise<void> {
	aptible.fault({ name: "deprovision-fails" });
	assert.equal((await aptible.remove("database", spec)).code, 1);
	assert.deepEqual(aptible.newWrites(), taken);
}

/** A removal that is killed when its backup has been taken. */
async function killedAfterBackup(aptible: ReconcilerUnderTest): Promise<void> {
	assert.ok(await aptible.interrupted(1, "database", spec, { verb: "remove" }));
	assert.deepEqual(aptible.newWrites(), ["backup databases cache"]);
}

test("a deletion that failed months ago makes no last backup of one that is two years old", async (t) => {
	const { aptible } = await openDatabase(t);
	await at(aptible, -2 * yearMs, () => aptible.cli("db:backup", "cache"));
	aptible.fault({ name: "deprovision-fails" });
	await at(aptible, -yearMs / 4, () => callCli(["db:deprovision", "cache"], aptible.env));
	const { code, stderr } = await aptible.remove("database", spec);
	assert.equal(code, 1);
	assert.deepEqual(aptible.newWrites(), []);
	// Aptible takes no backup of a database in this state.
	const [{ id }] = (await aptible.cli("backup:list", "cache")) as [{ id: number }];
	assert.match(
		stderr,
		new RegExp(
			`database "cache" is not deleted: an earlier deletion of it failed, and it has no last backup. Its newest manual backup is ${id} of \\d{4}-[^.]+ UTC\\. ` +
				"If its data is not needed beyond that, run `aptible db:deprovision cache --environment acme-test`, then this command again.",
		),
	);
});

test("a backup that a nightly job took two hours ago is not the last one", async (t) => {
	const { aptible } = await openDatabase(t);
	await at(aptible, -2 * hourMs, () => aptible.cli("db:backup", "cache"));
	await assertTakesAnother(aptible);
});

test("a backup that somebody else took a minute ago is not the last one", async (t) => {
	const { aptible } = await openDatabase(t);
	const env = { ...aptible.env, APTIBLE_ACCESS_TOKEN: sandboxToken("nightly@acme.example") };
	await at(aptible, -60_000, () => callCli(["db:backup", "cache"], env));
	await assertTakesAnother(aptible);
});

test("a backup that the same user took by hand, and went on writing, is not the last one", async (t) => {
	const { aptible } = await openDatabase(t);
	await at(aptible, -50 * 60_000, () => aptible.cli("db:backup", "cache"));
	await assertTakesAnother(aptible);
});

test("a removal that was killed before its deletion was sent takes another, as its backup may be anybody's", async (t) => {
	const { aptible } = await openDatabase(t);
	await killedAfterBackup(aptible);
	await assertTakesAnother(aptible);
});

test("a deletion that failed goes on with its backup within the hour, not after it", async (t) => {
	const first = await openDatabase(t);
	await failedDeletion(first.aptible);
	setClock(first.aptible.dir, hourMs - 60_000);
	await assertGoesOn(first.aptible);
	const second = await openDatabase(t);
	await failedDeletion(second.aptible);
	setClock(second.aptible.dir, hourMs + 60_000);
	assert.match((await second.aptible.remove("database", spec)).stderr, /an earlier deletion of it failed/);
	assert.deepEqual(second.aptible.newWrites(), []);
});

test("the hour is one of Aptible's clock: this machine may be hours ahead of it", async (t) => {
	const { aptible } = await openDatabase(t);
	setClock(aptible.dir, -3 * hourMs);
	await failedDeletion(aptible);
	await assertGoesOn(aptible);
});

test("the hour is one of Aptible's clock: this machine may be hours behind it", async (t) => {
	const { aptible } = await openDatabase(t);
	setClock(aptible.dir, hourMs);
	await failedDeletion(aptible);
	setClock(aptible.dir, 3 * hourMs);
	assert.equal((await aptible.remove("database", spec)).code, 1);
	assert.deepEqual(aptible.newWrites(), []);
});

test("after a restart of somebody else's a killed removal takes another backup", async (t) => {
	const { aptible } = await openDatabase(t);
	await killedAfterBackup(aptible);
	await aptible.cli("db:restart", "cache");
	aptible.newWrites();
	await assertTakesAnother(aptible);
});

test("nothing is deleted while the backup that was taken is not listed", async (t) => {
	const { aptible, previous } = await openDatabase(t);
	await at(aptible, -yearMs, () => aptible.cli("db:backup", "cache"));
	aptible.fault({ name: "not-found-race", command: `GET /databases/${previous.id}/backups`, times: 1000 });
	const { code, stderr } = await aptible.remove("database", spec);
	assert.equal(code, 1);
	assert.match(stderr, /database "cache" is not deleted: its last backup was taken \(operation \d+\), but/);
	assert.deepEqual(aptible.newWrites(), ["backup databases cache"]);
	aptible.clearFaults();
	await assertTakesAnother(aptible);
});

test("a killed removal whose backup was purged meanwhile takes another", async (t) => {
	const { aptible } = await openDatabase(t);
	await killedAfterBackup(aptible);
	const [{ id }] = (await aptible.cli("backup:list", "cache")) as [{ id: number }];
	await aptible.cli("backup:purge", String(id));
	aptible.newWrites();
	await assertTakesAnother(aptible);
});
