import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startApi } from "../../aptible/api-server.ts";
import { clearFaults, isHalted, pendingFaults, setFault } from "../../aptible/faults.ts";
import { countMutations } from "../../aptible/journal.ts";
import { setLatency } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

const DEPLOY = ["deploy", "--app", "portal", "--docker-image", "acme/portal:1"];

interface Listed {
	id: number;
	handle: string;
	status: string;
	services: unknown[];
}

async function benchWithApp(...deployed: string[]): Promise<Bench> {
	const bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	if (deployed.length > 0) await bench.ok(...deployed);
	return bench;
}

function numberIn(text: string): string {
	return /Operation #(\d+) failed/.exec(text)?.[1] ?? assert.fail(text);
}

async function until(condition: () => boolean): Promise<void> {
	for (const deadline = Date.now() + 10_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20))) {
		assert.ok(Date.now() < deadline, "it never came to that");
	}
}

test("deploy-fails leaves the app pending, without services, and says why in the log", async () => {
	using bench = await benchWithApp();
	setFault(bench.dir, { name: "deploy-fails" });
	const { exit, stderr } = await bench.run(DEPLOY);
	assert.equal(exit, 1);
	const [app] = await bench.json<Listed[]>("apps");
	assert.deepEqual([app?.status, app?.services], ["pending", []]);
	const log = await bench.ok("operation:logs", numberIn(stderr));
	assert.match(
		log.stdout,
		/ERROR -- : before_deploy: bundle exec rake db:migrate: exit 1\n.*ERROR -- : Operation \d+ failed\.\n$/,
	);
	assert.equal((await bench.run(DEPLOY)).exit, 0);
});

test("a fault strikes as often as told, and only what it matches", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "configure-fails", times: 2, handle: "portal" });
	setFault(bench.dir, { name: "configure-fails", handle: "other" });
	const set = ["config:set", "--app", "portal", "A=1"];
	assert.deepEqual([(await bench.run(set)).exit, (await bench.run(set)).exit, (await bench.run(set)).exit], [1, 1, 0]);
	assert.deepEqual(pendingFaults(bench.dir), ["configure-fails"]);
});

test("configure-fails and scale-fails change nothing", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "configure-fails" });
	setFault(bench.dir, { name: "scale-fails" });
	assert.equal((await bench.run(["config:set", "--app", "portal", "A=1"])).exit, 1);
	assert.equal((await bench.run(["apps:scale", "web", "--app", "portal", "--container-count", "3"])).exit, 1);
	assert.deepEqual(await bench.json("config", "--app", "portal"), []);
	const services = await bench.json<{ container_count: number }[]>("services", "--app", "portal");
	assert.equal(services[0]?.container_count, 1);
});

test("provision-fails leaves the record of any kind, and its handle taken, until it is deprovisioned", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "provision-fails", times: 3 });
	assert.equal((await bench.run(["db:create", "main"])).exit, 1);
	assert.equal((await bench.run(["log_drain:create:https", "siem", "--url", "https://x.example"])).exit, 1);
	assert.equal((await bench.run(["endpoints:https:create", "web", "--app", "portal", "--default-domain"])).exit, 1);
	const [endpoint] = await bench.json<{ hostname: string | null; status: string }[]>(
		"endpoints:list",
		"--app",
		"portal",
	);
	assert.deepEqual([endpoint?.status, endpoint?.hostname], ["provision_failed", null]);
	const again = await bench.run(["db:create", "main"]);
	assert.equal(again.stderr, "An error occurred: Handle has already been taken\n");
	await bench.ok("db:deprovision", "main");
	await bench.ok("db:create", "main");
});

test("portal-early ends with exit 0 while the operation still runs", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "portal-early", ms: 300 });
	await bench.ok("config:set", "--app", "portal", "A=1");
	assert.deepEqual(await bench.json("config", "--app", "portal"), []);
	await new Promise((resolve) => setTimeout(resolve, 350));
	assert.equal((await bench.json<unknown[]>("config", "--app", "portal")).length, 1);
});

test("portal-down polls until a slow operation is over", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setLatency(bench.dir, { operationMs: 200 });
	setFault(bench.dir, { name: "portal-down" });
	const { stdout, stderr } = await bench.ok("config:set", "--app", "portal", "A=1");
	assert.equal(stdout, "");
	assert.match(stderr, /Disconnected from logs/);
	assert.equal((await bench.json<unknown[]>("config", "--app", "portal")).length, 1);
});

