import assert from "node:assert/strict";
import { test } from "node:test";
import { setPitrDays } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { postgresql, redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

/** Handles of the environment's databases. */
async function handles(aptible: ReconcilerUnderTest): Promise<string[]> {
	const databases = (await aptible.cli("db:list")) as { handle: string }[];
	return databases.map(({ handle }) => handle);
}

test("a database is made with one provision, and the second run sends nothing", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.apply("database", postgresql);
	assert.equal(first.code, 0, first.stderr);
	assert.deepEqual(aptible.newWrites(), ["create databases main", "provision databases main"]);
	const { id, environmentId, ...facts } = first.facts;
	assert.deepEqual(facts, { handle: "main", type: "postgresql", version: "16", warnings: [] });
	assert.ok(Number.isInteger(id) && Number.isInteger(environmentId));
	const again = await aptible.apply("database", postgresql, { previous: first.facts });
	assert.deepEqual(aptible.newWrites(), []);
	assert.equal(again.stdout, first.stdout);
	const [{ connection_url: url }] = (await aptible.cli("db:list")) as [{ connection_url: string }];
	const password = /:(\w+)@/.exec(url)?.[1] ?? "none";
	for (const text of [first.stdout, first.stderr, again.stdout, again.stderr]) assert.ok(!text.includes(password));
});

test("each field that changes alone costs what it has to, and no more", async (t) => {
	const aptible = await openReconciler(t);
	let spec = redis;
	const previous = await aptible.applied("database", spec);
	aptible.newWrites();
	const changes = [
		[{ containerMb: 1024 }, ["restart databases cache"]],
		[{ diskGb: 20 }, ["restart databases cache"]],
		[{ iops: 4000 }, ["modify databases cache"]],
		[{ containerMb: 2048, containerProfile: "c", diskGb: 30, iops: 5000 }, ["restart databases cache"]],
		[{ automaticBackups: false }, ["update databases"]],
		[{ automaticBackups: true }, ["update databases"]],
		[{ finalBackup: true }, []],
		[{ handle: "store", renamedFrom: "cache" }, ["update databases"]],
	] as const;
	for (const [change, writes] of changes) {
		spec = { ...spec, ...change };
		await aptible.applied("database", spec, { previous });
		assert.deepEqual(aptible.newWrites(), writes, JSON.stringify(change));
	}
});

test("what somebody changed by hand is changed back", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", redis);
	await aptible.cli("db:restart", "cache", "--container-size", "4096");
	await aptible.cli("db:rename", "cache", "renamed-by-hand");
	aptible.newWrites();
	await aptible.applied("database", redis, { previous });
	assert.deepEqual(aptible.newWrites(), ["update databases", "restart databases cache"]);
});

test("a live database is taken over as it is, with what differs changed", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.cli("db:create", "cache", "--type", "redis", "--version", "8.2", "--container-size", "1024");
	aptible.newWrites();
	await aptible.applied("database", redis);
	assert.deepEqual(aptible.newWrites(), ["restart databases cache"]);
	await aptible.applied("database", redis);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a removed database is deprovisioned, and removing it again is no error", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", redis);
	aptible.newWrites();
	await aptible.removed("database", redis, { previous });
	await aptible.removed("database", redis, { previous });
	assert.deepEqual(aptible.newWrites(), ["deprovision databases cache"]);
	assert.deepEqual(await handles(aptible), []);
});

test("what cannot change in place is refused, with what to do instead, before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	const kmsKeyArn = "arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
	const previous = await aptible.applied("database", { ...postgresql, diskGb: 20 });
	aptible.newWrites();
	const refusals = [
		[
			{ version: "17" },
			'database "main" is postgresql 16 and cannot become postgresql 17 in place. Declare a second database with the new type or version, move the data, then remove the old one.',
		],
		[
			{ diskGb: 10 },
			'database "main" has a disk of 20 GB and cannot go to 10 GB: disks never shrink. Set databases.main.diskGb to 20 or more, or move the data to a new, smaller database.',
		],
		[
			{ kmsKeyArn },
			`database "main" is encrypted with Aptible's own key and cannot go to ${kmsKeyArn} in place. Back it up (\`aptible db:backup main\`), declare a second database with restoreFrom that backup and the new key, move to it, then remove this one.`,
		],
		[
			{ replicaOf: { handle: "other", logical: false } },
			'database "main" is no replica and cannot become a streaming replica of "other" in place. Declare a second database with that replicaOf, then remove this one.',
		],
	] as const;
	for (const [change, says] of refusals) {
		const result = await aptible.apply("database", { ...postgresql, diskGb: 20, ...change }, { previous });
		assert.deepEqual([result.code, result.stderr.trim()], [1, says]);
	}
	assert.deepEqual(aptible.newWrites(), []);
});

