import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { putServerBehind } from "@medstack-to-aptible/sandbox/aptible/real-servers.ts";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { type Clouds, startAptible } from "@medstack-to-aptible/sandbox/clouds.ts";
import { type Mariadb, startMariadb } from "@medstack-to-aptible/sandbox/mariadb/server.ts";
import { Context } from "../../aptible/context.ts";
import { closeMove } from "../../move/close.ts";
import { handOverFile, makeCredentials } from "../../move/credentials.ts";
import { readMoveStage } from "../../move/stage.ts";
import { readConfiguration } from "../../packages/mover/configuration.ts";
import { Mask } from "../../packages/mover/mask.ts";
import { withMysql } from "../../packages/mover/mysql/connection.ts";
import { World } from "../../packages/mover/test/support/mover-process.ts";

const ADDRESS = "203.0.113.9";
let world: World;
let mysql: Mariadb;
let clouds: Clouds;
let folder: string;

const stageFile = () => path.join(folder, "Pulumi.night.yaml");

async function stageIn(phase: string): Promise<void> {
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
`,
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
