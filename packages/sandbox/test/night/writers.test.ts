/** Writers on a real server, and the judge of what became of their rows. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startDnsWorld } from "../../dns/authority.ts";
import { resolveBy } from "../../dns/client.ts";
import { startMedstack } from "../../medstack/cluster.ts";
import { startLoadBalancer } from "../../medstack/load-balancer.ts";
import { type BackEvidence, judgeBack } from "../../night/back-verdict.ts";
import { isGood, isServed, judgeWrites, measureDowntime } from "../../night/judge.ts";
import { type AcknowledgedWrite, Ledger } from "../../night/ledger.ts";
import { startRequester } from "../../night/requesters.ts";
import { CachingResolver } from "../../night/resolver.ts";
import { startWeb, startWorker } from "../../night/writers.ts";
import { readWrites, type StoredWrite, WRITES_TABLE } from "../../night/writes.ts";
import { execute } from "../../postgresql/execute.ts";
import { type Postgres, startPostgres } from "../../postgresql/server.ts";

const APP = { name: "app_rw", password: "x" };
const CONTENT = [
	{ sql: "CREATE ROLE app_rw LOGIN PASSWORD 'x'" },
	{ sql: `${WRITES_TABLE}; GRANT SELECT, INSERT ON night_writes TO app_rw` },
];

/** Two servers, as the ends of a move have them. */
let old: Postgres;
let fresh: Postgres;

before(async () => {
	[old, fresh] = (await Promise.all([1, 2].map(() => startPostgres({ major: 17, content: CONTENT })))) as [
		Postgres,
		Postgres,
	];
});
after(() => Promise.all([old?.stop(), fresh?.stop()]));

const databases = () => ({
	medstack: { url: old.url(), server: `${old.address}:${old.port}` },
	aptible: { url: fresh.url(), server: `${fresh.address}:${fresh.port}` },
});

/** What the move does. @param rows that come over */
async function copy(rows: readonly StoredWrite[]): Promise<void> {
	const values = rows.map(
		({ id, writer, writtenAt, writtenOn }) => `('${id}', '${writer}', '${writtenAt.toISOString()}', '${writtenOn}')`,
	);
	await execute(fresh.url(), `INSERT INTO night_writes VALUES ${values.join(", ")}`);
}

async function until(isSo: () => boolean): Promise<void> {
	for (const deadline = Date.now() + 10_000; !isSo(); await sleep(5)) assert.ok(Date.now() < deadline, isSo.toString());
}

afterEach(() => Promise.all([old, fresh].map((one) => execute(one.url(), "TRUNCATE night_writes"))));

