import assert from "node:assert/strict";
import { test } from "node:test";
import { startApi } from "../../aptible/api-server.ts";
import { setFault } from "../../aptible/faults.ts";
import { createEnvironment } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

type Answer = Record<string, unknown> & { id: number; _links: Record<string, { href: string }> };

async function withApi(bench: Bench, use: (get: (path: string) => Promise<Answer>) => Promise<void>): Promise<void> {
	const api = await startApi(bench.dir);
	const headers = { authorization: "Bearer x", prefer: "no_sensitive_extras=false" };
	try {
		await use(async (path) => (await (await fetch(`${api.url}${path}`, { headers })).json()) as Answer);
	} finally {
		await api.close();
	}
}

test("a drain's handle is unique over all environments", async () => {
	using bench = new Bench("acme-staging");
	createEnvironment(bench.dir, "acme-other");
	const create = (environment: string) =>
		bench.run(["log_drain:create:https", "siem", "--environment", environment, "--url", "https://x.example"]);
	assert.equal((await create("acme-staging")).exit, 0);
	const { exit, stderr } = await create("acme-other");
	assert.deepEqual([exit, stderr], [1, "An error occurred: Handle has already been taken\n"]);
});

test("the API has a drain's database as a link", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("db:create", "search", "--type", "elasticsearch", "--version", "7.10");
	await bench.ok("log_drain:create:elasticsearch", "logs", "--db", "search");
	const [drain] = await bench.json<{ id: number }[]>("log_drain:list");
	const [database] = await bench.json<{ id: number }[]>("db:list");
	await withApi(bench, async (get) => {
		const read = await get(`/log_drains/${drain?.id}`);
		assert.equal(read._links.database?.href.endsWith(`/databases/${database?.id}`), true);
		assert.equal("database_id" in read, false);
	});
});

test("secrets-hidden: an answer comes without secrets though they were asked for", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("log_drain:create:https", "siem", "--url", "https://x.example");
	const [drain] = await bench.json<{ id: number }[]>("log_drain:list");
	await withApi(bench, async (get) => {
		setFault(bench.dir, { name: "secrets-hidden", command: "GET /log_drains" });
		assert.equal("url" in (await get(`/log_drains/${drain?.id}`)), false);
		assert.equal((await get(`/log_drains/${drain?.id}`)).url, "https://x.example");
	});
});

test("deprovision-fails: the drain stays, and can be deprovisioned again", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("log_drain:create:https", "siem", "--url", "https://x.example");
	setFault(bench.dir, { name: "deprovision-fails" });
	assert.equal((await bench.run(["log_drain:deprovision", "siem", "--environment", "acme-staging"])).exit, 1);
	assert.equal((await bench.json<unknown[]>("log_drain:list")).length, 1);
	await bench.ok("log_drain:deprovision", "siem", "--environment", "acme-staging");
	assert.deepEqual(await bench.json("log_drain:list"), []);
});
