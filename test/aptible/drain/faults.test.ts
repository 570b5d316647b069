/** Log drains under everything that can go wrong; metric drains go through the same code (`metric-drain.test.ts`). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { openDrains } from "./drains-under-test.ts";

const secrets = { "secrets.siemUrl": "https://logs.acme.example/key-1" };
const changed = { "secrets.siemUrl": "https://logs.acme.example/key-2" };
const changedAgain = { "secrets.siemUrl": "https://logs.acme.example/key-3" };

test("a failed provision shows its log, and the next run provisions the same record", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	aptible.fault({ name: "provision-fails", reason: "connection refused" });
	const { code, stderr } = await aptible.apply("log-drain", drains.logDrain(), { secrets });
	assert.equal(code, 1);
	assert.match(
		stderr.replaceAll(/\d{3,}/g, "N"),
		/^log drain "siem-N": provisioning failed \(operation N, provision failed\)\.\nThe end of its log:\n( {2}.*\n)* {2}.* connection refused\n( {2}.*\n)*The whole log: aptible operation:logs N\./m,
	);
	assert.deepEqual(drains.live(), [`${drains.handle()} provision_failed`]);
	aptible.newJournal();
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	assert.deepEqual(aptible.newWrites(), [`provision log_drains ${drains.handle()}`]);
	// The old drain serves on while its successor fails, also when the successor is not what is wanted any more.
	aptible.fault({ name: "provision-fails" });
	assert.equal((await aptible.apply("log-drain", drains.logDrain(), { secrets: changed, previous })).code, 1);
	assert.deepEqual(drains.live(), [`${drains.handle()} provisioned`, `${drains.handle(2)} provision_failed`]);
	aptible.newJournal();
	const facts = await aptible.applied("log-drain", drains.logDrain(), { secrets: changedAgain, previous });
	assert.deepEqual(aptible.newWrites(), [
		`create log_drains ${drains.handle(3)}`,
		`provision log_drains ${drains.handle(3)}`,
		`deprovision log_drains ${drains.handle()}`,
		`deprovision log_drains ${drains.handle(2)}`,
	]);
	await aptible.applied("log-drain", drains.logDrain(), { secrets: changedAgain, previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
});

test("a failed provision by the CLI shows its log, and the next run provisions by the API", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const spec = drains.logDrain({ kind: "papertrail", host: "logs.papertrailapp.com", port: 12345 });
	aptible.fault({ name: "provision-fails", reason: "connection refused" });
	const { code, stderr } = await aptible.apply("log-drain", spec);
	assert.equal(code, 1);
	assert.match(
		stderr,
		/log drain "siem-\d+": creating failed \(operation \d+, provision failed\)\.[\s\S]*connection refused/,
	);
	aptible.newJournal();
	await aptible.applied("log-drain", spec);
	assert.deepEqual(aptible.newWrites(), [`provision log_drains ${drains.handle()}`]);
});

/** What may befall a first run, and whether it succeeds all the same. */
const passing: { fault: Fault; spec?: Record<string, unknown>; succeeds: boolean }[] = [
	{ fault: { name: "connection-drops", write: "create" }, succeeds: true },
	{ fault: { name: "connection-drops", write: "operation" }, succeeds: true },
	{ fault: { name: "slow-queue", ms: 300 }, succeeds: true },
	{ fault: { name: "request-refused", reason: "not now" }, succeeds: false },
	{ fault: { name: "request-refused", status: 500 }, succeeds: false },
	{ fault: { name: "unauthorized", command: "POST /accounts" }, succeeds: false },
	{ fault: { name: "not-found-race", command: "GET /accounts/ID/log_drains" }, succeeds: true },
];

const byCli = { kind: "papertrail", host: "logs.papertrailapp.com", port: 12345 };

test("a first run under each fault ends with one drain, at the next run at the latest", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const cases: typeof passing = [
		...passing,
		// The CLI makes its record without a request to the API that could be refused.
		...passing.filter(({ fault }) => fault.name !== "unauthorized").map((one) => ({ ...one, spec: byCli })),
		{ fault: { name: "portal-down" }, spec: byCli, succeeds: true },
		{ fault: { name: "portal-early", ms: 200 }, spec: byCli, succeeds: true },
	];
	for (const [index, { fault, spec = {}, succeeds }] of cases.entries()) {
		const name = `drain${index}`;
		const declared = drains.logDrain({ ...spec, name });
		const label = `${JSON.stringify(fault)} ${JSON.stringify(spec)}`;
		aptible.fault({
			...fault,
			...(fault.command && { command: fault.command.replace("ID", `${drains.environmentId}`) }),
		});
		const first = await aptible.apply("log-drain", declared, { secrets });
		assert.equal(first.code === 0, succeeds, `${label}\n${first.stderr}`);
		if (!succeeds) await aptible.applied("log-drain", declared, { secrets });
		aptible.clearFaults();
		assert.deepEqual(
			drains.live().filter((one) => one.startsWith(name)),
			[`${drains.handle(1, name)} provisioned`],
			label,
		);
	}
	aptible.newJournal();
	for (const [index, { spec = {} }] of cases.entries()) {
		if (index % 4 === 0)
			await aptible.applied("log-drain", drains.logDrain({ ...spec, name: `drain${index}` }), { secrets });
	}
	assert.deepEqual(aptible.newWrites(), []);
});