test("connection-drops kills the call after the server took the operation", async () => {
	using bench = await benchWithApp();
	setFault(bench.dir, { name: "connection-drops" });
	const { exit, stderr, writes } = await bench.run(DEPLOY);
	assert.equal(exit, 1);
	assert.match(stderr, /Connection reset by peer .*(\n\tfrom \S+:\d+:in .*)+\n$/);
	assert.equal(writes.length, 1);
	assert.equal((await bench.json<Listed[]>("apps"))[0]?.status, "provisioned");
	setFault(bench.dir, { name: "connection-drops", write: "create" });
	assert.equal((await bench.run(["apps:create", "second"])).exit, 1);
	assert.equal((await bench.json<Listed[]>("apps")).length, 2);
});

test("request-refused: the CLI removes a database or drain again, but not an endpoint", async () => {
	using bench = await benchWithApp(...DEPLOY);
	const refuse = () => setFault(bench.dir, { name: "request-refused", reason: "Account is not activated" });
	refuse();
	const database = await bench.run(["db:create", "main"]);
	assert.deepEqual([database.exit, database.stderr], [1, "Account is not activated\n"]);
	assert.deepEqual(await bench.json("db:list"), []);
	refuse();
	assert.equal((await bench.run(["log_drain:create:https", "siem", "--url", "https://x.example"])).exit, 1);
	assert.deepEqual(await bench.json("log_drain:list"), []);
	refuse();
	const endpoint = await bench.run(["endpoints:https:create", "web", "--app", "portal", "--default-domain"]);
	assert.equal(endpoint.stderr, "An error occurred: Account is not activated\n");
	assert.equal((await bench.json<unknown[]>("endpoints:list", "--app", "portal")).length, 1);
	setFault(bench.dir, { name: "request-refused", status: 503 });
	assert.match((await bench.run(["restart", "--app", "portal"])).stderr, /ServerError/);
});

test("unauthorized, api-unreachable: nothing gets through, on either way in", async () => {
	using bench = await benchWithApp();
	setFault(bench.dir, { name: "unauthorized" });
	assert.equal((await bench.run(["apps"])).stderr, "API authentication error: please run aptible login\n");
	setFault(bench.dir, { name: "api-unreachable" });
	assert.match((await bench.run(["apps"])).stderr, /Connection refused/);
	const api = await startApi(bench.dir);
	const get = () => fetch(`${api.url}/accounts`, { headers: { authorization: "Bearer x" } });
	setFault(bench.dir, { name: "unauthorized", command: "GET /accounts" });
	assert.equal((await get()).status, 401);
	setFault(bench.dir, { name: "api-unreachable" });
	await assert.rejects(get());
	assert.equal((await get()).status, 200);
	await api.close();
});

test("not-found-race hides the newest object from one list", async () => {
	using bench = await benchWithApp();
	setFault(bench.dir, { name: "not-found-race", handle: "portal" });
	assert.deepEqual(await bench.json("apps"), []);
	assert.equal((await bench.json<Listed[]>("apps")).length, 1);
});

test("part-missing hides what is there, and answer-changed changes it, in a list each of it", async () => {
	using bench = await benchWithApp();
	const api = await startApi(bench.dir);
	const get = async (path: string) =>
		(await fetch(`${api.url}${path}`, { headers: { authorization: "Bearer x" } })).json() as Promise<
			Record<string, unknown>
		>;
	const [{ id } = { id: 0 }] = await bench.json<Listed[]>("apps");
	setFault(bench.dir, { name: "part-missing", command: "GET /apps/ID$" });
	assert.equal((await get(`/apps/${id}`)).error, "not_found");
	assert.equal((await get(`/apps/${id}`)).handle, "portal");
	const [{ id: environment } = { id: 0 }] = await bench.json<Listed[]>("environment:list");
	const change = { without: ["_links.account"], with: { handle: "other" } };
	setFault(bench.dir, { name: "answer-changed", times: 2, ...change });
	const alone = await get(`/apps/${id}`);
	const list = (await get(`/accounts/${environment}/apps`))._embedded as { apps: Record<string, unknown>[] };
	for (const { handle, _links } of [alone, ...list.apps]) {
		assert.equal(handle, "other");
		assert.doesNotMatch(JSON.stringify(_links), /account/);
	}
	await api.close();
});

