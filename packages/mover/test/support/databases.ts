/** Both sides of a move for tests: a source as Azure gives it to MedStack, a target as Aptible makes one. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { findDebianRoot } from "@medstack-to-aptible/sandbox/debian/root.ts";
import type { PostgresMajor } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import { type Postgres, startPostgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import { type Login, withSession } from "../../postgresql/connection.ts";

const DOCKERFILE = path.join(import.meta.dirname, "../../Dockerfile");

/**
 * Has the programs of the mover's image (`pg_dump` 17 ...) come first on this process's PATH; only root can install them into an
 * empty root, so that anybody else brings their own.
 */
export async function useImageClients(): Promise<void> {
	if (process.getuid?.() !== 0) {
		const { stdout } = await promisify(execFile)("pg_dump", ["--version"]).catch(() => ({ stdout: "no pg_dump" }));
		if (Number(/\) (\d+)/.exec(stdout)?.[1]) >= 17) return;
		throw new Error(`${stdout.trim()} on PATH; install PostgreSQL's clients, 17 or newer, or run the tests as root`);
	}
	const { bin } = await findDebianRoot(DOCKERFILE, (line) => process.stderr.write(`${line}\n`));
	if (!process.env.PATH?.startsWith(bin)) {
		process.env.PATH = `${bin}${path.delimiter}${process.env.PATH}`;
	}
}

/** A source: database `clinic`, owned by `medadmin`, who is no superuser. `login` is medadmin's, `superuser` Azure's own. */
export interface Source {
	server: Postgres;
	login: Login;
	superuser: Login;
}

/** A target: database `db`, and `aptible`, who is a superuser. */
export interface Target {
	server: Postgres;
	login: Login;
}

/** Like `azure-admin.sql` of the move's facts: the admin has no SUPERUSER and is a member of azure_pg_admin. */
const AZURE = `
CREATE ROLE azuresu SUPERUSER NOLOGIN;
CREATE ROLE azure_pg_admin NOLOGIN CREATEDB CREATEROLE REPLICATION;
GRANT pg_monitor, pg_read_all_settings, pg_signal_backend TO azure_pg_admin;
CREATE ROLE medadmin LOGIN CREATEDB CREATEROLE REPLICATION IN ROLE azure_pg_admin PASSWORD 'x';
CREATE ROLE app_rw LOGIN PASSWORD 'x'; CREATE ROLE app_ro LOGIN PASSWORD 'x';
`;

export async function startSource(
	major: PostgresMajor = 15,
	settings: Record<string, string | number> = {},
): Promise<Source> {
	const server = await startPostgres({ major, superuser: "azure_superuser", settings });
	const admin = { url: server.url() };
	await withSession(admin, {}, async (client) => {
		await client.query(AZURE);
		await client.query("CREATE DATABASE clinic OWNER medadmin");
	});
	await withSession(admin, { database: "clinic" }, (client) =>
		client.query("CREATE SCHEMA azure AUTHORIZATION azuresu"),
	);
	return {
		server,
		login: { url: server.url("clinic", { name: "medadmin", password: "x" }) },
		superuser: { url: server.url("clinic") },
	};
}

/** Settings as Aptible's image has them, scaled to a container of 1 GB (facts/move.md §0). */
export async function startTarget(major: PostgresMajor = 17): Promise<Target> {
	const server = await startPostgres({
		major,
		superuser: "aptible",
		passwords: "md5",
		settings: { wal_level: "logical", max_wal_size: "2GB", shared_buffers: "128MB", maintenance_work_mem: "64MB" },
	});
	const login = { url: server.url("db") };
	await withSession(login, { database: "postgres" }, (client) => client.query("CREATE DATABASE db"));
	return { server, login };
}

/** Runs SQL, as the admin unless another login is given; statements by `;`, in one transaction unless they say otherwise. */
export async function execute(login: Login, sql: string): Promise<void> {
	await withSession(login, { settings: { search_path: "public", row_security: "on" } }, (client) => client.query(sql));
}

/**
 * Fills a source with a clinic: 13 kinds of objects, 1.3 GB at scale 1. Tests take 0.002 (about 3 MB).
 *
 * @param scale of the number of rows
 */
export async function fillClinic({ superuser, login }: Source, scale = 0.002): Promise<void> {
	await execute(superuser, "CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_trgm; CREATE EXTENSION citext;");
	const sql = await readFile(path.join(import.meta.dirname, "clinic.sql"), "utf8");
	await execute(
		login,
		sql.replaceAll(/:rows\((\d+)\)/g, (_, rows) => String(Math.ceil(Number(rows) * scale))),
	);
}
