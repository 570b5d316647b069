/** MedStack's stand-in: an API that is unkind, services that run, and the load balancer in front of them. */
import assert from "node:assert/strict";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startDnsWorld } from "../../dns/authority.ts";
import { resolveBy } from "../../dns/client.ts";
import { type Medstack, type MedstackSetup, startMedstack } from "../../medstack/cluster.ts";
import { startProcess } from "../../medstack/process-instance.ts";
import type { RunningInstance } from "../../medstack/swarm.ts";

const PORTAL = "portal.acme.example";

/** An instance in this process that says its slot. */
async function startEcho(slot: number): Promise<RunningInstance & { crash: () => void }> {
	const server = createServer((request, response) => response.end(`${slot} ${request.headers["x-forwarded-for"]}`));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const ended = new Promise<void>((resolve) => server.on("close", resolve));
	const crash = () => {
		server.closeAllConnections();
		server.close();
	};
	const { port } = server.address() as AddressInfo;
	const stop = () => {
		crash();
		return ended;
	};
	return { address: { host: "127.0.0.1", port }, ended, crash, stop };
}

async function start(setup: Partial<MedstackSetup> = {}): Promise<Medstack> {
	return startMedstack({
		resolve: async () => ["203.0.113.9"],
		services: {
			web: { replicas: 2, domains: [PORTAL], start: ({ slot }) => startEcho(slot) },
			worker: { replicas: 1 },
		},
		restartMs: 10,
		...setup,
	});
}

interface Answer {
	status: number;
	// biome-ignore lint/suspicious/noExplicitAny: what an API answers
	body: any;
}

async function call({ api, env }: Medstack, method: string, path: string, body?: unknown): Promise<Answer> {
	const token = Buffer.from(`${env.MEDSTACK_TOKEN_KEY}:${env.MEDSTACK_TOKEN_VALUE}`).toString("base64");
	const response = await fetch(`${api.url}${path}`, {
		method,
		headers: { authorization: `Basic ${token}` },
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	return { status: response.status, body: await response.json() };
}

async function browse({ loadBalancer }: Medstack, host: string): Promise<{ status: number; text: string }> {
	return new Promise((resolve, reject) => {
		// A client that makes up where it comes from.
		const headers = { host, "x-forwarded-for": "198.51.100.7" };
		get({ host: loadBalancer.address, port: loadBalancer.port, headers, agent: false }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (part) => {
				text += part;
			});
			response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
		}).on("error", reject);
	});
}

const OWN = "/companies/c-acme/clusters/k-7f3a";
const numbers = ({ body }: Answer) =>
	body.data.map((one: { name: string; deploy: { replicas: number } }) => [one.name, one.deploy.replicas]);

test("the API asks for its token, leads from the company to the services, and answers more than anybody has heard of", async (t) => {
	const medstack = await start();
	t.after(() => medstack.close());
	assert.equal((await fetch(`${medstack.api.url}/companies/current`)).status, 401);
	assert.equal((await call(medstack, "GET", "/companies/current")).body.id, "c-acme");
	const clusters = (await call(medstack, "GET", "/companies/c-acme/clusters")).body.data;
	assert.deepEqual(
		clusters.map(({ label }: { label: string }) => label),
		["acme-prod", "acme-staging"],
	);
	assert.equal((await call(medstack, "GET", "/companies/c-other/clusters")).status, 404);
	const services = await call(medstack, "GET", `${OWN}/services`);
	assert.deepEqual(numbers(services), [
		["loadbalancer", 1],
		["web", 2],
		["worker", 1],
	]);
	assert.ok("x_tasks" in services.body.data[1]);
	const secret = { name: "move-target", data: "text" };
	assert.equal((await call(medstack, "POST", `${OWN}/secrets`, secret)).status, 201);
	assert.equal((await call(medstack, "POST", `${OWN}/secrets`, secret)).status, 422);
	const { id } = services.body.data[2];
	const given = {
		secrets: [{ name: "move-target", file_name: "/run/secrets/move-target", uid: "0", gid: "0", mode: "420" }],
	};
	assert.equal((await call(medstack, "PATCH", `${OWN}/services/${id}`, given)).status, 200);
	assert.deepEqual(medstack.service("worker").secrets, { "/run/secrets/move-target": "text" });
	assert.equal((await call(medstack, "PATCH", `${OWN}/services/${id}`, { replicas: -1 })).status, 422);
});

test("a load balancer leads to instances that run, says 404 of a domain that nobody has and 503 of a service at 0, and logs each", async (t) => {
	const medstack = await start();
	t.after(() => medstack.close());
	const seen = [await browse(medstack, PORTAL), await browse(medstack, PORTAL)];
	assert.deepEqual(seen.map(({ text }) => text).sort(), ["1 127.0.0.1", "2 127.0.0.1"]);
	assert.deepEqual(await browse(medstack, "other.example"), { status: 404, text: "404 page not found\n" });
	const { id } = (await call(medstack, "GET", `${OWN}/services`)).body.data[1];
	assert.equal((await call(medstack, "PATCH", `${OWN}/services/${id}`, { replicas: 0 })).status, 200);
	await medstack.settled();
	assert.equal((await browse(medstack, PORTAL)).status, 503);
	assert.deepEqual(
		medstack.loadBalancer.log.map(({ host, status, service }) => [host, status, service]),
		[
			[PORTAL, 200, "web"],
			[PORTAL, 200, "web"],
			["other.example", 404, undefined],
			[PORTAL, 503, "web"],
		],
	);
	assert.match(medstack.loadBalancer.lines()[3] ?? "", /^127\.0\.0\.1 - - \[.+\] "GET \/ HTTP\/1\.1" 503 .*"web"$/);
});

