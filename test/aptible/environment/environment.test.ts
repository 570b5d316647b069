import assert from "node:assert/strict";
import { test } from "node:test";
import {
	addAutomaticBackups,
	addTailDrain,
	forgetRetentionPolicy,
	setPitrDays,
} from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const spec = { handle: "acme-test", stack: "shared-ca-central-1", phi: false };
const backups = { daily: 14, monthly: 0, yearly: 0, makeCopy: false, keepFinal: true };

/** Newest first. */
async function backupsOf(aptible: ReconcilerUnderTest, database: string): Promise<{ created_at: string }[]> {
	return (await aptible.cli("backup:list", database)) as { created_at: string }[];
}

test("an environment says where it is, how it reaches out, and what signs its databases", async (t) => {
	const aptible = await openReconciler(t);
	const { id, caCertificate, ...facts } = await aptible.applied("environment", spec);
	assert.deepEqual(facts, {
		handle: "acme-test",
		stack: "shared-ca-central-1",
		region: "ca-central-1",
		outboundIpAddresses: ["203.0.113.10/32", "203.0.113.11/32"],
		warnings: [],
	});
	assert.ok(Number.isInteger(id));
	assert.match(caCertificate, /^-----BEGIN CERTIFICATE-----\n/);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a policy that deletes nothing is set at once, and once", async (t) => {
	const aptible = await openReconciler(t);
	const changed = { ...spec, backups };
	await aptible.applied("environment", changed);
	await aptible.applied("environment", changed);
	assert.deepEqual(aptible.newWrites(), ["create backup_retention_policies acme-test"]);
});

test("days of point-in-time recovery are compared and never sent, and a policy that takes them away is told of", async (t) => {
	const aptible = await openReconciler(t);
	setPitrDays(aptible.dir, "acme-test", 14);
	const with14 = { ...spec, backups: { ...backups, pitrDays: 14 } };
	await aptible.applied("environment", with14);
	assert.deepEqual(aptible.newWrites(), ["create backup_retention_policies acme-test"]);
	setPitrDays(aptible.dir, "acme-test", 1);
	const says =
		'environment "acme-test" has 1 day of point-in-time recovery, and environment.backups.pitrDays says 14; ' +
		"only Aptible's support sets it (https://app.aptible.com/support): have it set there, or write pitrDays: 1\n";
	assert.equal((await aptible.apply("environment", with14)).stderr, says);
	assert.equal(
		(await aptible.apply("environment", { ...with14, backups: { ...with14.backups, daily: 20 } })).stderr,
		says,
	);
	assert.deepEqual(aptible.newWrites(), []);
	// What the first read answers is more than there is after the policy was set.
	const command = "GET /accounts/ID/backup_retention_policies";
	aptible.fault({ name: "answer-changed", command, with: { pitr_days: 28 } });
	const { stderr } = await aptible.apply("environment", { ...spec, backups: { ...backups, daily: 20 } });
	assert.match(stderr, /was set, and its point-in-time recovery went from 28 to 1 day; .* have it set to 28 again/);
});

test("an environment without a policy of its own has Aptible's", async (t) => {
	const aptible = await openReconciler(t);
	forgetRetentionPolicy(aptible.dir, "acme-test");
	const defaults = { daily: 30, monthly: 12, yearly: 6, makeCopy: false, keepFinal: true };
	await aptible.applied("environment", { ...spec, backups: defaults });
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("environment", { ...spec, backups });
	assert.deepEqual(aptible.newWrites(), ["create backup_retention_policies acme-test"]);
});

test("a policy that would delete backups is refused until their number is accepted, and deletes no more", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", redis);
	addAutomaticBackups(aptible.dir, "cache", 25);
	await aptible.cli("db:backup", "cache");
	const before = await backupsOf(aptible, "cache");
	aptible.newWrites();
	const refused = await aptible.apply("environment", { ...spec, backups });
	const day = (index: number) => before.at(index)?.created_at.slice(0, 10);
	assert.equal(
		refused.stderr,
		[
			'environment "acme-test": its new backup policy would delete up to 11 backups, which nobody can bring back:',
			`  database "cache": 11 automatic, from ${day(-1)} to ${day(15)}`,
			"If that is meant, set environment.backups.acceptLoss: 11 and run `pulumi up` again. To keep them, leave what Aptible has now: daily: 30, monthly: 12, yearly: 6.",
			"",
		].join("\n"),
	);
	const tooFew = await aptible.apply("environment", { ...spec, backups, acceptLoss: 10 });
	assert.match(tooFew.stderr, /bring back, and environment\.backups\.acceptLoss is 10:/);
	assert.deepEqual(aptible.newWrites(), []);
	const { warnings } = await aptible.applied("environment", { ...spec, backups, acceptLoss: 11 });
	assert.deepEqual(warnings, []);
	assert.deepEqual(aptible.newWrites(), ["create backup_retention_policies acme-test"]);
	assert.deepEqual(await backupsOf(aptible, "cache"), before.slice(0, 15));
	const again = await aptible.applied("environment", { ...spec, backups, acceptLoss: 11 });
	assert.deepEqual(again.warnings, ["environment.backups.acceptLoss has done its work; remove the line"]);
});