test("a night from one side to the other: who asks by DNS is down from the last answer there to the first one here, and no write is lost", async (t) => {
	const [domain, server] = ["portal.acme.example", "ns1.acme.example"];
	const soa = "acme.example 60 SOA ns1.acme.example root.acme.example 1 7200 900 1209600 60";
	const leadsTo = (address: string) => ({ records: [soa, `${domain} 0 A ${address}`] });
	const dns = await startDnsWorld({ "acme.example": { [server]: leadsTo("203.0.113.9") } });
	const ledger = new Ledger();
	const login = (one: Postgres) => one.url("postgres", APP);
	const medstack = await startMedstack({
		resolve: resolveBy(dns.resolver),
		services: {
			web: {
				replicas: 2,
				domains: [domain],
				start: ({ slot }) => startWeb({ side: "medstack", url: login(old), name: `web.${slot}` }),
			},
			worker: {
				replicas: 1,
				start: () => startWorker({ side: "medstack", url: login(old), name: "worker", ledger, everyMs: 10 }),
			},
		},
	});
	const web = await startWeb({ side: "aptible", url: login(fresh), name: "web" });
	const elb = await startLoadBalancer({
		route: () => ({ service: "web", addresses: web.address ? [web.address] : [] }),
	});
	const clients = ["reader", "writer"].map((client) =>
		startRequester({
			client,
			url: `http://${domain}/`,
			resolver: new CachingResolver({ server: dns.resolver }),
			reach: (address) =>
				address === medstack.address
					? { host: "127.0.0.1", port: medstack.loadBalancer.port, side: "medstack" }
					: { host: "127.0.0.1", port: elb.port, side: "aptible" },
			...(client === "writer" ? { ledger } : {}),
			everyMs: () => 5,
		}),
	);
	t.after(async () => {
		await Promise.all(clients.map((client) => client.stop()));
		await Promise.all([medstack.close(), elb.close(), dns.close(), web.stop()]);
	});
	const answers = () => clients.flatMap((client) => client.answers);
	const by = (writer: string) => ledger.writes.filter((one) => one.writer === writer).length;
	await until(() => by("writer") > 3 && by("worker") > 3);
	await until(() => clients.every((client) => client.answers.filter(isGood).length > 3));
	const warm = new Date();
	await until(() => clients.every(({ answers }) => answers.some((one) => one.at >= warm && isGood(one))));
	for (const name of ["web", "worker"]) await medstack.scale(name, 0);
	await medstack.settled();
	const closed = new Date();
	await until(() => answers().filter(({ status }) => status === 503).length > 3 && Date.now() - closed.getTime() > 300);
	await copy(await readWrites(old.url()));
	dns.change(server, leadsTo("198.51.100.7"));
	await until(() => clients.every((client) => client.answers.some((one) => isServed(one, "aptible"))));
	await Promise.all(clients.map((client) => client.stop()));

	const times = [{ side: "medstack" as const, from: closed }];
	const verdict = await judgeWrites(ledger, databases(), "aptible", times);
	assert.deepEqual([verdict.lost, verdict.onClosedSide, verdict.contradicted], [[], [], []]);
	assert.deepEqual(
		verdict.turns.map(({ side }) => side),
		["medstack", "aptible"],
	);
	const downtime = measureDowntime(answers().filter(({ at }) => at >= warm));
	assert.equal(downtime?.isOver, true);
	assert.ok(downtime.from < closed && downtime.until > closed);
});

