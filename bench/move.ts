/**
 * `npm run bench:move -- [scale] [rounds]`: a clinic of 1.3 GB times the scale, from PostgreSQL 15 to 17, both over TLS on this machine: the guide's
 * `pg_dump > file; psql < file` and the mover's copy, taking turns, then the mover's proof. CPU is that of both servers and of all that runs between them.
 *
 * `npm run bench:move -- --forecast [scale]`: the same clinic is rehearsed, grows by a quarter, and is rehearsed again beside the forecast.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { fillWithClinic } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { libpqVariables, withSession } from "../packages/mover/postgresql/connection.ts";
import { startSource, startTarget, useImageClients } from "../packages/mover/test/support/databases.ts";
import { runChild, runEngine } from "./child.ts";
import { benchForecast } from "./move-forecast.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { median } from "./turns.ts";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { forecast: { type: "boolean", default: false } },
});
const [scale = 1, rounds = 3] = positionals.map(Number);

interface Figures {
	wallSeconds: number;
	cpuSeconds: number;
	/** Of the mover's own process, in bytes. */
	memory?: number;
}

// Its servers are on the disk, as those of a move are, where tests have theirs in memory.
process.env.TMPDIR ||= os.tmpdir();
await useImageClients();
const [source, target] = await Promise.all([startSource(15), startTarget(17)]);
const folder = await mkdtemp(path.join(os.tmpdir(), "bench-move-"));
const measured = new Map<string, Figures[]>();
try {
	await fillWithClinic(source.server, scale);
	await withSession(source.superuser, {}, (client) => client.query("VACUUM ANALYZE"));
	await withSession(source.superuser, {}, (client) => client.query("CHECKPOINT"));
	const { rows } = await withSession(source.superuser, {}, (client) =>
		client.query("SELECT pg_database_size(current_database())::float8 / 1e6 AS mb"),
	);
	console.log(
		`${Math.round(rows[0].mb)} MB, PostgreSQL 15 to 17 over TLS, ${os.availableParallelism()} cores${values.forecast ? "" : `, ${rounds} rounds`}`,
	);
	if (values.forecast) await benchForecast(source, target);
	else await compareWithGuide();
} finally {
	await Promise.all([source.server.stop(), target.server.stop(), rm(folder, { recursive: true, force: true })]);
}

async function compareWithGuide(): Promise<void> {
	for (let round = 0; round < rounds; round += 1) {
		await remake("guide");
		await measure("guide", () => runGuide("guide"));
		await remake("guide", false);
		await measure("copy", () => runOurs("copy", `move_${round + 1}`));
		await measure("verify", () => runOurs("verify", `move_${round + 1}`));
		await remake(`move_${round + 1}`, false);
	}
	const middle = (name: string, pick: (figures: Figures) => number | undefined) =>
		median((measured.get(name) ?? []).flatMap((one) => pick(one) ?? [])) ?? Number.NaN;
	const [wall, cpu] = [
		(name: string) => middle(name, (one) => one.wallSeconds),
		(name: string) => middle(name, (one) => one.cpuSeconds),
	];
	for (const name of measured.keys())
		console.log(`${name.padEnd(8)} ${wall(name).toFixed(1)} s wall, ${cpu(name).toFixed(1)} s CPU`);
	const ratio = (own: number, other: number) => (own / other).toFixed(2);
	console.log(
		`copy / guide: ${ratio(wall("copy"), wall("guide"))} in wall (aim 0.80), ${ratio(cpu("copy"), cpu("guide"))} in CPU (aim 1.10)`,
	);
	console.log(
		`verify / copy: ${ratio(wall("verify"), wall("copy"))} in wall (aim 0.50), ${ratio(cpu("verify"), cpu("copy"))} in CPU`,
	);
	console.log(`the mover's own memory: ${(middle("copy", (one) => one.memory) / 2 ** 20).toFixed(0)} MB (aim 256)`);
}

async function remake(database: string, isMade = true): Promise<void> {
	await withSession(target.login, { database: "postgres" }, async (client) => {
		await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
		if (isMade) await client.query(`CREATE DATABASE ${database} TEMPLATE template0`);
		await client.query("CHECKPOINT");
	});
}

async function measure(name: string, act: () => Promise<number | undefined>): Promise<void> {
	const cpu = () => cpuSeconds([source.server.pid, target.server.pid], ["children"]);
	const [started, before] = [performance.now(), cpu()];
	const memory = await act();
	const figures: Figures = {
		wallSeconds: (performance.now() - started) / 1000,
		cpuSeconds: cpu() - before,
		...(memory === undefined ? {} : { memory }),
	};
	measured.set(name, [...(measured.get(name) ?? []), figures]);
	console.log(
		`  ${name}: ${figures.wallSeconds.toFixed(1)} s wall, ${figures.cpuSeconds.toFixed(1)} s CPU, load ${os.loadavg()[0]?.toFixed(1)}`,
	);
}

/** What the guide says: a dump to a file, and the file into psql. */
async function runGuide(database: string): Promise<undefined> {
	const file = path.join(folder, "dump.sql");
	await runChild("pg_dump", ["-f", file, "--no-owner", "--no-acl"], libpqVariables(source.login));
	await runChild("psql", ["-qX", "-f", file], libpqVariables(target.login, { database }));
	return undefined;
}

async function runOurs(act: "copy" | "verify", into: string): Promise<number> {
	return Number(await runEngine(act, source.login.url, target.login.url, into));
}
