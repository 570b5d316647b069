import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { dropTunnels, putServerBehind } from "@medstack-to-aptible/sandbox/aptible/real-servers.ts";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { type Clouds, startAptible } from "@medstack-to-aptible/sandbox/clouds.ts";
import { startDnsWorld } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { type Mariadb, startMariadb } from "@medstack-to-aptible/sandbox/mariadb/server.ts";
import { Context } from "../../aptible/context.ts";
import { noteMarks, readCounters } from "../../move/back/counters.ts";
import { countLoss } from "../../move/back/loss.ts";
import { findOpening } from "../../move/back/opening.ts";
import { closeMove } from "../../move/close.ts";
import { handOverFile, makeCredentials } from "../../move/credentials.ts";
import { hashDomain } from "../../move/dns/point-line.ts";
import { STEP_LOCK } from "../../move/operator-lock.ts";
import { runPoint } from "../../move/point-command.ts";
import { findEnvironment, Ways } from "../../move/session.ts";
import { readMoveStage } from "../../move/stage.ts";
import { readConfiguration } from "../../packages/mover/configuration.ts";
import { Mask } from "../../packages/mover/mask.ts";
import { withMysql } from "../../packages/mover/mysql/connection.ts";
import { execute } from "../../packages/mover/test/support/databases.ts";
import { World } from "../../packages/mover/test/support/mover-process.ts";
import { memoryJournal } from "./back/world.ts";

const ADDRESS = "203.0.113.9";
let world: World;
let mysql: Mariadb;
let clouds: Clouds;
let folder: string;

const stageFile = () => path.join(folder, "Pulumi.night.yaml");

/** @param more lines of the block `move` */
async function stageIn(phase: string, more = ""): Promise<void> {
	await writeFile(
		stageFile(),
		`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    main: { type: postgresql, version: "17" }
    reports: { type: mysql, version: "8.4" }
    jobs: { type: redis, version: "8.2" }
    search: { type: elasticsearch, version: "7.10" }
  medstack-to-aptible:move:
    phase: ${phase}
    from: { addresses: [${ADDRESS}] }
    databases: { main: {}, reports: {}, jobs: { drain: { queues: ["queue:default"] } }, search: {} }
${more}`,
	);
}

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), "move-"));
	[world, clouds, mysql] = await Promise.all([
		World.start(),
		startAptible(folder),
		startMariadb({ release: "trixie", settings: { "event-scheduler": "OFF" } }),
	]);
	Object.assign(process.env, clouds.env);
	process.env.PATH = [...clouds.path, process.env.PATH].join(path.delimiter);
	const dir = clouds.env.APTIBLE_SANDBOX ?? "";
	createEnvironment(dir, "acme");
	const types = { main: "postgresql", reports: "mysql", jobs: "redis", search: "elasticsearch" };
	for (const [handle, type] of Object.entries(types)) {
		await cli("db:create", "--type", type, "--environment", "acme", "--", handle);
		await cli("endpoints:database:create", "--ip-whitelist", ADDRESS, "--environment", "acme", "--", handle);
	}
	const server = world.targets.main;
	assert.ok(server);
	const { address: host, port, password, ca } = server;
	putServerBehind(dir, "main", { host, port, user: server.superuser, password, ca });
	const behind = { host: mysql.address, port: mysql.port, password: mysql.password, ca: mysql.ca };
	putServerBehind(dir, "reports", { ...behind, user: "aptible" });
	await withMysql(root("mysql"), (session) => session.run("CREATE DATABASE db"));
	await writeFile(
		path.join(folder, "Pulumi.night.move.json"),
		JSON.stringify({
			version: 1,
			run: "r1",
			at: "2026-11-30T02:14:00Z",
			databases: Object.fromEntries(
				Object.keys(types).map((name) => [name, { aptibleId: 1, hash: "0123456789abcdef" }]),
			),
		}),
	);
});
after(async () => {
	await Promise.all([world?.stop(), mysql?.stop(), clouds?.close()]);
	await rm(folder, { recursive: true, force: true });
});

const root = (database: string) => ({ url: mysql.url(database), ca: mysql.ca });

async function cli(...argv: string[]): Promise<void> {
	const { code, stderr } = await callCli(argv, { ...clouds.env, APTIBLE_OUTPUT_FORMAT: "json" });
	assert.equal(code, 0, stderr);
}

