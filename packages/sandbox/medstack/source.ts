/** A database as MedStack has it: a flexible server of Azure, whose admin is no superuser. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PostgresMajor } from "../postgresql/binaries.ts";
import { execute } from "../postgresql/execute.ts";
import { type Postgres, startPostgres } from "../postgresql/server.ts";

/** The login that MedStack gives: owner of the database, member of azure_pg_admin. */
export const MEDSTACK_ADMIN = { name: "medadmin", password: "x" };
/** Its database. */
export const MEDSTACK_DATABASE = "clinic";

/** Roles as on Azure, where `azuresu` is out of reach. */
const ROLES = `
CREATE ROLE azuresu SUPERUSER NOLOGIN;
CREATE ROLE azure_pg_admin NOLOGIN CREATEDB CREATEROLE REPLICATION;
GRANT pg_monitor, pg_read_all_settings, pg_signal_backend TO azure_pg_admin;
CREATE ROLE medadmin LOGIN CREATEDB CREATEROLE REPLICATION IN ROLE azure_pg_admin PASSWORD 'x';
CREATE ROLE app_rw LOGIN PASSWORD 'x'; CREATE ROLE app_ro LOGIN PASSWORD 'x';
`;

/** How the server is started. */
export interface SourceOptions {
	/** @default 15 */
	major?: PostgresMajor;
	settings?: Record<string, string | number>;
	/** Address that it listens on; default 127.0.0.1. */
	address?: string;
	/** Where its data are kept; default a folder that goes with `stop`. */
	folder?: string;
	/** Network namespace that it runs in, which takes root; default this process's own. */
	namespace?: string;
}

/** Starts a source with an empty database. */
export async function startMedstackSource({
	major = 15,
	settings = {},
	address,
	folder,
	namespace,
}: SourceOptions = {}): Promise<Postgres> {
	const server = await startPostgres({
		major,
		superuser: "azure_superuser",
		settings,
		...(address === undefined ? {} : { address }),
		...(folder === undefined ? {} : { folder }),
		...(namespace === undefined ? {} : { namespace }),
	});
	await execute(server.localUrl(), ROLES);
	await execute(server.localUrl(), `CREATE DATABASE ${MEDSTACK_DATABASE} OWNER ${MEDSTACK_ADMIN.name}`);
	await execute(server.localUrl(MEDSTACK_DATABASE), "CREATE SCHEMA azure AUTHORIZATION azuresu");
	return server;
}

/**
 * Fills it with a clinic: 13 kinds of objects, 1.3 GB at scale 1.
 *
 * @param scale of the number of rows; 0.002 makes some 3 MB
 */
export async function fillWithClinic(source: Postgres, scale: number): Promise<void> {
	const extensions = "CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_trgm; CREATE EXTENSION citext;";
	await execute(source.localUrl(MEDSTACK_DATABASE), extensions);
	const sql = await readFile(path.join(import.meta.dirname, "clinic.sql"), "utf8");
	await execute(
		source.localUrl(MEDSTACK_DATABASE, MEDSTACK_ADMIN),
		sql.replaceAll(/:rows\((\d+)\)/g, (_, rows) => String(Math.ceil(Number(rows) * scale))),
	);
}