test("point-in-time recovery keeps automatic backups on, which is said before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	const spec = { ...postgresql, automaticBackups: false };
	const says =
		'database "main": its automatic backups cannot be turned off: the environment keeps 1 day of point-in-time recovery for PostgreSQL, which needs them. Remove databases.main.automaticBackups, or have Aptible\'s support turn point-in-time recovery off for environment "acme-test" first (https://app.aptible.com/support).\n';
	assert.equal((await aptible.apply("database", spec)).stderr, says);
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("database", postgresql);
	aptible.newWrites();
	assert.equal((await aptible.apply("database", spec)).stderr, says);
	assert.deepEqual(aptible.newWrites(), []);
	setPitrDays(aptible.dir, "acme-test", 0);
	await aptible.applied("database", spec);
	assert.deepEqual(aptible.newWrites(), ["update databases"]);
});

test("a failed provisioning shows its log and is finished by the next run", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "provision-fails", reason: "no volume left in this zone" });
	const failed = await aptible.apply("database", redis);
	assert.equal(failed.code, 1);
	assert.match(failed.stderr, /database "cache": creating failed \(operation \d+, provision failed\)/);
	assert.match(failed.stderr, /no volume left in this zone/);
	aptible.newWrites();
	await aptible.applied("database", redis);
	assert.deepEqual(aptible.newWrites(), ["provision databases cache"]);
	assert.deepEqual(await handles(aptible), ["cache"]);
});

const faults = [
	{ name: "portal-down" },
	{ name: "portal-early", ms: 600 },
	{ name: "slow-queue", ms: 600 },
	{ name: "connection-drops", write: "operation" },
	{ name: "connection-drops", write: "create" },
	{ name: "request-refused", reason: "too many operations" },
	{ name: "not-found-race" },
	{ name: "api-unreachable", times: 2 },
] as const;
test("after any fault one more run converges, and makes nothing twice", async (t) => {
	const aptible = await openReconciler(t);
	for (const [index, fault] of faults.entries()) {
		const spec = { ...redis, handle: `cache-${index}` };
		aptible.fault(fault);
		await aptible.apply("database", spec);
		aptible.clearFaults();
		await aptible.applied("database", spec);
		const provisions = aptible.newWrites().filter((write) => write === `provision databases ${spec.handle}`);
		assert.equal(provisions.length, 1, `${fault.name}: ${provisions}`);
	}
	assert.deepEqual((await handles(aptible)).sort(), faults.map((_, index) => `cache-${index}`).sort());
});

test("killed after any write, the next run goes on from there", async (t) => {
	const aptible = await openReconciler(t);
	assert.ok(await aptible.interrupted(1, "database", redis));
	assert.deepEqual(aptible.newWrites(), ["create databases cache"]);
	assert.ok(await aptible.interrupted(1, "database", redis));
	assert.deepEqual(aptible.newWrites(), ["provision databases cache"]);
	const larger = { ...redis, handle: "store", renamedFrom: "cache", containerMb: 1024, automaticBackups: false };
	const seen: string[] = [];
	while (await aptible.interrupted(1, "database", larger)) seen.push(...aptible.newWrites());
	assert.deepEqual(seen, ["update databases", "update databases", "restart databases store"]);
	assert.deepEqual(await handles(aptible), ["store"]);
	assert.ok(await aptible.interrupted(1, "database", larger, { verb: "remove" }));
	await aptible.removed("database", larger);
	assert.deepEqual(aptible.newWrites(), ["deprovision databases store"]);
	assert.deepEqual(await handles(aptible), []);
});
