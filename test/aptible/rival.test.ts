/**
 * Faults of Aptible's Terraform provider that no other test of a noun shows. The whole list, each with its test, is in
 * docs/terraform-provider.md.
 */
import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setDnsRecord } from "@medstack-to-aptible/sandbox/aptible/dns-server.ts";
import { countRestarts } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { waitForAnswer } from "../../aptible/endpoint/answer.ts";
import { portalSpec } from "../support/app-spec.ts";
import { certify } from "../support/certificates.ts";
import { openReconciler } from "../support/reconcile.ts";
import { grpcSpec, httpsSpec, managedSpec, openEndpoints } from "./endpoint/endpoints-under-test.ts";

test("a service of which only a flag changes does not keep the others from being scaled", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	// Defect a: the provider returns at `web`, whose size stays.
	const spec = portalSpec({ services: { web: { forceZeroDowntime: true }, worker: { containers: 2 } } });
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["update services", "scale services worker"]);
	assert.equal(countRestarts(aptible.dir, "portal"), 2, "the first deploy and the one scale");
});

test("a removal that cannot look takes nothing, and says so", async (t) => {
	const aptible = await openReconciler(t);
	const { environment: handle } = aptible;
	const environment = { handle, stack: "shared-ca-central-1", phi: false };
	const drain = { environment: handle, name: "load", adopt: false, kind: "influxdb", database: "metrics" };
	await aptible.cli("db:create", "metrics", "--environment", handle, "--type", "influxdb");
	const facts = new Map<string, object>();
	const objects: [kind: string, spec: object][] = [
		["environment", environment],
		["metric-drain", drain],
	];
	for (const [kind, spec] of objects) facts.set(kind, await aptible.applied(kind, spec));
	aptible.newWrites();
	for (const [kind, spec] of objects) {
		// Defect h: the provider drops environments and drains from its state, and they run on. Log drains: drain-faults.test.ts.
		aptible.fault({ name: "unauthorized", times: 99 });
		const { code, stderr } = await aptible.remove(kind, spec, { previous: facts.get(kind) });
		aptible.clearFaults();
		assert.equal(code, 1, kind);
		assert.match(stderr, /aptible login|token/, kind);
	}
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.removed("metric-drain", drain, { previous: facts.get("metric-drain") });
	assert.deepEqual(aptible.newWrites().length, 1, "it was still known");
});

test("a tls endpoint is made with its ports, and not with all of them", async (t) => {
	const endpoints = await openEndpoints(t);
	// Defect j: the provider sends them for tcp only.
	const spec = grpcSpec({ name: "amqp", kind: "tls", domain: "amqp.acme.example", ports: [5671, 5672] });
	const { facts } = await endpoints.settles(spec);
	assert.deepEqual(endpoints.record(facts.id).container_ports, [5671, 5672]);
	assert.deepEqual((await endpoints.only()).ports, "5671 5672");
});

test("what Aptible decides by itself is no difference", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const { facts } = await endpoints.settles(httpsSpec());
	// Its load balancers are on their way from one platform to another (pull request 177: drift that no apply removes).
	inSandbox(aptible.dir, (store) => store.save("vhost", { ...store.get("vhost", facts.id), platform: "nlb" }));
	await aptible.applied("endpoint", httpsSpec(), { previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
});

test("what Aptible says of a refused endpoint is shown in its own words, and leaves nothing behind", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const reason = "Default domain is already used by another endpoint of this app";
	aptible.fault({ name: "request-refused", command: "endpoints:https:create", reason });
	const { code, stderr } = await aptible.apply("endpoint", httpsSpec());
	assert.equal(code, 1);
	// Issues 67, 68: a 422 with a pointer for its text.
	assert.ok(stderr.includes(reason), stderr);
	assert.doesNotMatch(stderr, /0x[0-9a-f]{6}|\{"|\bat .*\.ts/);
	await endpoints.settles(httpsSpec());
	await endpoints.only();
});

test("a managed certificate is asked for as soon as its DNS record is there", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const { facts } = await endpoints.settles(managedSpec());
	const record = facts.dnsRecords[0];
	assert.match(
		facts.warnings[0],
		/its certificate waits for the DNS record _acme-challenge\.portal\.acme\.example CNAME /,
	);
	// Issues 37, 38, pull request 40: the provider waits until Aptible comes round to it.
	setDnsRecord(aptible.dir, record.name, { cname: record.value });
	const renewed = await aptible.applied("endpoint", managedSpec(), { previous: facts });
	assert.deepEqual(aptible.newWrites(), ["renew vhosts portal.acme.example"]);
	assert.deepEqual([renewed.managedTlsStatus, renewed.warnings], ["ready", []]);
	await aptible.applied("endpoint", managedSpec(), { previous: renewed });
	assert.deepEqual(aptible.newWrites(), []);
});

test("an endpoint is waited for until its app answers, and the wait has an end", async (t) => {
	const { aptible } = await openEndpoints(t);
	const { pem: cert, keyPem: key } = certify({ names: ["portal.acme.example"] });
	const statuses = [503, 502, 404];
	const server = createServer({ cert, key }, (_, response) => response.writeHead(statuses.shift() ?? 503).end());
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	setDnsRecord(aptible.dir, "elb-1.acme.example", { a: "127.0.0.1" });
	const former = process.env.MEDSTACK_TO_APTIBLE_DNS;
	process.env.MEDSTACK_TO_APTIBLE_DNS = aptible.env.MEDSTACK_TO_APTIBLE_DNS;
	t.after(() => {
		if (former === undefined) delete process.env.MEDSTACK_TO_APTIBLE_DNS;
		else process.env.MEDSTACK_TO_APTIBLE_DNS = former;
	});
	const { port } = server.address() as AddressInfo;
	const names = {
		label: 'endpoint "public" of app "portal"',
		hostname: "elb-1.acme.example",
		host: "portal.acme.example",
	};
	const asked = { ...names, path: "/", port } as const;
	// terraform-aptible-metrics, issue 11: done before the app answers.
	await waitForAnswer(asked, 10);
	assert.deepEqual(statuses, [], "503 and 502 are the platform's own");
	await assert.rejects(waitForAnswer(asked, 1), {
		message:
			'endpoint "public" of app "portal" is up, but has not answered within 1 s: HTTP 503 from https://elb-1.acme.example/. Look ' +
			"at the app with `aptible logs`, or raise answersWithinSeconds; then run `pulumi up` again.",
	});
});