async function close(): Promise<string> {
	const said: string[] = [];
	await closeMove(new Context(), readMoveStage("night", stageFile()), {
		dropFormer: false,
		dropJournal: false,
		isThawed: false,
		withoutWatch: "no domain in this test",
		tell: (line) => said.push(line),
	});
	return said.join("\n");
}

/** Each event with its status and whom it runs as. */
async function events(): Promise<string[]> {
	const rows = await withMysql(root("db"), (session) =>
		session.rows(
			"SELECT EVENT_NAME AS name, STATUS AS status, DEFINER AS definer FROM information_schema.EVENTS ORDER BY 1",
		),
	);
	return rows.map(({ name, status, definer }) => `${name} ${status} ${definer}`);
}

test("queues, and databases that nobody copies, are handed over as the stage file has them", async () => {
	await stageIn("prepare");
	const moved = readMoveStage("night", stageFile());
	await makeCredentials(new Context(), moved, { replace: false, tell: () => {} });
	const { databases, uncopied } = readConfiguration(
		{
			MOVE_TARGET: readFileSync(handOverFile(moved), "utf8"),
			MOVE_SOURCE_MAIN: world.source.url(),
			MOVE_SOURCE_REPORTS: mysql.url("db"),
			MOVE_SOURCE_JOBS: "redis://10.0.0.5",
		},
		new Mask(),
	);
	assert.deepEqual(
		databases.map(({ name, drain }) => [name, drain]),
		[
			["jobs", { queues: ["queue:default"], database: 0, minutes: 10 }],
			["main", undefined],
			["reports", undefined],
		],
	);
	assert.deepEqual(uncopied, [{ name: "search", type: "elasticsearch" }]);
});

test("MySQL's events are started by close in the phase live, each as whom it ran, and not where the move is cancelled", async () => {
	await withMysql(root("db"), async (session) => {
		await session.run("CREATE USER keeper@'%' IDENTIFIED BY 'x' ACCOUNT LOCK");
		await session.run("GRANT ALL ON db.* TO keeper@'%'");
		const create = (name: string, when: string, state: string) =>
			session.run(
				`CREATE DEFINER = keeper@'%' EVENT ${name} ON SCHEDULE ${when} ON COMPLETION NOT PRESERVE ${state} DO SET @x = 1`,
			);
		await create("sweep", "EVERY 1 DAY", "DISABLE ON SLAVE");
		await create("resting", "EVERY 1 DAY", "DISABLE");
		await create("once", "AT CURRENT_TIMESTAMP + INTERVAL 1 SECOND", "DISABLE ON SLAVE");
	});
	const off = ["once SLAVESIDE_DISABLED keeper@%", "resting DISABLED keeper@%", "sweep SLAVESIDE_DISABLED keeper@%"];
	await stageIn("cancelled");
	await close();
	assert.deepEqual(await events(), off);
	await stageIn("live");
	const said = await close();
	assert.match(said, /reports: 2 events were off since the copy, and are on from now/);
	assert.match(said, /reports: its event_scheduler is off, so that no event runs; SET GLOBAL event_scheduler = ON/);
	assert.ok(!said.includes(mysql.password));
	assert.deepEqual(
		await events(),
		off.map((line) => line.replace("SLAVESIDE_DISABLED", "ENABLED")),
	);
	assert.match(await close(), /reports: 0 events were off since the copy/);
});