test("a worker writes on through a refused login, and the judge finds what was lost and what came to a closed side", async (t) => {
	const file = path.join(os.tmpdir(), `ledger-${process.pid}.jsonl`);
	t.after(() => rmSync(file, { force: true }));
	const ledger = new Ledger(file);
	const count = (more: number) => {
		const least = ledger.writes.length + more;
		return until(() => ledger.writes.length >= least);
	};
	const worker = startWorker({ side: "medstack", url: old.url("postgres", APP), name: "worker", ledger, everyMs: 5 });
	t.after(() => worker.stop());
	await count(3);
	await execute(old.url(), "ALTER ROLE app_rw NOLOGIN");
	// In a transaction of its own: whoever is ended must find the login shut.
	await execute(old.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_rw'");
	await until(() => ledger.unacknowledged >= 3);
	const frozenAt = new Date();
	const frozen = await readWrites(old.url());
	const [first, ...others] = frozen;
	await copy(others);
	const web = await startWeb({ side: "aptible", url: fresh.url("postgres", APP), name: "web" });
	t.after(() => web.stop());
	const address = `http://127.0.0.1:${web.address?.port}`;
	const post = async () => {
		const id = crypto.randomUUID();
		const response = await fetch(address, { method: "POST", body: JSON.stringify({ id }) });
		assert.deepEqual([response.status, await response.json()], [201, { side: "aptible", id }]);
		ledger.acknowledge({ id, at: new Date(), side: "aptible", writer: "browser" });
	};
	await post();
	// Somebody opens the old side again.
	await execute(old.url(), "ALTER ROLE app_rw LOGIN");
	await count(1);
	await worker.stop();
	await post();
	assert.deepEqual([(await fetch(address)).status, (await fetch(`${address}/health`)).status], [200, 200]);
	await web.stop();
	await web.ended;

	const closed = [{ side: "medstack" as const, from: frozenAt }];
	const verdict = await judgeWrites(ledger, databases(), "aptible", closed);
	const late = (await readWrites(old.url())).slice(frozen.length).map(({ id }) => id);
	assert.ok(late.length > 0);
	assert.deepEqual(
		verdict.onClosedSide.map(({ id }) => id),
		late,
	);
	assert.deepEqual(
		verdict.lost.map(({ id }) => id),
		[first?.id, ...late],
	);
	assert.deepEqual(
		verdict.turns.map(({ side, writes }) => [side, writes]),
		[
			["medstack", frozen.length],
			["aptible", 1],
			["medstack", late.length],
			["aptible", 1],
		],
	);
	assert.deepEqual(verdict.contradicted, []);
	const liar = { id: frozen[1]?.id ?? "", at: new Date(), side: "aptible" as const, writer: "browser" };
	assert.deepEqual((await judgeWrites({ writes: [liar] }, databases(), "aptible", [])).contradicted, [liar]);
	const writes: AcknowledgedWrite[] = [];
	const judged = judgeWrites({ writes }, databases(), "aptible", []);
	// Told while the judge reads, as it is while the product serves.
	writes.push({ ...liar, id: crypto.randomUUID() });
	assert.deepEqual((await judged).lost, []);
	assert.equal(readFileSync(file, "utf8").trim().split("\n").length, ledger.writes.length);
});

test("the judge of a way back finds each thing that may be wrong with it", async () => {
	const at = (second: number) => new Date(Date.UTC(2026, 11, 1, 2, 0, second));
	const row = (second: number, on: Postgres): StoredWrite => {
		const writtenOn = `${on.address}:${on.port}`;
		return { id: crypto.randomUUID(), writer: "worker", writtenAt: at(second), writtenOn };
	};
	const [before, gone, after] = [row(0, old), row(60, fresh), row(90, old)];
	await copy([before, gone]);
	for (const { id, writtenAt, writtenOn } of [before, after]) {
		const values = `'${id}', 'worker', '${writtenAt.toISOString()}', '${writtenOn}'`;
		await execute(old.url(), `INSERT INTO night_writes VALUES (${values})`);
	}
	const told = (one: StoredWrite, side: "medstack" | "aptible") => ({
		id: one.id,
		at: one.writtenAt,
		side,
		writer: "worker",
	});
	const answered = (second: number, side: "medstack" | "aptible", status?: number) => ({
		client: "reader",
		at: at(second),
		ended: at(second + 1),
		side,
		...(status === undefined ? { error: "cut off" } : { status }),
	});
	const answers = [answered(0, "medstack", 200), answered(60, "aptible", 200), answered(70, "medstack", 503)];
	const right: BackEvidence = {
		requesters: [{ answers: [...answers, answered(74, "medstack"), answered(85, "medstack", 200)] }],
		ledger: { writes: [told(before, "medstack"), told(gone, "aptible"), told(after, "medstack")] },
		databases: databases(),
		frozen: at(30),
		opened: at(45),
		began: at(66),
		accepted: at(70),
		ledAt: at(75),
		runs: [
			{ from: at(-90), until: at(10) },
			{ from: at(45), until: at(65) },
		],
		counted: 1,
		domain: ["203.0.113.9"],
		home: "203.0.113.9",
		replicas: [{ name: "web", wanted: 1, found: 1 }],
	};
	const judged = await judgeBack(right);
	assert.deepEqual([judged.wrong, judged.seconds, judged.given], [[], 20, 1], judged.lines.join("\n"));
	const forgotten = row(20, old);
	const wrongs: [Partial<BackEvidence>, RegExp][] = [
		[{ requesters: [{ answers }] }, /no client is served by MedStack/],
		[{ ledger: { writes: [...right.ledger.writes, told(forgotten, "medstack")] } }, /is lost, which MedStack has ack/],
		[{ ledger: { writes: [told(gone, "medstack")] } }, /acknowledged by medstack, and is the other side's/],
		[{ counted: 2 }, /back has counted 2 rows, and Aptible's server has taken 1/],
		[{ accepted: at(95) }, /is on medstack, which was closed at 02:01:30/],
		[{ ledAt: at(95) }, /is on medstack, which was closed/],
		[{ runs: [{ from: at(45), until: at(95) }] }, /is on medstack, which was closed/],
		[{ runs: [{ from: at(45) }] }, /what began at 02:00:45 runs on Aptible/],
		[{ opened: at(61) }, /is on aptible, which was closed/],
		[{ domain: ["198.51.100.7"] }, /the domain leads to 198\.51\.100\.7/],
		[{ replicas: [{ name: "web", wanted: 1, found: 0 }] }, /web has 0 instances on MedStack, and had 1/],
	];
	for (const [changed, says] of wrongs) {
		assert.match((await judgeBack({ ...right, ...changed })).wrong.join("\n"), says);
	}
});
