import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setDnsRecord, startDns } from "@medstack-to-aptible/sandbox/aptible/dns-server.ts";
import { addressesOf, leadsTo } from "../../../aptible/client/dns.ts";
import { Context } from "../../../aptible/context.ts";
import { waitForAnswer } from "../../../aptible/endpoint/answer.ts";
import { listEndpoints } from "../../../aptible/endpoint/owner.ts";
import { diffRenewal, isRenewable } from "../../../aptible/endpoint/renewal.ts";
import { environmentNamed } from "../../../aptible/find.ts";
import { certify } from "../../support/certificates.ts";
import { httpsSpec, managedSpec, openEndpoints } from "./endpoints-under-test.ts";

const challenge = "_acme-challenge.portal.acme.example";

test("a managed certificate is issued once its DNS record is there, and not asked for before", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const spec = managedSpec({ internal: true });
	const made = await aptible.applied("endpoint", spec);
	const renew = `aptible endpoints:renew ${made.hostname} --app portal --environment acme-test`;
	assert.deepEqual(made.warnings, [
		`endpoint "public" of app "portal": its certificate waits for the DNS record ${challenge} CNAME acme.${made.hostname}. Once that ` +
			`is there, \`pulumi up\` or \`${renew}\` gets it at once; Aptible itself looks every now and then.`,
	]);
	setDnsRecord(aptible.dir, challenge, { cname: "acme.elb-other.aptible.in" });
	setDnsRecord(aptible.dir, "portal.acme.example", { cname: made.hostname });
	aptible.newJournal();
	const still = await aptible.applied("endpoint", spec, { previous: made });
	assert.deepEqual(
		aptible.newWrites(),
		[],
		"a record that leads elsewhere, or traffic that Let's Encrypt cannot send, is not enough",
	);
	assert.equal(still.managedTlsStatus, "pending");

	setDnsRecord(aptible.dir, challenge, { cname: "validation.acme.example" });
	setDnsRecord(aptible.dir, "validation.acme.example", { cname: `ACME.${made.hostname}` });
	aptible.fault({ name: "renew-fails" });
	const failed = await aptible.applied("endpoint", spec, { previous: still });
	assert.deepEqual(aptible.newWrites(), ["renew vhosts portal.acme.example"]);
	assert.match(failed.warnings[0], /getting its certificate failed .*no CNAME record found/s);
	assert.match(
		failed.warnings[0],
		new RegExp(`needs the DNS record ${challenge} CNAME acme\\.${made.hostname}, and a CAA record`),
	);

	const ready = await aptible.applied("endpoint", spec, { previous: failed });
	assert.deepEqual(aptible.newWrites(), ["renew vhosts portal.acme.example"]);
	assert.deepEqual([ready.managedTlsStatus, ready.warnings], ["ready", []]);
	await aptible.applied("endpoint", spec, { previous: ready });
	assert.deepEqual(aptible.newWrites(), [], "what is ready is left alone");
});

test("where Let's Encrypt may connect, the domain's own record is enough, by name or by address", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const made = await aptible.applied("endpoint", managedSpec());
	aptible.newJournal();
	setDnsRecord(aptible.dir, "portal.acme.example", { a: "203.0.113.80" });
	setDnsRecord(aptible.dir, made.hostname, { a: "203.0.113.80" });
	const ready = await aptible.applied("endpoint", managedSpec(), { previous: made });
	assert.deepEqual(aptible.newWrites(), ["renew vhosts portal.acme.example"]);
	assert.equal(ready.managedTlsStatus, "ready");
});