test("a list that misses the newest drain leads to no second one", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	aptible.newJournal();
	const race: Fault = { name: "not-found-race", command: `GET /accounts/${drains.environmentId}/log_drains` };
	for (const known of [previous, undefined]) {
		aptible.fault(race);
		await aptible.applied("log-drain", drains.logDrain(), { secrets, previous: known });
		assert.deepEqual(aptible.newWrites(), []);
		assert.deepEqual(drains.live(), [`${drains.handle()} provisioned`]);
	}
	aptible.fault(race);
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	assert.deepEqual(drains.live(), []);
});

test("a removal takes only what Aptible says is gone for gone", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	const reading: Fault[] = [
		{ name: "unauthorized", command: `GET /accounts/${drains.environmentId}` },
		{ name: "unauthorized", command: "GET /log_drains" },
		{ name: "api-unreachable", command: "GET /log_drains", times: 999 },
		{ name: "unauthorized", command: "GET /accounts$" },
	];
	for (const fault of reading) {
		aptible.fault(fault);
		const { code, stderr } = await aptible.remove("log-drain", drains.logDrain(), { previous });
		assert.equal(code, 1, JSON.stringify(fault));
		assert.match(stderr, /token|reach/);
		aptible.clearFaults();
		assert.deepEqual(drains.live(), [`${drains.handle()} provisioned`]);
	}
	aptible.fault({ name: "deprovision-fails", reason: "still busy" });
	const failed = await aptible.remove("log-drain", drains.logDrain(), { previous });
	assert.equal(failed.code, 1);
	assert.match(failed.stderr, /deprovisioning failed[\s\S]*still busy/);
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	assert.deepEqual(drains.live(), []);
});

test("the old drain that cannot go is tried again", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	aptible.fault({ name: "deprovision-fails" });
	assert.equal((await aptible.apply("log-drain", drains.logDrain(), { secrets: changed, previous })).code, 1);
	assert.deepEqual(drains.live(), [`${drains.handle()} deprovision_failed`, `${drains.handle(2)} provisioned`]);
	aptible.newJournal();
	await aptible.applied("log-drain", drains.logDrain(), { secrets: changed, previous });
	assert.deepEqual(aptible.newWrites(), [`deprovision log_drains ${drains.handle()}`]);
});

test("a token that may not see secrets has a new drain made for each change, and is told so", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const hidden: Fault = { name: "secrets-hidden", command: "GET /log_drains", times: 999 };
	aptible.fault(hidden);
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	assert.deepEqual(previous.warnings, [
		'log drain "siem": this token may not see its url, so whether it is still right is unknown, and each change of it ' +
			"makes a new one. Give the token's role the permission `sensitive`.",
	]);
	await aptible.applied("log-drain", drains.logDrain(), { secrets, previous });
	assert.deepEqual(drains.live(), [`${drains.handle(2)} provisioned`]);
	// What has no secret in it can be told all the same.
	const spec = drains.logDrain({ ...byCli, name: "paper" });
	const facts = await aptible.applied("log-drain", spec);
	aptible.newJournal();
	assert.deepEqual((await aptible.applied("log-drain", spec, { previous: facts })).warnings, []);
	assert.deepEqual(aptible.newWrites(), []);
});

test("when every handle is taken, the message says which", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const stray = { drain_type: "https_post", url: "https://logs.acme.example/old" };
	for (const turn of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
		await drains.api("POST", `/accounts/${drains.environmentId}/log_drains`, { handle: drains.handle(turn), ...stray });
	}
	const { code, stderr } = await aptible.apply("log-drain", drains.logDrain(), { secrets });
	assert.equal(code, 1);
	const handles = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((turn) => drains.handle(turn)).join(", ");
	assert.equal(
		stderr,
		`log drain "siem": every handle for it is taken (${handles}). Look at them with \`aptible log_drain:list\`, take one away with ` +
			"`aptible log_drain:deprovision HANDLE --environment acme-test`, and run `pulumi up` again.\n",
	);
});