test("giving up final backups and copies counts the ones there are", async (t) => {
	const aptible = await openReconciler(t);
	const all = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true };
	await aptible.applied("environment", { ...spec, backups: all });
	await aptible.applied("database", redis);
	await aptible.removed("database", redis);
	await aptible.applied("database", redis);
	addAutomaticBackups(aptible.dir, "cache", 1);
	const { stderr } = await aptible.apply("environment", {
		...spec,
		backups: { ...all, makeCopy: false, keepFinal: false },
	});
	const lines = stderr.split("\n").map((line) => line.replace(/, of 20\d\d-\d\d-\d\d$/, ""));
	assert.deepEqual(lines.slice(0, 4), [
		'environment "acme-test": its new backup policy would delete up to 3 backups, which nobody can bring back:',
		'  database "cache": 1 copies in another region',
		"  deleted databases: 1 final backups",
		"  deleted databases: 1 copies in another region",
	]);
});

test("killed after a write, the next run goes on from there", async (t) => {
	const aptible = await openReconciler(t);
	const other = { handle: "acme-other", stack: "shared-ca-central-1", phi: false, backups };
	const seen: string[] = [];
	while (await aptible.interrupted(1, "environment", other)) seen.push(...aptible.newWrites());
	assert.deepEqual(seen, ["create accounts acme-other", "create backup_retention_policies acme-other"]);
	const renamed = { ...other, handle: "acme-new", renamedFrom: "acme-other" };
	assert.ok(await aptible.interrupted(1, "environment", renamed));
	await aptible.applied("environment", renamed);
	assert.deepEqual(aptible.newWrites(), ["update accounts"]);
	assert.ok(await aptible.interrupted(1, "environment", renamed, { verb: "remove" }));
	await aptible.removed("environment", renamed);
	assert.deepEqual(aptible.newWrites(), ["delete accounts"]);
});

test("the log drain that `aptible logs` leaves behind does not keep an environment from being deleted", async (t) => {
	const aptible = await openReconciler(t);
	addTailDrain(aptible.dir, "acme-test");
	aptible.newWrites();
	assert.ok(await aptible.interrupted(1, "environment", spec, { verb: "remove" }));
	await aptible.removed("environment", spec);
	const [drain = "", account = "", ...others] = aptible.newWrites();
	assert.match(drain, /^deprovision log_drains tail-\d+$/);
	assert.deepEqual([account, ...others], ["delete accounts"]);
});

test("an environment that is not empty says what is left in it, and what could not be read", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.applied("database", { ...redis, handle: "gone" });
	await aptible.removed("database", { ...redis, handle: "gone" });
	await aptible.applied("database", redis);
	await aptible.cli("apps:create", "portal");
	await aptible.cli("log_drain:create:https", "siem", "--environment", "acme-test", "--url", "https://a.example");
	const refused = async () =>
		(await aptible.remove("environment", spec)).stderr.replace(/backup(:purge)? \d+/g, "backup$1 ID");
	const first =
		'environment "acme-test" cannot be deleted: DELETE /accounts/119 on the Deploy API failed: HTTP 422: Cannot delete an environment that still has apps, databases, log drains, backups';
	const rest = [
		'  app "portal": `aptible apps:deprovision --app portal --environment acme-test` removes it',
		'  database "cache": `aptible db:deprovision cache --environment acme-test` removes it',
		'  log drain "siem": `aptible log_drain:deprovision siem --environment acme-test` removes it',
		'  backup ID, of database "gone", kept on purpose: `aptible backup:purge ID` deletes it for good',
		"Once nothing is left, run `pulumi destroy` again.",
		"",
	];
	assert.equal(await refused(), [first, ...rest].join("\n"));
	aptible.fault({ name: "unauthorized", command: "GET /accounts/ID/databases" });
	const lines = (await refused()).split("\n");
	assert.match(
		lines[2] ?? "",
		/^ {2}databases: unknown, as they could not be read: GET \/accounts\/119\/databases on the Deploy API failed: /,
	);
	assert.deepEqual([...lines.slice(0, 2), ...lines.slice(3)], [first, rest[0], ...rest.slice(2)]);
});

test("an environment does not move to another stack", async (t) => {
	const aptible = await openReconciler(t);
	const { stderr } = await aptible.apply("environment", { ...spec, stack: "shared-us-east-1" });
	assert.match(
		stderr,
		/environment "acme-test" is on stack "shared-ca-central-1" and cannot move to "shared-us-east-1" in place/,
	);
	assert.deepEqual(aptible.newWrites(), []);
});

const faults = [
	{ name: "connection-drops", write: "create" },
	{ name: "not-found-race" },
	{ name: "unauthorized" },
	{ name: "api-unreachable", times: 8 },
] as const;
test("after any fault one more run converges, and makes nothing twice", async (t) => {
	const aptible = await openReconciler(t);
	for (const [index, fault] of faults.entries()) {
		const other = { ...spec, handle: `acme-${index}`, backups };
		aptible.fault(fault);
		await aptible.apply("environment", other);
		aptible.clearFaults();
		await aptible.applied("environment", other);
		const writes = [`create accounts acme-${index}`, `create backup_retention_policies acme-${index}`];
		assert.deepEqual(aptible.newWrites(), writes, fault.name);
	}
});
