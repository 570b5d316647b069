import assert from "node:assert/strict";
import { test } from "node:test";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { postgresql, redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

/** An environment with database `main` and one backup of it. */
async function withBackup(aptible: ReconcilerUnderTest): Promise<number> {
	await aptible.applied("database", postgresql);
	await aptible.cli("db:backup", "main");
	const [{ id }] = (await aptible.cli("backup:list", "main")) as [{ id: number }];
	aptible.newWrites();
	return id;
}

async function handles(aptible: ReconcilerUnderTest): Promise<string[]> {
	const databases = (await aptible.cli("db:list")) as { handle: string }[];
	return databases.map(({ handle }) => handle).sort();
}

test("a database is restored once, with its own sizes, and never again", async (t) => {
	const aptible = await openReconciler(t);
	const backup = await withBackup(aptible);
	const kmsKeyArn = "arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
	const spec = {
		...postgresql,
		handle: "qa",
		restoreFrom: backup,
		kmsKeyArn,
		containerMb: 2048,
		diskGb: 20,
		iops: 4000,
	};
	const previous = await aptible.applied("database", spec);
	assert.deepEqual(aptible.newWrites(), ["restore backups"]);
	await aptible.applied("database", spec, { previous });
	const { restoreFrom: _, ...kept } = spec;
	await aptible.applied("database", kept, { previous });
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(await handles(aptible), ["main", "qa"]);
});

test("a restore that was killed at work is waited for, not sent again", async (t) => {
	const aptible = await openReconciler(t);
	const backup = await withBackup(aptible);
	setLatency(aptible.dir, { operationMs: 1500 });
	const spec = { ...postgresql, handle: "qa", restoreFrom: backup };
	assert.ok(await aptible.interrupted(1, "database", spec));
	await aptible.applied("database", spec);
	assert.deepEqual(aptible.newWrites(), ["restore backups"]);
	assert.deepEqual(await handles(aptible), ["main", "qa"]);
});

test("a restore that failed leaves a record that is taken away and made again", async (t) => {
	const aptible = await openReconciler(t);
	const backup = await withBackup(aptible);
	const spec = { ...postgresql, handle: "qa", restoreFrom: backup };
	aptible.fault({ name: "provision-fails", reason: "snapshot not readable" });
	const failed = await aptible.apply("database", spec);
	assert.match(failed.stderr, /database "qa": restoring backup \d+ of "main" failed \(operation \d+, restore failed\)/);
	assert.match(failed.stderr, /snapshot not readable/);
	await aptible.applied("database", spec);
	const restore = "restore backups";
	assert.deepEqual(aptible.newWrites(), [restore, "deprovision databases qa", restore]);
	assert.deepEqual(await handles(aptible), ["main", "qa"]);
});

test("a backup that is not there, or of something else, is refused before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	const backup = await withBackup(aptible);
	const missing = await aptible.apply("database", { ...postgresql, handle: "qa", restoreFrom: 99999 });
	assert.equal(
		missing.stderr,
		'database "qa": there is no backup 99999. Look for it with `aptible backup:list DATABASE --environment acme-test` and `aptible backup:orphaned`, then fix databases.qa.restoreFrom.\n',
	);
	const other = await aptible.apply("database", { ...redis, handle: "qa", restoreFrom: backup });
	assert.equal(
		other.stderr,
		`database "qa": backup ${backup} is of "main", postgresql 16, and a restored database has the type and version of its backup. Set type: postgresql and version: "16", or choose another backup.\n`,
	);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a replica follows its primary, which cannot be deleted first", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	aptible.newWrites();
	const spec = { ...postgresql, handle: "copy", replicaOf: { handle: "main", logical: false }, containerMb: 2048 };
	const previous = await aptible.applied("database", spec);
	await aptible.applied("database", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["replicate databases main"]);
	const removal = await aptible.remove("database", { ...postgresql, finalBackup: true });
	assert.equal(
		removal.stderr,
		'database "main" cannot be deleted before its replicas: "copy". Remove those from the stage file first; or, where one has been promoted, remove its replicaOf line, which unlinks it.\n',
	);
	await aptible.applied("database", { ...spec, replicaOf: { handle: "main", renamedFrom: "old", logical: false } });
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.removed("database", spec, { previous });
	await aptible.removed("database", postgresql);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases copy", "deprovision databases main"]);
});

test("a logical replica takes over: it is unlinked when its replicaOf line goes, and its primary can be deleted", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	aptible.newWrites();
	const spec = { ...postgresql, handle: "next", version: "17", replicaOf: { handle: "main", logical: true } };
	const previous = await aptible.applied("database", spec);
	assert.deepEqual(aptible.newWrites(), ["replicate_logical databases main"]);
	const { replicaOf: _, ...promoted } = spec;
	await aptible.applied("database", promoted, { previous });
	await aptible.applied("database", promoted, { previous });
	assert.deepEqual(aptible.newWrites(), ["update databases"]);
	const back = await aptible.apply("database", spec, { previous });
	assert.match(back.stderr, /database "next" is no replica and cannot become a logical replica of "main" in place/);
	await aptible.removed("database", postgresql);
	assert.deepEqual(await handles(aptible), ["next"]);
});

test("a replica that failed or was killed at work is there once after the next run", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	aptible.newWrites();
	const spec = { ...postgresql, handle: "next", version: "17", replicaOf: { handle: "main", logical: true } };
	aptible.fault({ name: "provision-fails", reason: "pglogical node already exists" });
	const failed = await aptible.apply("database", spec);
	assert.match(failed.stderr, /pglogical node already exists/);
	assert.match(failed.stderr, /Before the next try, clean up what this one left on "main": https:\/\/\S+#cleanup/);
	setLatency(aptible.dir, { operationMs: 700 });
	assert.ok(await aptible.interrupted(2, "database", spec));
	await aptible.applied("database", spec);
	const replicate = "replicate_logical databases main";
	assert.deepEqual(aptible.newWrites(), [replicate, "deprovision databases next", replicate]);
	assert.deepEqual(await handles(aptible), ["main", "next"]);
});

test("a KMS key of another region is refused before anything is sent, one of the right region goes along", async (t) => {
	const aptible = await openReconciler(t);
	const key = (region: string) => `arn:aws:kms:${region}:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee`;
	const refused = await aptible.apply("database", { ...redis, kmsKeyArn: key("us-east-1") });
	assert.equal(
		refused.stderr,
		'database "cache": its KMS key is in us-east-1, and its stack "shared-ca-central-1" in ca-central-1. Set databases.cache.kmsKeyArn to a key of that region, shared with Aptible.\n',
	);
	assert.deepEqual(aptible.newWrites(), []);
	const spec = { ...redis, kmsKeyArn: key("ca-central-1") };
	await aptible.applied("database", spec);
	assert.equal((await aptible.apply("database", spec)).code, 0);
	const changed = await aptible.apply("database", { ...redis, kmsKeyArn: key("ca-central-1").replace("aaaa", "bbbb") });
	assert.match(changed.stderr, /database "cache" is encrypted with arn:aws:kms:\S+ and cannot go to arn:aws:kms:/);
});