test("a service whose domain leads elsewhere, or nowhere, is not changed, by the API or the UI", async (t) => {
	const zone = (...records: string[]) => ({
		records: ["acme.example 60 SOA ns1.acme.example root.acme.example 1 7200 900 1209600 60", ...records],
	});
	const server = "ns1.acme.example";
	const dns = await startDnsWorld({ "acme.example": { [server]: zone(`${PORTAL} 60 A 198.51.100.7`) } });
	const medstack = await start({ resolve: resolveBy(dns.resolver) });
	t.after(async () => {
		await Promise.all([medstack.close(), dns.close()]);
	});
	const { id } = (await call(medstack, "GET", `${OWN}/services`)).body.data[1];
	const refused = await call(medstack, "PATCH", `${OWN}/services/${id}`, { replicas: 3 });
	assert.equal(refused.status, 422);
	assert.match(JSON.stringify(refused.body), /portal\.acme\.example does not resolve/);
	dns.change(server, zone());
	await assert.rejects(medstack.scale("web", 3), /does not resolve/);
	await medstack.scale("worker", 2);
	dns.change(server, zone(`${PORTAL} 60 CNAME portal-old.acme.example`, "portal-old.acme.example 60 A 203.0.113.9"));
	await medstack.scale("web", 3);
	await medstack.settled();
	assert.equal(medstack.service("web").running, 3);
	assert.equal(medstack.service("worker").replicas, 2);
});

test("a change takes its time, an instance that ends is followed by another, and a new image ends each once", async (t) => {
	const echoes: { crash: () => void }[] = [];
	const startOne = async ({ slot }: { slot: number }) => {
		const echo = await startEcho(slot);
		echoes.push(echo);
		return echo;
	};
	const services = { web: { replicas: 1, start: startOne } };
	const medstack = await start({ services, changeMs: 60, graceMs: 60 });
	t.after(() => medstack.close());
	const web = medstack.service("web");
	echoes[0]?.crash();
	while (echoes.length < 2 || web.running === 0) await new Promise((resolve) => setTimeout(resolve, 5));
	assert.equal(web.restarts, 1);
	const { id } = (await call(medstack, "GET", `${OWN}/services`)).body.data[1];
	assert.equal((await call(medstack, "POST", `${OWN}/services/${id}/refresh_image`)).status, 200);
	await medstack.settled();
	assert.equal(echoes.length, 3);
	assert.equal((await call(medstack, "PATCH", `${OWN}/services/${id}`, { replicas: 0 })).body.deploy.replicas, 1);
	while (web.replicas > 0) await new Promise((resolve) => setTimeout(resolve, 5));
	assert.equal(web.running, 1, "it is shown before it is done");
	await medstack.settled();
	assert.equal(web.running, 0);
	assert.equal(web.restarts, 1);
});

test("faults: an error, an answer that breaks off or is a page, and a change that is answered and not made, or made and not answered", async (t) => {
	const medstack = await start();
	t.after(() => medstack.close());
	const { faults } = medstack.api;
	const list = () => call(medstack, "GET", `${OWN}/services`);
	const { id } = (await list()).body.data[2];
	const scale = (replicas: number) => call(medstack, "PATCH", `${OWN}/services/${id}`, { replicas });
	const replicas = async () => {
		await medstack.settled();
		return medstack.service("worker").replicas;
	};
	faults.add({ request: /GET .*services$/, kind: "500" });
	assert.equal((await list()).status, 500);
	faults.add({ request: /GET .*services$/, kind: "break-off", times: 2 });
	faults.add({ request: /GET .*services$/, kind: "not-json" });
	for (let time = 0; time < 3; time += 1) await assert.rejects(list());
	assert.equal((await list()).status, 200);
	faults.add({ request: /PATCH/, kind: "not-done" });
	assert.equal((await scale(0)).status, 200);
	assert.equal(await replicas(), 1);
	faults.add({ request: /PATCH/, kind: "refused" });
	assert.equal((await scale(0)).status, 422);
	assert.equal(await replicas(), 1);
	faults.add({ request: /PATCH/, kind: "500-done" });
	assert.equal((await scale(0)).status, 500);
	assert.equal(await replicas(), 0);
});

test("a process is an instance: what it says is seen, and one that ignores SIGTERM is killed", async () => {
	let said = "";
	const running = await startProcess({
		program: process.execPath,
		args: ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"],
		env: {},
		graceMs: 50,
		onOutput: (text) => {
			said += text;
		},
	});
	while (!said.includes("up")) await new Promise((resolve) => setTimeout(resolve, 5));
	await running.stop();
	await running.ended;
	await assert.rejects(startProcess({ program: "/no/such/program", args: [], env: {} }), /ENOENT/);
});
