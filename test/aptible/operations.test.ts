import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../support/app-spec.ts";
import { redis } from "../support/database-spec.ts";
import { openReconciler } from "../support/reconcile.ts";
import { hints, httpsSpec, openEndpoints, tcpSpec } from "./endpoint/endpoints-under-test.ts";

const byAna = /operation \d+ \((\w+) by Ana Ops, ana@acme\.example\) began meanwhile, and is not from here/;

test("a failed deploy of ours is a failure, though somebody's configure after it succeeds", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	aptible.fault({ name: "deploy-fails" });
	aptible.fault({ name: "foreign-operation" });
	const spec = portalSpec({ image: "acme/portal:2" });
	const failed = await aptible.apply("app", spec, { previous });
	assert.equal(failed.code, 1, failed.stderr);
	assert.match(failed.stderr, /deploying acme\/portal:2 failed \(operation \d+, deploy failed\)/);
	assert.equal(byAna.exec(failed.stderr)?.[1], "configure");
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal", "deploy apps portal"]);
});

test("a failed backup or scale of somebody else's does not fail ours", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("database", redis);
	aptible.fault({ name: "foreign-operation", outcome: "failed" });
	const { code, stderr } = await aptible.apply("database", { ...redis, containerMb: 1024 }, { previous });
	assert.equal(code, 0, stderr);
	assert.equal(byAna.exec(stderr)?.[1], "backup");
	await aptible.applied("app", portalSpec());
	aptible.fault({ name: "foreign-operation", outcome: "failed", command: "apps:scale" });
	const size = { containers: 3, containerMb: 1024, containerProfile: "m" };
	const scaled = await aptible.apply("app", portalSpec({ services: { web: size } }));
	assert.equal(scaled.code, 0, scaled.stderr);
	assert.equal(byAna.exec(scaled.stderr)?.[1], "scale");
});

test("a list that lags, or comes in another order in short pages, hides nothing", async (t) => {
	const aptible = await openReconciler(t);
	let previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	for (const [n, fault] of (
		[
			{ name: "operations-lag", times: 3 },
			{ name: "operations-order", order: "ascending", times: 100 },
			{ name: "operations-order", order: "shuffled", times: 100 },
		] as const
	).entries()) {
		aptible.fault(fault);
		aptible.fault({ name: "short-pages", times: 1000 });
		const { code, stderr, facts } = await aptible.apply("app", portalSpec({ config: { A: String(n + 2) } }), {
			previous,
		});
		assert.equal(code, 0, `${JSON.stringify(fault)}\n${stderr}`);
		assert.deepEqual(aptible.newWrites(), ["configure apps portal"]);
		aptible.clearFaults();
		previous = facts;
	}
	aptible.fault({ name: "operations-order", order: "ascending", times: 100 });
	aptible.fault({ name: "short-pages", times: 1000 });
	aptible.fault({ name: "configure-fails" });
	const failed = await aptible.apply("app", portalSpec({ config: { A: "9" } }), { previous });
	assert.match(failed.stderr, /setting 1 config key failed \(operation \d+, configure failed\)/);
});

test("whatever is waited for is named, with its person: before sending, and after the CLI has ended", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	setLatency(aptible.dir, { operationMs: 400 });
	const theirs = aptible.cli("restart", "--app", "portal", "--environment", "acme-test");
	aptible.fault({ name: "portal-early", ms: 400, command: "config:set" });
	const { code, stderr } = await aptible.apply("app", portalSpec({ config: { A: "2" } }), { previous });
	await theirs;
	assert.equal(code, 0, stderr);
	const robot = "by Deploy Robot, robot@acme\\.example";
	assert.match(
		stderr,
		new RegExp(`app "portal": waiting until operation \\d+ \\(restart ${robot}\\) is over\\.\\.\\.\n`),
	);
	const after = `app "portal": setting 1 config key: waiting until operation \\d+ \\(configure ${robot}\\) is over\\.\\.\\.\n`;
	assert.match(stderr, new RegExp(after));
});

