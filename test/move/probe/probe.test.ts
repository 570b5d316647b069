/** Probes against TLS servers of the test's own: what passes, and each failure with what was seen and what to do. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http, { type RequestListener } from "node:http";
import https from "node:https";
import net, { type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Expected, findTarget, type ProbeTarget, probe } from "../../../move/probe/probe.ts";
import { certify, inDays, type TestCertificate } from "../../support/certificates.ts";
import { root } from "../../support/repository.ts";

const DOMAIN = "portal.acme.example";
const OLD = "acme.medstack.example";
const servers: Server[] = [];
const good = certify({ names: [DOMAIN, "api.acme.example", "*.wild.acme.example"] });
const HEALTHY: RequestListener = (_, response) => response.end("all is ok here");

after(() => {
	for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

/** A server with a certificate. @returns its port */
function serve(answer: RequestListener, { pem: cert, keyPem: key }: TestCertificate = good): Promise<number> {
	return listen(https.createServer({ cert, key }, answer));
}

function target(port: number, domain = DOMAIN): ProbeTarget {
	const names = { app: "portal", endpoint: "portal.public", service: "web", environment: "acme" };
	return { ...names, domain, from: OLD, address: { host: "127.0.0.1", port } };
}

const HEALTH: Expected = { path: "/health?full=1", text: "ok" };

interface AskOptions {
	expected?: Expected;
	roots?: string[];
	timeoutMs?: number;
}

function ask(
	targets: readonly [ProbeTarget, ...ProbeTarget[]],
	{ expected = HEALTH, roots = [good.pem], timeoutMs = 5_000 }: AskOptions = {},
) {
	return probe(targets[0], targets, expected, { roots, timeoutMs });
}

async function failure(port: number, options: Parameters<typeof ask>[1] = {}): Promise<string> {
	const { isPassed, line } = await ask([target(port)], options);
	assert.equal(isPassed, false, line);
	assert.ok(!line.includes("\n"), line);
	return line;
}

test("a domain passes that answers under its own name, path and text, which DNS knows nothing of", async () => {
	const seen: unknown[] = [];
	const port = await serve((request, response) => {
		const { servername } = request.socket as unknown as { servername: string };
		seen.push([servername, request.headers.host, request.url]);
		response.end("all is ok here");
	});
	const { isPassed, line } = await ask([target(port)]);
	assert.ok(isPassed, line);
	assert.match(
		line,
		/^portal\.acme\.example: portal\.acme\.example\/health answers 200 with the text, certificate until 20/,
	);
	assert.deepEqual(seen, [[DOMAIN, DOMAIN, "/health?full=1"]]);
});

test("redirects are followed on the domain itself, and of where they lead no path is shown", async () => {
	const port = await serve((request, response) => {
		if (request.url === "/health?full=1") response.writeHead(302, { location: "/in/meier?code=s3cret" }).end();
		else response.end("ok");
	});
	const { isPassed, line } = await ask([target(port)]);
	assert.ok(isPassed, line);
	assert.match(
		line,
		/^portal\.acme\.example: portal\.acme\.example\/health, redirected within https:\/\/portal\.acme\.example, answers 200/,
	);
	const broken = await serve((request, response) => {
		if (request.url === "/health?full=1") response.writeHead(302, { location: "/in/meier?code=s3cret" }).end();
		else response.writeHead(500, { "content-type": "text/html; patient=meier" }).end("ok");
	});
	const circle = await serve(redirect("/in/meier?code=s3cret"));
	for (const said of [line, await failure(broken), await failure(circle)]) assert.doesNotMatch(said, /meier|s3cret/);
});

test("a redirect to another domain of the move says nothing of the first, whatever that one answers", async () => {
	const api = target(await serve(HEALTHY), "api.acme.example");
	const port = await serve(redirect("https://api.acme.example/in"));
	const { isPassed, line } = await ask([target(port), api]);
	assert.equal(isPassed, false);
	assert.match(
		line,
		/redirects \(301\) to https:\/\/api\.acme\.example, another domain of the move, .* npm run move -- probe --accept DOMAIN --stack STACK$/,
	);
	const [wild, exact] = [target(1, "*.acme.example"), target(2, "api.acme.example")];
	assert.equal(findTarget("api.acme.example", [wild, exact]), exact, "a wildcard takes no name that has an entry");
	assert.equal(findTarget("www.acme.example", [wild, exact]), wild);
});

test("a wildcard is asked by a name below it", async () => {
	const port = await serve((request, response) => response.end(`ok ${request.headers.host}`));
	const { line } = await ask([target(port, "*.wild.acme.example")]);
	assert.match(line, /: move-probe\.wild\.acme\.example\/health answers 200/);
});

test("a certificate that ends soon passes, and is named", async () => {
	const soon = certify({ names: [DOMAIN], until: inDays(5.5) });
	const { isPassed, line } = await ask([target(await serve(HEALTHY, soon))], { roots: [soon.pem] });
	assert.ok(isPassed);
	assert.match(line, /; its certificate ends in 5 days, see that it is renewed$/);
});

test("without a smoke test no answer passes, as it may be any app's", async () => {
	const port = await serve((_, response) => response.writeHead(204).end());
	const { isPassed, line } = await probe(target(port), [target(port)], undefined, {
		roots: [good.pem],
		timeoutMs: 5_000,
	});
	assert.equal(isPassed, false);
	assert.match(
		line,
		/failed: \/ answers 204, and whether it is the right app is unknown; give move\.domains\."portal\.acme\.example"\.smoke/,
	);
});

