/** A server as Aptible makes one: user `aptible` is a superuser, the database is `db`, TLS alone, md5. */
import type { PostgresMajor } from "../postgresql/binaries.ts";
import { type Postgres, startPostgres } from "../postgresql/server.ts";

/** How the server is started. */
export interface AptiblePostgresOptions {
	/** @default 17 */
	major?: PostgresMajor;
	/** Address that it listens on; default 127.0.0.1. */
	address?: string;
	/** Where its data are kept; default a folder that goes with `stop`. */
	folder?: string;
}

/** Starts one with an empty `db`; settings as Aptible's image has them, for a container of 1 GB (facts/move.md §0). */
export async function startAptiblePostgres({
	major = 17,
	address,
	folder,
}: AptiblePostgresOptions = {}): Promise<Postgres> {
	return startPostgres({
		major,
		superuser: "aptible",
		passwords: "md5",
		settings: { wal_level: "logical", max_wal_size: "2GB", shared_buffers: "128MB", maintenance_work_mem: "64MB" },
		...(address === undefined ? {} : { address }),
		...(folder === undefined ? {} : { folder }),
		content: [{ sql: "CREATE DATABASE db" }],
	});
}