test("what was never taken fails with the CLI's own words", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "request-refused", command: "deploy", reason: "The app is locked" });
	const { code, stderr } = await aptible.apply("app", portalSpec());
	assert.equal(code, 1);
	assert.match(stderr, /aptible deploy failed: .*The app is locked/s);
	assert.match(stderr, /waiting until Aptible shows the operation/);
});

test("of two operations from one request both are waited for, and one that succeeds is enough", async (t) => {
	const aptible = await openReconciler(t);
	setLatency(aptible.dir, { operationMs: 100 });
	aptible.fault({ name: "deploy-fails" });
	aptible.fault({ name: "sends-twice", command: "deploy" });
	const previous = await aptible.applied("app", portalSpec());
	assert.deepEqual(aptible.newWrites(), ["create apps portal", "deploy apps portal", "deploy apps portal"]);
	aptible.fault({ name: "deploy-fails", times: 2 });
	aptible.fault({ name: "sends-twice", command: "deploy" });
	const failed = await aptible.apply("app", portalSpec({ image: "acme/portal:2" }), { previous });
	assert.match(failed.stderr, /deploying acme\/portal:2 failed \(operation \d+, deploy failed\)/);
});

test("a record that is there once, sent twice, is provisioned by the same run", async (t) => {
	const aptible = await openReconciler(t);
	for (const [kind, spec] of [
		["app", portalSpec()],
		["database", redis],
	] as const) {
		aptible.fault({ name: "sends-twice", write: "create" });
		const previous = await aptible.applied(kind, spec);
		aptible.newWrites();
		await aptible.applied(kind, spec, { previous });
		assert.deepEqual(aptible.newWrites(), []);
	}
});

test("the twin of an endpoint is removed, by the run that made it or the one after a kill", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const secrets = hints({ after: 0 });
	for (const answer of ["first", "second"] as const) {
		for (const spec of [tcpSpec(), httpsSpec()]) {
			aptible.fault({ name: "sends-twice", write: "create", answer });
			const previous = await aptible.applied("endpoint", spec, { secrets });
			assert.equal((await endpoints.only()).status, "provisioned");
			await aptible.removed("endpoint", spec, { previous });
		}
	}
	for (const n of [2, 3]) {
		aptible.fault({ name: "sends-twice", write: "create" });
		assert.ok(await aptible.interrupted(n, "endpoint", tcpSpec(), { secrets }));
		assert.equal((await endpoints.list()).length, 2);
		const previous = await aptible.applied("endpoint", tcpSpec(), { secrets });
		assert.equal((await endpoints.only()).id, previous.id, `killed after write ${n}`);
		await aptible.removed("endpoint", tcpSpec(), { previous });
	}
});

test("what somebody else makes at the same time is no twin", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const secrets = hints({ after: 0 });
	assert.ok(await aptible.interrupted(2, "endpoint", tcpSpec(), { secrets }));
	await aptible.cli("endpoints:tcp:create", "worker", "--app", "portal", "--environment", "acme-test");
	await aptible.applied("endpoint", tcpSpec(), { secrets });
	assert.deepEqual(
		(await endpoints.list()).map(({ status }) => status),
		["provisioned", "provisioned"],
	);
});

test("an operation that begins between the look at a service and the sending is waited for, and not done twice", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	aptible.fault({ name: "api-429", command: "GET /services/ID$", retryAfter: "1" });
	const run = aptible.apply("app", portalSpec({ services: { web: { containers: 2 } } }), { previous });
	while (aptible.pendingFaults().length > 0) await sleep(10);
	aptible.fault({ name: "slow-queue", ms: 1_500 });
	const place = ["--app", "portal", "--environment", "acme-test"];
	await Promise.all([run, aptible.cli("apps:scale", "web", ...place, "--container-count", "2")]);
	const { code, stderr } = await run;
	assert.equal(code, 0, stderr);
	assert.match(stderr, /app "portal", service "web": waiting until operation \d+ \(scale/);
	assert.deepEqual(aptible.newWrites(), ["scale services web"]);
});
