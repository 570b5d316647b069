import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { hints, httpsSpec, openEndpoints, tcpSpec } from "./endpoints-under-test.ts";

const secrets = hints({ after: 0 });
const changed = tcpSpec({ ipFilter: ["203.0.113.7"] });

test("whatever goes wrong while it is made, the next run has one endpoint, as declared", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const faults: [Fault, "fails" | "succeeds"][] = [
		[{ name: "provision-fails" }, "fails"],
		[{ name: "request-refused" }, "fails"],
		[{ name: "portal-down" }, "succeeds"],
		[{ name: "portal-early" }, "succeeds"],
		[{ name: "connection-drops", write: "create" }, "fails"],
		[{ name: "connection-drops", write: "operation" }, "succeeds"],
		[{ name: "unauthorized" }, "fails"],
	];
	for (const [fault, outcome] of faults) {
		aptible.fault(fault);
		const { code, stderr } = await aptible.apply("endpoint", tcpSpec(), { secrets });
		assert.equal(code === 0 ? "succeeds" : "fails", outcome, `${fault.name}: ${stderr}`);
		aptible.clearFaults();
		const previous = await aptible.applied("endpoint", tcpSpec(), { secrets });
		const { id, status, ports } = await endpoints.only();
		assert.deepEqual([id, status, ports], [previous.id, "provisioned", "1883"], fault.name);
		await aptible.removed("endpoint", tcpSpec(), { previous });
	}
});

test("a list that lags behind makes no second endpoint", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	assert.ok(await aptible.interrupted(2, "endpoint", tcpSpec(), { secrets }));
	aptible.newJournal();
	aptible.fault({ name: "not-found-race", command: "GET /apps/ID/vhosts", times: 1 });
	const previous = await aptible.applied("endpoint", tcpSpec(), { secrets });
	assert.equal((await endpoints.only()).id, previous.id);
	aptible.fault({ name: "not-found-race", command: "GET /apps/ID/vhosts", times: 1 });
	await aptible.removed("endpoint", tcpSpec(), { previous });
	assert.deepEqual(await endpoints.list(), []);
});

test("whatever goes wrong while it is changed, the next run serves what is declared", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	let previous = await aptible.applied("endpoint", tcpSpec());
	const faults: [Fault, "fails" | "succeeds"][] = [
		[{ name: "provision-fails" }, "fails"],
		[{ name: "request-refused", status: 500 }, "fails"],
		[{ name: "connection-drops", write: "update" }, "fails"],
		[{ name: "portal-early" }, "succeeds"],
	];
	for (const [fault, outcome] of faults) {
		aptible.fault(fault);
		const { code, stderr } = await aptible.apply("endpoint", changed, { previous });
		assert.equal(code === 0 ? "succeeds" : "fails", outcome, `${fault.name}: ${stderr}`);
		aptible.clearFaults();
		previous = await aptible.applied("endpoint", changed, { previous });
		assert.deepEqual(endpoints.served(previous.id)?.ip_whitelist, ["203.0.113.7"], fault.name);
		previous = await aptible.applied("endpoint", tcpSpec(), { previous });
		assert.deepEqual(endpoints.served(previous.id)?.ip_whitelist, []);
	}
});

test("a failure says what failed, quotes the operation's log and says what to do", async (t) => {
	const endpoints = await openEndpoints(t);
	endpoints.aptible.fault({ name: "provision-fails", reason: "Service web did not answer its health check" });
	const { stderr } = await endpoints.aptible.apply("endpoint", httpsSpec());
	assert.match(
		stderr,
		/^endpoint "test" of app "portal": creating failed \(operation \d+, provision failed\)\.\nThe end of its log:\n(?: {2}.*\n)* {2}.*Service web did not answer its health check\n(?: {2}.*\n)*The whole log: aptible operation:logs \d+\. Fix the cause, then run `pulumi up` again/m,
	);
});

test("an endpoint that goes while it is deprovisioned is gone, whatever the CLI makes of it", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const previous = await aptible.applied("endpoint", httpsSpec());
	aptible.fault({ name: "deprovision-race" });
	await aptible.removed("endpoint", httpsSpec(), { previous });
	assert.ok(aptible.newJournal().some(({ command, exit }) => command === "endpoints:deprovision" && exit === 1));
	assert.deepEqual(await endpoints.list(), []);
	const again = await aptible.applied("endpoint", httpsSpec());
	aptible.fault({ name: "deprovision-fails" });
	const { stderr } = await aptible.remove("endpoint", httpsSpec(), { previous: again });
	assert.match(stderr, /^endpoint "test" of app "portal": deprovisioning failed/m);
	await aptible.removed("endpoint", httpsSpec(), { previous: again });
	assert.deepEqual(await endpoints.list(), []);
});

test("an endpoint of which a part cannot be read is there all the same: no second one is made", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const spec = tcpSpec({ settings: { idle_timeout: 90 } });
	await aptible.applied("endpoint", spec, { secrets });
	aptible.newWrites();
	for (const [fault, says] of [
		[
			{ name: "part-missing", command: "GET /settings" },
			/the endpoint \(id \d+\) is there, but GET \/settings\/\d+ on the Deploy API failed: HTTP 404/,
		],
		[
			{ name: "answer-changed", without: ["_links.service"], command: "GET /apps/ID/vhosts" },
			/app "portal": Aptible does not say which service its endpoint \d+ \(elb-acme-\d+\.aptible\.in\) is on/,
		],
		[
			{ name: "answer-changed", without: ["internal"], command: "GET /apps/ID/vhosts" },
			/Aptible does not say the internal of endpoint \d+ \(elb-acme-\d+\.aptible\.in\), so which one it is, or what it lets through, is unknown/,
		],
		[
			{ name: "answer-changed", without: ["ip_whitelist", "container_ports"], command: "GET /apps/ID/vhosts" },
			/does not say the ip_whitelist, container_ports of endpoint \d+ /,
		],
		[{ name: "answer-changed", without: ["settings"], command: "GET /settings" }, /GET \/settings\/\d+ .*settings/s],
	] as const) {
		aptible.fault({ ...fault, times: 99 });
		const { code, stderr } = await aptible.apply("endpoint", spec, { secrets });
		aptible.clearFaults();
		assert.deepEqual([code, aptible.newWrites()], [1, []], stderr);
		assert.match(stderr, says);
	}
	await aptible.applied("endpoint", spec, { secrets });
	assert.deepEqual(aptible.newWrites(), []);
});