test("rows that apps write on Aptible after the marks are counted through tunnels, of PostgreSQL and of MySQL", async (t) => {
	await stageIn("trial");
	const moved = readMoveStage("night", stageFile());
	const context = new Context();
	const environment = await findEnvironment(context, moved);
	const said: string[] = [];
	const ways = new Ways(context, environment, (line) => void said.push(line));
	t.after(() => ways.close());
	const server = world.targets.main ?? assert.fail();
	const write = (sql: string) => execute({ url: server.url("db") }, `${sql}; SELECT pg_stat_force_next_flush()`);
	await write("CREATE TABLE visits (n int)");
	await withMysql(root("db"), (session) => session.run("CREATE TABLE visits (n int)"));
	const { journal } = memoryJournal();
	const unknown = await noteMarks(journal, "r7", "trial", await readCounters(ways, environment, moved));
	assert.deepEqual(
		unknown.map((line) => line.replace(/\(.*/, "")),
		[
			"jobs: what is written on Aptible from here on cannot be counted ",
			"search: what is written on Aptible from here on cannot be counted ",
		],
	);
	const lose = async () => {
		const opening = findOpening(await journal.lines(), ["main", "reports"], "trial");
		return countLoss(opening, await readCounters(ways, environment, moved));
	};
	assert.deepEqual(await lose(), { rows: 0, sinceLive: 0, unknown: [], open: [] });
	await write("INSERT INTO visits SELECT generate_series(1, 4)");
	await withMysql(root("db"), async (session) => {
		for (const n of [1, 2, 3]) await session.run(`INSERT INTO visits VALUES (${n})`);
		assert.equal((await lose()).rows, 7);
		await session.run("START TRANSACTION");
		await session.run("DELETE FROM visits");
		assert.match((await lose()).unknown.join(), /^reports: 1 transactions have written and are open/);
		await session.run("COMMIT");
	});
	dropTunnels(clouds.env.APTIBLE_SANDBOX ?? "");
	assert.deepEqual([(await lose()).rows, said.length > 0], [8, true], "through tunnels that are opened anew");
});

test("point finds the journal through a tunnel, holds the operators' lock in it, and writes its line there", async (t) => {
	const before = { ...process.env };
	const zone = (serial: number, side: string) => ({
		records: [
			`acme.example 3600 SOA ns1.acme.example hostmaster.acme.example ${serial} 7200 900 1209600 900`,
			"portal-old.acme.example 60 A 203.0.113.9",
			"portal-new.acme.example 60 CNAME elb-7.aptible.in",
			`portal.acme.example 60 CNAME portal-${side}.acme.example`,
		],
	});
	const dns = await startDnsWorld({ "acme.example": { "ns1.acme.example": zone(1, "new") } });
	const bin = path.join(folder, "bin");
	await mkdir(bin);
	await writeFile(path.join(bin, "pulumi"), '#!/bin/sh\nprintf \'{"movePhase":"frozen"}\'\n', { mode: 0o755 });
	process.env.PATH = [bin, process.env.PATH].join(path.delimiter);
	process.env.MEDSTACK_TO_APTIBLE_DNS = dns.resolver;
	process.env.MEDSTACK_TO_APTIBLE_DNS_PORT = String(dns.port);
	t.after(() => {
		Object.assign(process.env, before);
		delete process.env.MEDSTACK_TO_APTIBLE_DNS_PORT;
		return dns.close();
	});
	const endpoint = "{ service: web, kind: https, domain: portal.acme.example, managedTls: true }";
	await stageIn(
		"frozen",
		`    domains: { portal.acme.example: { via: manual, from: 203.0.113.9 } }
  medstack-to-aptible:apps:
    portal: { image: acme/portal:1, services: { web: {} }, endpoints: { public: ${endpoint} } }
`,
	);
	const journal = await world.moveDatabase();
	await journal.query(
		"INSERT INTO public.wishes (version, command, arguments, state, run) VALUES (1, 'copy', '{}', 'done', 'r7')",
	);
	const said: string[] = [];
	const held: Promise<number>[] = [];
	await runPoint(new Context(), readMoveStage("night", stageFile()), {
		to: "old",
		signal: t.signal,
		tell(line) {
			said.push(line);
			if (!line.includes("portal-old.acme.example")) return;
			held.push(countLocks(journal));
			dns.change("ns1.acme.example", zone(2, "old"));
		},
	});
	assert.match(said.at(-1) ?? "", /leads to portal-old\.acme\.example on every authoritative server/);
	assert.equal((await Promise.all(held))[0], 1);
	const { rows } = await journal.query("SELECT state, evidence FROM public.journal WHERE step = 'point'");
	assert.deepEqual(rows, [
		{ state: "note", evidence: { hash: hashDomain("portal.acme.example"), side: "old", seconds: 60 } },
	]);
	assert.equal(await countLocks(journal), 0);
	assert.match(await readFile(path.join(folder, ".move/night.jsonl"), "utf8"), /"step":"point"/);
});

/** Sessions that hold the lock of an operator at a step. */
async function countLocks(session: { query(sql: string): Promise<{ rows: { held: number }[] }> }): Promise<number> {
	const { rows } = await session.query(
		`SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = ${STEP_LOCK.object}`,
	);
	return rows[0]?.held ?? 0;
}
