/** Both sides of a move for tests: a source as Azure gives it to MedStack, a target as Aptible makes one. */
import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { startAptiblePostgres } from "@medstack-to-aptible/sandbox/aptible/postgresql.ts";
import { findDebianRoot } from "@medstack-to-aptible/sandbox/debian/root.ts";
import {
	fillWithClinic,
	MEDSTACK_ADMIN,
	MEDSTACK_DATABASE,
	startMedstackSource,
} from "@medstack-to-aptible/sandbox/medstack/source.ts";
import type { PostgresMajor } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import type { Postgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
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

export async function startSource(
	major: PostgresMajor = 15,
	settings: Record<string, string | number> = {},
): Promise<Source> {
	const server = await startMedstackSource({ major, settings });
	return {
		server,
		login: { url: server.url(MEDSTACK_DATABASE, MEDSTACK_ADMIN) },
		superuser: { url: server.url(MEDSTACK_DATABASE) },
	};
}

export async function startTarget(major: PostgresMajor = 17): Promise<Target> {
	const server = await startAptiblePostgres({ major });
	return { server, login: { url: server.url("db") } };
}

/** Runs SQL, as the admin unless another login is given; statements by `;`, in one transaction unless they say otherwise. */
export async function execute(login: Login, sql: string): Promise<void> {
	await withSession(login, { settings: { search_path: "public", row_security: "on" } }, (client) => client.query(sql));
}

/** Fills a source with a clinic of 3 MB, unless another scale is given. */
export async function fillClinic({ server }: Source, scale = 0.002): Promise<void> {
	await fillWithClinic(server, scale);
}