test("an old certificate", async () => {
	const old = certify({ names: [DOMAIN], from: inDays(-90), until: inDays(-1) });
	assert.match(
		await failure(await serve(HEALTHY, old), { roots: [old.pem] }),
		/failed: the certificate for portal\.acme\.example at 127\.0\.0\.1:\d+ has ended; aptible endpoints:renew/,
	);
});

test("a certificate of another name", async () => {
	const other = certify({ names: ["app-7.on-aptible.com"] });
	assert.match(
		await failure(await serve(HEALTHY, other), { roots: [other.pem] }),
		/is of app-7\.on-aptible\.com, not of portal\.acme\.example; see that endpoint portal\.public has the domain/,
	);
});

test("a certificate that nobody trusts", async () => {
	const own = certify({ names: [DOMAIN] });
	assert.match(
		await failure(await serve(HEALTHY, own)),
		/no authority that browsers trust .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
	);
});

test("the wrong app: its text is missing, and of its answer nothing is shown", async () => {
	const port = await serve((_, response) => {
		response.setHeader("content-type", "text/html");
		response.end("<p>Patient Meier</p>");
	});
	const line = await failure(port);
	assert.match(line, /\/health answers 200 \(text\/html, 20 bytes\) without the text of its smoke: another app/);
	assert.doesNotMatch(line, /Meier/);
});

const redirect =
	(location: string): RequestListener =>
	(_, response) =>
		response.writeHead(301, { location }).end();

test("a redirect to the old host", async () => {
	assert.match(
		await failure(await serve(redirect(`https://${OLD}/health`))),
		/redirects \(301\) to https:\/\/acme\.medstack\.example, the old side; change the app's base URL .* npm run move -- switch trial --again --stack STACK$/,
	);
});

test("a redirect to a stranger, to plain http, and in a circle", async () => {
	assert.match(await failure(await serve(redirect("https://login.example/"))), /, which is none of move\.domains;/);
	assert.match(
		await failure(await serve(redirect(`http://${DOMAIN}/health`))),
		/to http:\/\/portal\.acme\.example, which is not https .*X-Forwarded-Proto/,
	);
	assert.match(await failure(await serve(redirect("/health?full=1"))), /redirects more than 5 times/);
});

test("502 of a service at 0, an error of the app's, a path that is none, and a door that is shut", async () => {
	const status = async (code: number) => failure(await serve((_, response) => response.writeHead(code).end("ok")));
	assert.match(
		await status(502),
		/answers 502: no container of service portal\.web answers; .*aptible services --app portal/,
	);
	assert.match(await status(500), /answers 500: the app fails; its log says why: aptible logs --app portal/);
	assert.match(await status(404), /answers 404: is it the right app, and is the smoke's path right\?/);
	assert.match(await status(403), /answers 403: .*IP filter/);
});

test("a connection that is refused, and a side that does not answer in time", async () => {
	const gone = net.createServer();
	const port = await listen(gone);
	await new Promise((resolve) => gone.close(resolve));
	assert.match(
		await failure(port),
		/127\.0\.0\.1:\d+ refuses the connection; is endpoint portal\.public provisioned\?/,
	);
	const silent = await serve(() => {});
	assert.match(
		await failure(silent, { timeoutMs: 200 }),
		/has not answered within 0\.2 s; does the endpoint's IP filter/,
	);
	// Its head comes, and then nothing.
	const slow = await serve((_, response) => void response.writeHead(200).write("o"));
	assert.match(await failure(slow, { timeoutMs: 200 }), /has not answered within 0\.2 s/);
	const deaf = await listen(net.createServer(() => {}));
	assert.match(await failure(deaf, { timeoutMs: 200 }), /has not answered within 0\.2 s/);
});

test("plain http, and a connection that is cut", async () => {
	assert.match(await failure(await listen(http.createServer(HEALTHY))), /speaks no TLS that fits .*kind https$/);
	const cut = await serve((request) => request.socket.destroy());
	assert.match(await failure(cut), /gives no answer \(ECONNRESET\)/);
});

test("a load balancer that has no address", async () => {
	const nowhere = { ...target(443), address: { host: "elb-7.invalid", port: 443 } };
	const { line } = await ask([nowhere]);
	assert.match(line, /no address of elb-7\.invalid is known here \((ENOTFOUND|EAI_AGAIN)\)/);
});

test("an authority of NODE_EXTRA_CA_CERTS is trusted, beside those of the system", async (t) => {
	const folder = mkdtempSync(path.join(tmpdir(), "probe-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const ca = path.join(folder, "ca.pem");
	writeFileSync(ca, good.pem);
	const port = await serve(HEALTHY);
	const url = (file: string) => JSON.stringify(pathToFileURL(path.join(root, file)).href);
	const script = `
		const { probe } = await import(${url("move/probe/probe.ts")});
		const { trustedRoots } = await import(${url("move/probe/request.ts")});
		const target = ${JSON.stringify(target(port))};
		const roots = trustedRoots();
		console.log(JSON.stringify([roots.length > 50, await probe(target, [target], ${JSON.stringify(HEALTH)}, { roots, timeoutMs: 5000 })]));
	`;
	const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
	const { stdout } = await promisify(execFile)(process.execPath, argv, {
		env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
	});
	const [hasRoots, { isPassed, line }] = JSON.parse(stdout);
	assert.ok(hasRoots);
	assert.ok(isPassed, line);
});
