/** Probes of both sides, by the real name past DNS, on servers in this process. */
import assert from "node:assert/strict";
import { type RequestListener, request } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { makeCertificate } from "@medstack-to-aptible/sandbox/azure/certificate.ts";
import { readOldLine } from "../../move/watch/lines.ts";
import { probe } from "../../move/watch/probe.ts";
import { readPageConfiguration } from "../../packages/mover/page/configuration.ts";
import { servePage } from "../../packages/mover/page/server.ts";

const lines: string[] = [];
const page = await servePage({ ...readPageConfiguration({}, "/nowhere"), port: 0 }, (line) => {
	lines.push(JSON.stringify(line));
});
const servers: Server[] = [];
after(async () => {
	for (const server of servers) server.close();
	await page.close();
});

/** A load balancer with a certificate that nobody trusts. @returns its port */
async function start(answer: RequestListener): Promise<number> {
	const { certificate: cert, key } = makeCertificate();
	const server = createServer({ cert, key }, answer);
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

/** As Traefik: hands on with the client's address. */
const traefik: RequestListener = (incoming, outgoing) => {
	const { method, url, headers } = incoming;
	const forwarded = { ...headers, "x-forwarded-for": "192.0.2.1" };
	request({ port: page.port, method, path: url, headers: forwarded }, (answer) => {
		outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
		answer.pipe(outgoing);
	}).end();
};
const statusOf =
	(status: number, headers: Record<string, string> = {}): RequestListener =>
	(_, outgoing) =>
		outgoing.writeHead(status, headers).end();

const domain = "portal.acme.example";
const ask = (side: "old" | "new", port: number) => probe({ side, domain, address: "127.0.0.1", port, mark: "0a1b" });

test("the old side is right where the page service answers, whose log shows the probe as nobody's", async () => {
	const port = await start(traefik);
	const right = await ask("old", port);
	assert.equal(right.is, "right", right.says);
	assert.match(
		right.says,
		/^MedStack, portal\.acme\.example at 127\.0\.0\.1: status 503: the maintenance page answers; its certificate: /,
	);
	assert.ok(Math.abs(right.aheadMs ?? 1e9) < 10_000);
	const logged = readOldLine(lines.at(-1) ?? "");
	assert.equal(right.instance, logged?.line?.instance, "the process in whose log it is");
	assert.match(lines.at(-1) ?? "", /"agent":"medstack-to-aptible-watch\/1 \(0a1b\)"/);
	assert.deepEqual([logged?.kind, logged?.kind === "event" ? "" : logged?.host], ["probe", domain]);
	const other = await ask("old", await start(statusOf(404)));
	assert.equal(other.is, "wrong");
	assert.match(other.says, /status 404: something else than the page service answers there/);
});

test("the new side is wrong where the old page, Aptible's error page or nobody answers, and where its certificate is not right", async () => {
	const cases: [RequestListener, RegExp][] = [
		[traefik, /MedStack's maintenance page answers there/],
		[
			statusOf(502, { server: "brickwall" }),
			/status 502: Aptible answers with its own error page, as the service is at 0 or down/,
		],
		[statusOf(200), /status 200: Aptible answers; its certificate: DEPTH_ZERO_SELF_SIGNED_CERT/],
	];
	for (const [answer, says] of cases) {
		const found = await ask("new", await start(answer));
		assert.equal(found.is, "wrong");
		assert.match(found.says, says);
	}
	const nobody = await ask("new", 1);
	assert.deepEqual([nobody.is, nobody.says], ["wrong", `Aptible, ${domain} at 127.0.0.1: no answer (ECONNREFUSED)`]);
});
