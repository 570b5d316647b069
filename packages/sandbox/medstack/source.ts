/** A database as MedStack has it: a flexible server of Azure, whose admin is no superuser. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PostgresMajor } from "../postgresql/binaries.ts";
import { execute } from "../postgresql/execute.ts";
import { type Content, type Postgres, startPostgres } from "../postgresql/server.ts";

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
	/** Of the number of a clinic's rows, as `fillWithClinic` takes it; default: no clinic. A clinic is kept in the cache, so keep it small. */
	clinicScale?: number;
	/** Network namespace that it runs in, which takes root; default this process's own. */
	namespace?: string;
}

/** Starts a source with an empty database, or one with a clinic where its scale is given. */
export async function startMedstackSource({
	major = 15,
	settings = {},
	address,
	folder,
	clinicScale,
	namespace,
}: SourceOptions = {}): Promise<Postgres> {
	return startPostgres({
		major,
		superuser: "azure_superuser",
		settings,
		...(address === undefined ? {} : { address }),
		...(folder === undefined ? {} : { folder }),
		...(namespace === undefined ? {} : { namespace }),
		content: [
			{ sql: ROLES },
			{ sql: `CREATE DATABASE ${MEDSTACK_DATABASE} OWNER ${MEDSTACK_ADMIN.name}` },
			{ database: MEDSTACK_DATABASE, sql: "CREATE SCHEMA azure AUTHORIZATION azuresu" },
			...(clinicScale === undefined ? [] : await clinic(clinicScale)),
		],
	});
}

/**
 * Fills it with a clinic: 13 kinds of objects, 1.3 GB at scale 1.
 *
 * @param scale of the number of rows; 0.002 makes some 3 MB
 */
export async function fillWithClinic(source: Postgres, scale: number): Promise<void> {
	for (const { database, user, sql } of await clinic(scale)) await execute(source.localUrl(database, user), sql);
}

async function clinic(scale: number): Promise<Content[]> {
	const sql = await readFile(path.join(import.meta.dirname, "clinic.sql"), "utf8");
	return [
		{
			database: MEDSTACK_DATABASE,
			sql: "CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_trgm; CREATE EXTENSION citext;",
		},
		{
			database: MEDSTACK_DATABASE,
			user: MEDSTACK_ADMIN,
			sql: sql.replaceAll(/:rows\((\d+)\)/g, (_, rows) => String(Math.ceil(Number(rows) * scale))),
		},
	];
}