test("slow-queue keeps an operation queued, and those behind it as well", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "slow-queue", ms: 400 });
	const startedMs = Date.now();
	await Promise.all([
		bench.ok("config:set", "--app", "portal", "A=1"),
		bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "2"),
	]);
	assert.ok(Date.now() - startedMs >= 400);
});

test("renew-fails leaves managed TLS pending", async () => {
	using bench = await benchWithApp(...DEPLOY);
	await bench.ok(
		"endpoints:https:create",
		"web",
		"--app",
		"portal",
		"--managed-tls",
		"--managed-tls-domain",
		"p.example",
	);
	const list = () =>
		bench.json<{ hostname: string; managed_tls_status: string }[]>("endpoints:list", "--app", "portal");
	const hostname = (await list())[0]?.hostname ?? "";
	setFault(bench.dir, { name: "renew-fails" });
	assert.equal((await bench.run(["endpoints:renew", hostname, "--app", "portal"])).exit, 1);
	assert.equal((await list())[0]?.managed_tls_status, "pending");
	await bench.ok("endpoints:renew", hostname, "--app", "portal");
	assert.equal((await list())[0]?.managed_tls_status, "ready");
});

for (const [name, survivors] of [
	["halt-after-mutation", ["first", "second"]],
	["halt-before-mutation", ["first"]],
] as const) {
	test(`${name} stops everything at exactly that write`, async () => {
		using bench = new Bench("acme-staging");
		setFault(bench.dir, { name, n: 2 });
		const before = countMutations(bench.dir);
		await bench.ok("apps:create", "first");
		assert.equal((await bench.run(["apps:create", "first"])).exit, 1);
		const halted = bench.spawn(["apps:create", "second"]);
		await until(() => isHalted(bench.dir));
		assert.ok(existsSync(join(bench.dir, "halted")));
		const later = bench.spawn(["apps:create", "third"]);
		assert.deepEqual(
			(await bench.json<Listed[]>("apps")).map(({ handle }) => handle),
			survivors,
		);
		await new Promise((resolve) => setTimeout(resolve, 300));
		for (const process of [halted, later]) process.kill();
		assert.deepEqual([(await halted.ended).exit, (await later.ended).exit], [null, null]);
		clearFaults(bench.dir);
		assert.equal(countMutations(bench.dir) - before, survivors.length);
		await bench.ok("apps:create", "fourth");
	});
}

test("a halt holds back the answer of the API as well", async () => {
	using bench = new Bench("acme-staging");
	const api = await startApi(bench.dir);
	const [{ id } = { id: 0 }] = await bench.json<Listed[]>("environment:list");
	setFault(bench.dir, { name: "halt-after-mutation" });
	const aborted = AbortSignal.timeout(500);
	const options = {
		method: "PUT",
		headers: { authorization: "Bearer x" },
		body: '{"handle":"renamed"}',
		signal: aborted,
	};
	await assert.rejects(fetch(`${api.url}/accounts/${id}`, options), { name: "TimeoutError" });
	assert.ok(isHalted(bench.dir));
	clearFaults(bench.dir);
	assert.equal((await bench.json<Listed[]>("environment:list"))[0]?.handle, "renamed");
	await api.close();
});

test("part-lost lets an operation succeed without a part of what it carried", async () => {
	using bench = await benchWithApp(...DEPLOY);
	setFault(bench.dir, { name: "part-lost", part: "env" });
	await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "2");
	assert.deepEqual(pendingFaults(bench.dir), ["part-lost"], "a scale carries none");
	await bench.ok("deploy", "--app", "portal", "--docker-image", "acme/portal:2", "A=1");
	assert.deepEqual(pendingFaults(bench.dir), []);
	assert.deepEqual(await bench.json<object[]>("config", "--app", "portal"), []);
	await bench.ok("deploy", "--app", "portal", "--docker-image", "acme/portal:2", "A=1");
	assert.equal((await bench.json<object[]>("config", "--app", "portal")).length, 1);
});
