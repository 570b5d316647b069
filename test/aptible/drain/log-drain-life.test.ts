import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { openDrains } from "./drains-under-test.ts";

const sentinel = "sentinel-5f0c3a9e";
const url = `https://aptible:${sentinel}@logs.acme.example/x`;
const secrets = { "secrets.siemUrl": url, "secrets.token": sentinel };
const other = { "secrets.siemUrl": url.replace("/x", "/y"), "secrets.token": `${sentinel}-2` };

test("a new name is a new drain, there before the old one is removed", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	await aptible.applied("log-drain", drains.logDrain({ name: "audit" }), { secrets });
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	assert.deepEqual(aptible.newWrites(), [
		`create log_drains ${drains.handle()}`,
		`provision log_drains ${drains.handle()}`,
		`create log_drains ${drains.handle(1, "audit")}`,
		`provision log_drains ${drains.handle(1, "audit")}`,
		`deprovision log_drains ${drains.handle()}`,
	]);
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	await aptible.removed("log-drain", drains.logDrain());
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(drains.live(), [`${drains.handle(1, "audit")} provisioned`]);
});

test("what somebody changed or removed by hand comes back", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	await drains.api("PUT", `/log_drains/${previous.id}`, { drain_apps: false });
	aptible.newJournal();
	await aptible.applied("log-drain", drains.logDrain(), { secrets, previous });
	assert.deepEqual(aptible.newWrites(), ["update log_drains"]);
	await drains.api("POST", `/log_drains/${previous.id}/operations`, { type: "deprovision" });
	aptible.newJournal();
	const facts = await aptible.applied("log-drain", drains.logDrain(), { secrets, previous });
	assert.deepEqual(aptible.newWrites(), [
		`create log_drains ${drains.handle()}`,
		`provision log_drains ${drains.handle()}`,
	]);
	assert.notEqual(facts.id, previous.id);
});

test("a drain that exists under the bare name is adopted as it is, and left alone without `adopt`", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const id = await drains.handMade({ handle: "siem", url });
	const adopted = await aptible.applied("log-drain", drains.logDrain({ adopt: true }), { secrets });
	assert.deepEqual([adopted.id, adopted.handle], [id, "siem"]);
	// `adopt` has done its work: the id is known.
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets, previous: adopted });
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("log-drain", drains.logDrain(), { secrets: other, previous });
	assert.deepEqual(aptible.newWrites(), [
		`create log_drains ${drains.handle()}`,
		`provision log_drains ${drains.handle()}`,
		"deprovision log_drains siem",
	]);
	await drains.handMade({ handle: "siem", url });
	await aptible.removed("log-drain", drains.logDrain());
	assert.deepEqual(drains.live(), ["siem provisioned"]);
});

test("the dashboard's own type for Papertrail is as good", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const host = "logs.papertrailapp.com";
	const id = await drains.handMade({ handle: "siem", drain_type: "syslog_tls_tcp", drain_host: host, drain_port: 123 });
	inSandbox(aptible.dir, (store) =>
		store.save("log_drain", { ...store.get("log_drain", id), drain_type: "papertrail" }),
	);
	const spec = drains.logDrain({ kind: "papertrail", host, port: 123, adopt: true });
	assert.equal((await aptible.applied("log-drain", spec)).type, "papertrail");
	assert.deepEqual(aptible.newWrites(), []);
});

test("a handle that is taken in another environment is passed over", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const elsewhere = createEnvironment(aptible.dir, "acme-other");
	await drains.api("POST", `/accounts/${elsewhere.id}/log_drains`, {
		...{ handle: drains.handle(), drain_type: "https_post", url },
	});
	aptible.newJournal();
	const facts = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	assert.equal(facts.handle, drains.handle(2));
	assert.deepEqual(aptible.newWrites(), [
		`create log_drains ${drains.handle(2)}`,
		`provision log_drains ${drains.handle(2)}`,
	]);
});

test("a renamed environment keeps its drains", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	await aptible.cli("environment:rename", aptible.environment, "acme-new");
	aptible.newJournal();
	const moved = drains.logDrain({ environment: "acme-new" });
	await aptible.applied("log-drain", moved, { secrets, previous });
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.removed("log-drain", drains.logDrain(), { previous });
	assert.deepEqual(drains.live(), []);
});

test("an address that is none once its secret is filled in is refused without being shown", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const plain = { "secrets.siemUrl": `http://logs.acme.example/${sentinel}` };
	const { code, stderr } = await aptible.apply("log-drain", drains.logDrain(), { secrets: plain });
	assert.equal(code, 1);
	assert.equal(
		stderr,
		'log drain "siem": with its secrets filled in, url is not an https:// address, and Aptible sends logs to no other. ' +
			"Set the secret again: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'\n",
	);
	assert.deepEqual(aptible.newWrites(), []);
	const lineFeed = { "secrets.siemUrl": `${url}\n` };
	await aptible.applied("log-drain", drains.logDrain(), { secrets: lineFeed });
	assert.equal(drains.liveLogDrains()[0]?.url, url);
});

test("no secret is in what is printed, in an argument or in the telemetry", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const outputs: string[] = [];
	let previous: Record<string, unknown> | undefined;
	const syslog = { kind: "syslog", host: "logs.acme.example", port: 6514, token: "${secrets.token}" };
	aptible.fault({ name: "provision-fails", reason: `cannot reach ${url} with ${sentinel}` });
	for (const [change, handed] of [
		[{}, secrets] as const,
		[{}, secrets] as const,
		[{}, other] as const,
		[syslog, other] as const,
	]) {
		const spec = drains.logDrain(change);
		const { stdout, stderr, code } = await aptible.apply("log-drain", spec, { secrets: handed, previous });
		if (code === 0) previous = JSON.parse(stdout);
		outputs.push(stdout, stderr);
	}
	// The old address is not handed over any more, but an operation may still speak of it.
	aptible.fault({ name: "deprovision-fails", reason: `cannot leave ${other["secrets.token"]}` });
	const removal = await aptible.remove("log-drain", drains.logDrain(syslog), { previous });
	assert.equal(removal.code, 1);
	outputs.push(removal.stderr);
	assert.match(outputs.join("\n"), /cannot reach \[secret\] with \[secret\]/);
	assert.match(removal.stderr, /cannot leave \[secret\]/);
	const journal = aptible.newJournal();
	const argv = journal.flatMap((row) => row.argv).join("\n");
	for (const text of [...outputs, argv]) assert.equal(text.includes(sentinel), false, text);
	assert.equal(telemetryLeaks(aptible.dir, sentinel), false);
});
