/** A database that was recorded and that somebody deleted by hand: it never comes back empty unasked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { postgresql } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

/** An environment with the recorded database `main`, which somebody has deleted by hand. */
async function openGone(t: Parameters<typeof openReconciler>[0], { keepsFinal = true } = {}) {
	const aptible = await openReconciler(t);
	if (!keepsFinal) await aptible.cli("backup_retention_policy:set", "acme-test", "--no-keep-final", "--force");
	const previous = await aptible.applied("database", postgresql);
	await aptible.cli("db:deprovision", "main");
	aptible.newWrites();
	return { aptible, previous };
}

async function orphans(aptible: ReconcilerUnderTest): Promise<{ id: number; created_at: string }[]> {
	return (await aptible.cli("backup:orphaned")) as { id: number; created_at: string }[];
}

async function live(aptible: ReconcilerUnderTest): Promise<{ id: number; handle: string }[]> {
	return (await aptible.cli("db:list")) as { id: number; handle: string }[];
}

const restore = "restore backups";

test("it is refused, with its last backup and both ways on", async (t) => {
	const { aptible, previous } = await openGone(t);
	const [backup] = await orphans(aptible);
	const { code, stderr } = await aptible.apply("database", postgresql, { previous });
	assert.deepEqual(
		[code, stderr.trim()],
		[
			1,
			`database "main" (id ${previous.id}) is gone from Aptible, and a new one would be empty. Its last backup is ${backup?.id} of ${backup?.created_at}. To bring it back, set databases.main.restoreFrom: ${backup?.id}. To give up its data, set databases.main.acceptLossOf: ${previous.id}. Then run \`pulumi up\` again.`,
		],
	);
	assert.deepEqual(aptible.newWrites(), []);
});

test("without a backup it says that none is left", async (t) => {
	const { aptible, previous } = await openGone(t, { keepsFinal: false });
	const { stderr } = await aptible.apply("database", postgresql, { previous });
	assert.match(
		stderr,
		/would be empty\. No backup of it is left \(`aptible backup:orphaned --environment acme-test`\)\. To give up/,
	);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a backup of which Aptible does not say whose it is may be its last one: that none is left is not said", async (t) => {
	const { aptible, previous } = await openGone(t);
	const [backup] = await orphans(aptible);
	const hide = () =>
		aptible.fault({ name: "answer-changed", without: ["_links.database"], command: "GET ", times: 99 });
	hide();
	const { stderr } = await aptible.apply("database", postgresql, { previous });
	assert.equal(
		stderr.trim(),
		`database "main" (id ${previous.id}) is gone from Aptible, and a new one would be empty. Aptible does not say whether ${backup?.id} of ${backup?.created_at} is a backup of it or of another "main". To bring it back from such a one, set databases.main.restoreFrom to its number beside databases.main.acceptLossOf: ${previous.id}. To give up its data, set databases.main.acceptLossOf: ${previous.id}. Then run \`pulumi up\` again.`,
	);
	const restored = { ...postgresql, restoreFrom: backup?.id };
	const unsure = await aptible.apply("database", restored, { previous });
	assert.match(
		unsure.stderr,
		/and backup \d+, which databases\.main\.restoreFrom names, is of a "main" of which Aptible does not say whether it is this one\./,
	);
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("database", { ...restored, acceptLossOf: previous.id }, { previous });
	assert.deepEqual(aptible.newWrites(), [restore]);
});

test("restoreFrom brings it back once; the line may stay and may go", async (t) => {
	const { aptible, previous } = await openGone(t);
	const [backup] = await orphans(aptible);
	const restored = { ...postgresql, restoreFrom: backup?.id };
	const now = await aptible.applied("database", restored, { previous });
	assert.deepEqual(aptible.newWrites(), [restore]);
	assert.notEqual(now.id, previous.id);
	const again = await aptible.applied("database", restored, { previous: now });
	const without = await aptible.applied("database", postgresql, { previous: again });
	await aptible.applied("database", restored, { previous: without });
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(
		(await live(aptible)).map(({ id }) => id),
		[now.id],
	);
});

