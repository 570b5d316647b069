/** The maintenance page's service: what it answers, what it logs, and what it does not take. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { ConfigurationError } from "../../configuration.ts";
import { type PageConfiguration, readPageConfiguration } from "../../page/configuration.ts";
import type { Hit, Line } from "../../page/hit.ts";
import { type LogLine, type PageServer, servePage } from "../../page/server.ts";
import { startProcess } from "../support/mover-process.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "page-"));
const none = path.join(folder, "none");
const log: LogLine[] = [];
let server: PageServer;

before(async () => {
	const configuration = readPageConfiguration(
		{ MOVE_PAGE_TITLE: "Back <soon>", MOVE_PAGE_TEXT: "We move.\nCall 555 & ask.", MOVE_PAGE_RETRY_SECONDS: "120" },
		none,
	);
	server = await servePage({ ...configuration, port: 0 }, (line) => log.push(line), { timeoutMs: 300 });
});
after(async () => {
	await server.close();
	rmSync(folder, { recursive: true });
});

/** Sends bytes and reads until the server ends the connection. */
async function send(text: string): Promise<string> {
	const socket = net.connect(server.port, "127.0.0.1");
	let answer = "";
	socket.setEncoding("utf8").on("data", (data) => {
		answer += data;
	});
	socket.on("error", () => {});
	socket.write(text);
	await once(socket, "close");
	return answer;
}

const request = (line: string, ...headers: string[]) =>
	send([`${line} HTTP/1.1`, "Connection: close", ...headers, "", ""].join("\r\n"));
const lastHit = () => log.at(-1) as Line & Hit;