test("names are followed as far as they lead, and nobody's answer is no answer", async (t) => {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const dns = await startDns(dir);
	t.after(async () => {
		await dns.close();
		await rm(dir, { recursive: true, force: true });
		delete process.env.MEDSTACK_TO_APTIBLE_DNS;
	});
	process.env.MEDSTACK_TO_APTIBLE_DNS = dns.address;
	setDnsRecord(dir, "a.example", { cname: "b.example" });
	setDnsRecord(dir, "b.example", { cname: "C.example" });
	setDnsRecord(dir, "c.example", { a: "203.0.113.7" });
	setDnsRecord(dir, "loop.example", { cname: "loop.example" });
	assert.ok(await leadsTo("a.example", "c.example."));
	assert.ok(!(await leadsTo("a.example", "d.example")));
	assert.ok(!(await leadsTo("loop.example", "d.example")));
	assert.ok(!(await leadsTo("none.example", "d.example")));
	assert.deepEqual(await addressesOf("c.example"), ["203.0.113.7"]);
	assert.deepEqual(await addressesOf("none.example"), []);
});

test("an endpoint is waited for until the app answers in the platform's place", async (t) => {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const dns = await startDns(dir);
	const { pem, keyPem } = certify({ names: ["portal.acme.example"] });
	const seen: string[] = [];
	const server = createServer({ cert: pem, key: keyPem }, ({ headers, url }, response) => {
		seen.push(`${headers.host} ${url}`);
		response.writeHead(seen.length > 1 ? 404 : 502).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(async () => {
		server.closeAllConnections();
		server.close();
		await dns.close();
		await rm(dir, { recursive: true, force: true });
		delete process.env.MEDSTACK_TO_APTIBLE_DNS;
	});
	process.env.MEDSTACK_TO_APTIBLE_DNS = dns.address;
	setDnsRecord(dir, "elb-acme-1.aptible.in", { a: "127.0.0.1" });
	const asked = {
		label: 'endpoint "public"',
		hostname: "elb-acme-1.aptible.in",
		host: "portal.acme.example",
		path: "/healthcheck",
		port: (server.address() as AddressInfo).port,
	} as const;
	await waitForAnswer(asked, 10);
	assert.deepEqual(seen, ["portal.acme.example /healthcheck", "portal.acme.example /healthcheck"]);
	await assert.rejects(waitForAnswer({ ...asked, hostname: "elb-acme-2.aptible.in" }, 1), {
		message:
			'endpoint "public" is up, but has not answered within 1 s: no address from https://elb-acme-2.aptible.in/healthcheck. Look at ' +
			"the app with `aptible logs`, or raise answersWithinSeconds; then run `pulumi up` again.",
	});
});

test("an endpoint that has to answer and does not fails its update, and is there for the next one", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const { code, stderr } = await aptible.apply("endpoint", httpsSpec({ answersWithinSeconds: 1 }));
	assert.equal(code, 1);
	assert.match(stderr, /^endpoint "test" of app "portal" is up, but has not answered within 1 s: no address/m);
	const { id } = await endpoints.only();
	assert.equal((await aptible.applied("endpoint", httpsSpec())).id, id);
});

test("a certificate that could be had now is drift, so that an update of an unchanged stage gets it", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const { hostname } = await aptible.applied("endpoint", managedSpec());
	await aptible.applied("endpoint", httpsSpec());
	process.env.MEDSTACK_TO_APTIBLE_DNS = aptible.env.MEDSTACK_TO_APTIBLE_DNS;
	t.after(() => {
		delete process.env.MEDSTACK_TO_APTIBLE_DNS;
	});
	Object.assign(process.env, aptible.env);
	const context = new Context();
	const { id: environmentId } = await environmentNamed(context, aptible.environment);
	const listLive = () => listEndpoints(context, { on: { app: "portal" }, environmentId });
	const renewable = async () => {
		const seen = await Promise.all((await listLive()).map((one) => isRenewable(one)));
		return seen.sort();
	};
	assert.deepEqual(await renewable(), [false, false]);
	setDnsRecord(aptible.dir, challenge, { cname: `acme.${hostname}` });
	assert.deepEqual(await renewable(), [false, true]);
	const live = (await listLive()).find((one) => one.hostname === hostname);
	assert.ok(live !== undefined);
	assert.deepEqual(diffRenewal(live, true), [
		{ field: "managedTls", declared: "ready", live: "pending, though its DNS record is there" },
	]);
	assert.deepEqual(diffRenewal(live, false), []);
});
