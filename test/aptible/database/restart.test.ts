import assert from "node:assert/strict";
import { test } from "node:test";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { postgresql } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { databaseSpec } from "../endpoint/endpoints-under-test.ts";

const { environment, handle, containerProfile, diskGb, iops } = postgresql;
const large = { environment, handle, containerMb: 4096, containerProfile, diskGb, iops };

/** Database `main` with an endpoint; gives what a Command hands over with that. */
async function withEndpoint(aptible: ReconcilerUnderTest) {
	await aptible.applied("database", postgresql);
	const { id } = await aptible.applied("endpoint", databaseSpec());
	aptible.newWrites();
	return { secrets: { "move.endpoint": String(id) } };
}

async function containerMb(aptible: ReconcilerUnderTest): Promise<number | undefined> {
	const [database] = (await aptible.cli("db:list")) as { container_size: number }[];
	return database?.container_size;
}

test("one restart brings the size and the name of the endpoint, and a second run none", async (t) => {
	const aptible = await openReconciler(t);
	const handover = await withEndpoint(aptible);
	const previous = await aptible.applied("database-restart", large, handover);
	assert.deepEqual(aptible.newWrites(), ["restart databases main"]);
	assert.equal(await containerMb(aptible), 4096);
	await aptible.applied("database-restart", large, { ...handover, previous });
	await aptible.applied("database-restart", large, handover);
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.removed("database-restart", large, { previous });
	assert.deepEqual(aptible.newWrites(), []);
});

test("a database of the right size is restarted for its certificate alone, IOPS with it", async (t) => {
	const aptible = await openReconciler(t);
	const handover = await withEndpoint(aptible);
	const same = { ...large, containerMb: 1024, iops: 4000 };
	await aptible.applied("database-restart", same, handover);
	assert.deepEqual(aptible.newWrites(), ["restart databases main"]);
	const [{ disk_provisioned_iops: live }] = (await aptible.cli("db:list")) as [{ disk_provisioned_iops: number }];
	assert.equal(live, 4000);
	await aptible.applied("database-restart", { ...same, iops: 5000 }, handover);
	assert.deepEqual(aptible.newWrites(), ["modify databases main"], "the certificate is as it should be by then");
});

test("a restart before the endpoint does not count, one by hand after it does", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	await aptible.cli("db:restart", "main");
	const handover = await withEndpoint(aptible);
	const same = { ...large, containerMb: 1024 };
	await aptible.cli("db:reload", "main");
	aptible.newWrites();
	await aptible.applied("database-restart", same, handover);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a restart that was refused does not count, nor does another filter ask for one", async (t) => {
	const aptible = await openReconciler(t);
	const handover = await withEndpoint(aptible);
	aptible.fault({ name: "request-refused", command: "db:restart" });
	const failed = await aptible.apply("database-restart", large, handover);
	assert.equal(failed.code, 1, failed.stderr);
	assert.equal(await containerMb(aptible), 1024);
	await aptible.applied("database-restart", large, handover);
	await aptible.cli(
		"endpoints:database:modify",
		"--database",
		"main",
		"--ip-whitelist",
		"203.0.113.9",
		"--",
		await host(aptible),
	);
	aptible.newWrites();
	await aptible.applied("database-restart", large, handover);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a run that is killed at its restart leaves it to the next to wait for", async (t) => {
	const aptible = await openReconciler(t);
	const handover = await withEndpoint(aptible);
	setLatency(aptible.dir, { operationMs: 1500 });
	assert.ok(await aptible.interrupted(1, "database-restart", large, handover));
	await aptible.applied("database-restart", large, handover);
	assert.deepEqual(aptible.newWrites(), ["restart databases main"]);
	assert.equal(await containerMb(aptible), 4096);
});

test("the database itself leaves its sizes alone, and begins with them", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", postgresql);
	const moved = { ...postgresql, containerMb: 4096, diskGb: 20, leavesSizes: true };
	aptible.newWrites();
	await aptible.applied("database", moved, { previous });
	assert.deepEqual(aptible.newWrites(), []);
	assert.equal(await containerMb(aptible), 1024);
	await aptible.removed("database", postgresql, { previous });
	await aptible.applied("database", moved);
	assert.equal(await containerMb(aptible), 4096);
});

test("a database that is gone, and an endpoint that nothing brought up, are named", async (t) => {
	const aptible = await openReconciler(t);
	const gone = await aptible.apply("database-restart", large, { secrets: { "move.endpoint": "77" } });
	assert.match(
		gone.stderr,
		/database "main" is not in environment "acme-test", so it cannot be restarted\. Look at .*aptible db:list/,
	);
	const handover = await withEndpoint(aptible);
	await aptible.cli("endpoints:deprovision", "--database", "main", "--", await host(aptible));
	const missing = await aptible.apply("database-restart", large, handover);
	assert.equal(missing.code, 1);
	assert.match(
		missing.stderr,
		/shows no operation that brought its endpoint \d+ up, so whether .* is unknown\. Run `pulumi up` again\./,
	);
	assert.equal(await containerMb(aptible), 1024);
});

test("a new endpoint asks for a restart by hand, unless one follows", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", postgresql);
	const { stderr: alone } = await aptible.apply("endpoint", databaseSpec());
	assert.match(alone, /its certificate names it only after `aptible db:reload main --environment acme-test`/);
	const moved = databaseSpec({ name: "mover", restartFollows: true, hasTwins: true });
	const { stderr, code } = await aptible.apply("endpoint", moved, { secrets: { "hints.claim": '{"after":1000}' } });
	assert.equal(code, 0, stderr);
	assert.doesNotMatch(stderr, /db:reload/);
	assert.equal(((await aptible.cli("endpoints:list", "--database", "main")) as unknown[]).length, 2);
});

async function host(aptible: ReconcilerUnderTest): Promise<string> {
	const [endpoint] = (await aptible.cli("endpoints:list", "--database", "main")) as [{ hostname: string }];
	return endpoint.hostname;
}