test("everybody gets 503 with Retry-After and a page in plain HTML, whatever the method", async () => {
	const got = await request("GET /records", "Host: Portal.acme.example:443");
	assert.match(got, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
	assert.match(got, /\r\nretry-after: 120\r\n/);
	assert.match(got, /\r\ncache-control: no-store\r\n/);
	assert.match(got, /\r\nx-maintenance-page: medstack-to-aptible\r\n/);
	assert.ok(got.includes(`\r\nx-maintenance-instance: ${lastHit().instance}\r\n`));
	assert.match(
		got,
		/<html lang="en">[\s\S]*<title>Back &lt;soon&gt;<\/title>[\s\S]*<main>\n<h1>Back &lt;soon&gt;<\/h1>/,
	);
	assert.match(got, /<p>We move\.<\/p>\n<p>Call 555 &amp; ask\.<\/p>/);
	for (const method of ["OPTIONS", "DELETE", "PROPFIND"]) {
		assert.match(await request(`${method} /`, "Host: a.example"), /^HTTP\/1\.1 503 /, method);
	}
	const [head = "", body] = (await request("HEAD /", "Host: a.example")).split("\r\n\r\n");
	assert.match(head, /^HTTP\/1\.1 503 [\s\S]*content-length: [1-9]/);
	assert.equal(body, "");
	assert.match(await request("CONNECT a.example:443", "Host: a.example"), /^HTTP\/1\.1 503 /);
	assert.match(
		await request("GET /ws", "Host: a.example", "Connection: Upgrade", "Upgrade: websocket"),
		/^HTTP\/1\.1 503 /,
	);
	assert.match(await send("GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 503 /, "without a host");
});

test("a health check of the load balancer gets 200; from outside it is a client like any other", async () => {
	assert.match(await request("GET /healthz?x=1", "Host: 10.0.1.7:8080"), /^HTTP\/1\.1 200 [\s\S]*ok\n$/);
	assert.equal(lastHit().kind, "health");
	assert.match(await request("GET /healthz", "Host: a.example", "X-Forwarded-For: 198.51.100.7"), /^HTTP\/1\.1 200 /);
	assert.equal(lastHit().kind, "hit");
});

test("a line says who came for which host, without what they asked for, and believes no header", async () => {
	await request(
		"GET /records/7?patient=Jane%20Doe",
		"Host: Portal.acme.example.:443",
		"X-Forwarded-For: 198.51.100.7, 10.0.0.2",
		'User-Agent: curl/8 \u0001"x',
	);
	assert.equal(lastHit().kind, "malformed", "a control character in a header");
	await request(
		"GET /records/jane-doe?patient=Jane%20Doe#Jane",
		"Host: Portal.acme.example.:443",
		"X-Forwarded-For: 198.51.100.7, 10.0.0.2",
		'User-Agent: curl/8 "x',
	);
	const { time, instance, number, ...rest } = lastHit();
	assert.ok(Math.abs(Date.parse(time) - Date.now()) < 5_000 && /^[0-9a-f]{8}$/.test(instance));
	assert.deepEqual(rest, {
		kind: "hit",
		host: "portal.acme.example",
		client: "198.51.100.7",
		via: "10.0.0.2",
		agent: 'curl/8 "x',
	});
	assert.deepEqual(
		log.map((line) => line.number),
		log.map((_, index) => index + 1),
	);
	const cases: [header: string, client: string, via?: string][] = [
		["[2001:DB8::1]:443", "2001:db8::1"],
		["::ffff:198.51.100.9", "198.51.100.9"],
		["198.51.100.9:4711", "198.51.100.9"],
		["<script>, nobody", "127.0.0.1"],
		[`203.0.113.1, ${"junk, ".repeat(1_000)}203.0.113.2`, "203.0.113.1", "203.0.113.2"],
	];
	for (const [header, client, via] of cases) {
		await request("GET /", "Host: a.example", `X-Forwarded-For: ${header}`);
		assert.deepEqual([lastHit().client, lastHit().via], [client, via], header.slice(0, 40));
	}
	await request("GET http://me:pass@a.example/x?y", "Host: b/c", `User-Agent: ${"u".repeat(5_000)}`);
	assert.deepEqual([lastHit().host, lastHit().agent.length], ["", 200]);
	assert.match(await request("GET http://me:pass@a.example/healthz?y", "Host: b"), /^HTTP\/1\.1 200 /);
	assert.doesNotMatch(JSON.stringify(log), /jane|pass|records/i);
});

test("no body is asked for or looked at, and none is a request of its own", async () => {
	const before = log.length;
	const body = "GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n";
	const head = `POST /a HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
	const answer = await send(head + body);
	assert.match(answer, /^HTTP\/1\.1 503 /);
	assert.doesNotMatch(answer, /100 Continue/);
	assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
	assert.equal(log.length, before + 1);
});

test("who sends headers without end is ended: too slow, too many, or nonsense", async () => {
	const started = performance.now();
	assert.match(await send("GET / HTTP/1.1\r\nHost: a.example\r\nX-Slow: "), /^HTTP\/1\.1 408 /);
	assert.ok(performance.now() - started < 3_000);
	assert.match(await request("GET /", `X-Big: ${"x".repeat(20_000)}`), /^HTTP\/1\.1 431 /);
	assert.match(await send("\u0016\u0003\u0001hello\r\n\r\n"), /^HTTP\/1\.1 400 /);
	assert.equal(lastHit().kind, "malformed");
});

test("connections beyond the most that are held are counted in the next line that says it is there", async () => {
	const lines: LogLine[] = [];
	const limits = { mostConnections: 1, aliveMs: 20 };
	const small = await servePage({ ...readPageConfiguration({}, none), port: 0 }, (line) => lines.push(line), limits);
	const held = net.connect(small.port, "127.0.0.1");
	await once(held, "connect");
	const refused = net.connect(small.port, "127.0.0.1");
	refused.on("error", () => {});
	await once(refused, "close");
	while (!lines.some((line) => "dropped" in line && line.dropped > 0)) await new Promise(setImmediate);
	held.destroy();
	await small.close();
	const counts = lines.flatMap((line) => ("dropped" in line ? [line.dropped] : []));
	assert.equal(
		counts.reduce((sum, count) => sum + count, 0),
		1,
	);
});

function problemsOf(environment: Record<string, string>, secrets = none): string {
	try {
		readPageConfiguration(environment, secrets);
	} catch (error) {
		if (error instanceof ConfigurationError) return error.message;
		throw error;
	}
	return "";
}

test("it refuses to listen with a secret, which it names and does not show", () => {
	const secrets = path.join(folder, "secrets");
	writeFileSync(secrets, "");
	for (const [name, value] of [
		["MOVE_TARGET", '{"correct-horse":1}'],
		["MOVE_TARGET_FILE", "/run/secrets/x"],
		["MOVE_SOURCE_MAIN", "postgresql://a:correct-horse@b/c"],
		["MOVE_SOURCE_MAIN_APPS_FILE", "/x"],
		["SMTP_PASSWORD", "correct-horse"],
		["DATABASE_URL", "postgresql://a:correct-horse@b/c"],
		["MOVE_OBJECTS_DOCUMENTS", "correct-horse"],
		["MOVE_JOBS", "2"],
		["FILES", "https://a.blob.core.windows.net/b?sv=2024&sig=correct-horse"],
		["STORAGE", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=correct-horse;"],
	] as const) {
		const problems = problemsOf({ [name]: value });
		assert.match(problems, new RegExp(`^${name}: looks like a secret, .*; remove it from this service$`));
		assert.ok(!problems.includes("correct-horse"));
	}
	assert.match(problemsOf({}, folder), /^\S+\/secrets: a secret is mounted, .*; remove it from this service$/m);
	assert.equal(problemsOf({ HOSTNAME: "a", HOME: "/", NODE_VERSION: "24", NODE_ENV: "production", PORT: "9000" }), "");
});

test("a wrong word is refused with what is allowed", () => {
	for (const [environment, says] of [
		[{ PORT: "80" }, /^PORT: "80" is not a whole number from 1024 to 65535; default: 8080$/],
		[{ MOVE_PAGE_RETRY_SECONDS: "soon" }, /^MOVE_PAGE_RETRY_SECONDS: "soon" is not/],
		[{ MOVE_PAGE_LANGUAGE: "en><" }, /^MOVE_PAGE_LANGUAGE: is not a language such as en/],
		[{ MOVE_PAGE_HEALTH_PATH: "health" }, /^MOVE_PAGE_HEALTH_PATH: is not a path such as/],
		[{ MOVE_PAGE_TEXT: "x".repeat(3_000) }, /^MOVE_PAGE_TEXT: is not text of at most 2000/],
	] as const) {
		assert.match(problemsOf(environment), says);
	}
	const read: PageConfiguration = readPageConfiguration({}, none);
	assert.deepEqual([read.port, read.healthPath, read.language, read.retrySeconds], [8080, "/healthz", "en", 300]);
});

test("the image's process serves it with MOVE_STEP=page, logs JSON alone, and ends when it is told", async () => {
	const entry = path.join(import.meta.dirname, "../../main.ts");
	const taken = startProcess(entry, { MOVE_STEP: "page", PORT: String(server.port) });
	const refused = startProcess(entry, { MOVE_STEP: "page", MOVE_TARGET: "{}" });
	const unknown = startProcess(entry, { MOVE_STEP: "pages" });
	const probe = net.createServer().listen(0);
	await once(probe, "listening");
	const { port } = probe.address() as net.AddressInfo;
	probe.close();
	await once(probe, "close");
	const page = startProcess(entry, { MOVE_STEP: "page", PORT: String(port) });
	await page.says(/"started"/);
	const answer = await fetch(`http://127.0.0.1:${port}/x?patient=1`, { headers: { connection: "close" } });
	assert.equal(answer.status, 503);
	const told = performance.now();
	await page.end("SIGTERM");
	assert.ok(performance.now() - told < 5_000);
	assert.equal(page.child.exitCode, 0, page.output);
	const lines = page.output
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	assert.deepEqual(
		lines.map(({ kind }) => kind),
		["started", "hit", "ended"],
	);
	assert.deepEqual(
		lines.map(({ number }) => number),
		[1, 2, 3],
	);
	for (const [child, code, says] of [
		[taken, 1, /EADDRINUSE/],
		[refused, 2, /MOVE_TARGET: looks like a secret/],
		[unknown, 2, /MOVE_STEP: "pages" is none; allowed: page/],
	] as const) {
		if (child.child.exitCode === null) await once(child.child, "exit");
		assert.equal(child.child.exitCode, code, child.output);
		assert.match(child.output, says);
	}
});