test("restoreFrom is refused while the recorded database is there", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", postgresql);
	await aptible.cli("db:backup", "main");
	const [{ id }] = (await aptible.cli("backup:list", "main")) as [{ id: number }];
	aptible.newWrites();
	const { code, stderr } = await aptible.apply("database", { ...postgresql, restoreFrom: id }, { previous });
	assert.deepEqual(
		[code, stderr.trim()],
		[
			1,
			`database "main" exists and cannot be made from backup ${id} in place. Declare a second database with restoreFrom: ${id}, move to it, then remove this one.`,
		],
	);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a restored database whose origin an older version did not record goes on as it is", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	await aptible.cli("db:backup", "main");
	const [{ id }] = (await aptible.cli("backup:list", "main")) as [{ id: number }];
	const copy = { ...postgresql, handle: "copy", restoreFrom: id };
	const { restoredFrom, ...previous } = await aptible.applied("database", copy);
	assert.equal(restoredFrom, id);
	aptible.newWrites();
	await aptible.applied("database", copy, { previous });
	const other = { previous: { ...previous, restoredFrom } };
	const refused = await aptible.apply("database", { ...copy, restoreFrom: id + 1 }, other);
	assert.match(refused.stderr, /database "copy" was made from backup \d+ and cannot be made from backup \d+ in place/);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a copy does not come back as it first was, unless its data is given up", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	await aptible.cli("db:backup", "main");
	const [{ id }] = (await aptible.cli("backup:list", "main")) as [{ id: number }];
	const copy = { ...postgresql, handle: "copy", restoreFrom: id };
	const previous = await aptible.applied("database", copy);
	await aptible.cli("db:deprovision", "copy");
	aptible.newWrites();
	const refused = await aptible.apply("database", copy, { previous });
	assert.match(
		refused.stderr,
		new RegExp(
			`is gone from Aptible, and backup ${id}, which databases.copy.restoreFrom names, is of another database, "main"`,
		),
	);
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("database", { ...copy, acceptLossOf: previous.id }, { previous });
	assert.deepEqual(aptible.newWrites(), [restore]);
});

test("acceptLossOf gives up this one's data, and no later one's", async (t) => {
	const { aptible, previous } = await openGone(t);
	const spec = { ...postgresql, acceptLossOf: previous.id };
	const now = await aptible.applied("database", spec, { previous });
	await aptible.applied("database", spec, { previous: now });
	await aptible.applied("database", postgresql, { previous: now });
	assert.deepEqual(aptible.newWrites(), ["create databases main", "provision databases main"]);
	await aptible.cli("db:deprovision", "main");
	aptible.newWrites();
	assert.match((await aptible.apply("database", spec, { previous: now })).stderr, /is gone from Aptible/);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a replica that is gone is made again from its primary", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	const replica = { ...postgresql, handle: "copy", replicaOf: { handle: "main", logical: false } };
	const previous = await aptible.applied("database", replica);
	await aptible.cli("db:deprovision", "copy");
	aptible.newWrites();
	await aptible.applied("database", replica, { previous });
	assert.deepEqual(aptible.newWrites(), ["replicate databases main"]);
});

test("a return that was killed after any write is finished by the next run", async (t) => {
	for (const answer of ["restoreFrom", "acceptLossOf"]) {
		const { aptible, previous } = await openGone(t);
		const [backup] = await orphans(aptible);
		const spec = { ...postgresql, [answer]: answer === "restoreFrom" ? backup?.id : previous.id };
		for (let n = 1; await aptible.interrupted(1, "database", spec, { previous }); n += 1) assert.ok(n < 4);
		const now = await aptible.applied("database", spec, { previous });
		const sent = aptible.newWrites();
		assert.deepEqual(
			sent,
			answer === "restoreFrom" ? [restore] : ["create databases main", "provision databases main"],
			answer,
		);
		await aptible.applied("database", spec, { previous: now });
		assert.deepEqual(aptible.newWrites(), []);
	}
});

test("removing it is no error", async (t) => {
	const { aptible, previous } = await openGone(t);
	await aptible.removed("database", { ...postgresql, finalBackup: true }, { previous });
	assert.deepEqual(aptible.newWrites(), []);
});

test("one of an environment that was deleted and made again by hand does not come back empty", async (t) => {
	const { aptible, previous } = await openGone(t, { keepsFinal: false });
	const environment = await aptible.applied("environment", {
		handle: "acme-test",
		stack: "shared-ca-central-1",
		phi: false,
	});
	await aptible.removed(
		"environment",
		{ handle: "acme-test", stack: "shared-ca-central-1", phi: false },
		{ previous: environment },
	);
	await aptible.applied("environment", { handle: "acme-test", stack: "shared-ca-central-1", phi: false });
	aptible.newWrites();
	assert.match((await aptible.apply("database", postgresql, { previous })).stderr, /is gone from Aptible/);
	// Its environment is not the one that has the handle now: what was in it is for a person to say.
	const { code, stderr } = await aptible.remove("database", postgresql, { previous });
	assert.equal(code, 1);
	assert.match(
		stderr,
		/environment "acme-test" \(id \d+\) is not among those that this token sees.*pulumi state delete URN/s,
	);
	assert.deepEqual(aptible.newWrites(), []);
});
