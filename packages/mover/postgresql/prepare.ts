/** Step `create-database`: a fresh database for the copy, or the one that an earlier try of this run has begun. */
import type pg from "pg";
import type { Evidence, Steps } from "../steps.ts";
import { type Login, withSession } from "./connection.ts";
import { COPY_SCHEMA } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";
import { createLike, dropDatabase, enter, marker, quoteName, readLocale } from "./target.ts";

export interface PrepareOptions {
	target: Login;
	into: string;
	owner: string;
	sourceDatabase: string;
	targetVersion: number;
	snapshot: Snapshot;
	steps: Steps;
	warn: (line: string) => void;
}

/** Makes the database; where it is there already, enters this holder into it. */
export async function prepareDatabase(options: PrepareOptions): Promise<Evidence> {
	const { target, into, owner, sourceDatabase, targetVersion, snapshot, steps, warn } = options;
	await refuseSwapped(target, into);
	// A copy of a live source is of one snapshot; with another one it begins anew.
	const made = await look();
	if (made !== undefined && snapshot.live && made.hash !== snapshot.hash) await dropDatabase(target, into);
	else if (made !== undefined) await withCopy((client) => enter(client, steps.epoch));
	return steps.step("create-database", "", { look, act });

	async function look(): Promise<Evidence | undefined> {
		const exists = await withServer((client) => isThere(client, into));
		return exists ? withCopy(readMarker) : undefined;
	}

	async function act(): Promise<void> {
		const like = await readLocale(snapshot.client, sourceDatabase, snapshot.version);
		await withServer(async (client) => {
			if (!(await isThere(client, into))) {
				await createLike(client, { name: into, owner }, like, targetVersion, warn);
			}
			// Nobody but its owner connects before it is in use; a killed run may have made it and no more.
			await client.query(`REVOKE ALL ON DATABASE ${quoteName(into)} FROM PUBLIC`);
		});
		await withCopy(async (client) => {
			await enter(client, steps.epoch);
			const evidence = JSON.stringify({ hash: snapshot.hash, live: snapshot.live });
			await client.query(`${marker("create-database", "", "$1::jsonb").replace(/;$/, "")} ON CONFLICT DO NOTHING`, [
				evidence,
			]);
		});
	}

	function withServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
		return withSession(target, { database: "postgres" }, work);
	}

	function withCopy<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
		return withSession(target, { database: into }, work);
	}
}

async function isThere(client: pg.Client, database: string): Promise<boolean> {
	const { rows } = await client.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [database]);
	return rows.length > 0;
}

async function readMarker(client: pg.Client): Promise<Evidence | undefined> {
	const { rows: found } = await client.query(
		`SELECT pg_catalog.to_regclass('${COPY_SCHEMA}.done') IS NOT NULL AS made`,
	);
	if (!found[0].made) return undefined;
	const { rows } = await client.query(`SELECT evidence FROM ${COPY_SCHEMA}.done WHERE step = 'create-database'`);
	return rows[0]?.evidence;
}

/** A database whose swap has begun takes no connection. */
async function refuseSwapped(target: Login, into: string): Promise<void> {
	const { rows } = await withSession(target, { database: "postgres" }, (client) =>
		client.query("SELECT datallowconn AS open FROM pg_catalog.pg_database WHERE datname = $1", [into]),
	);
	if (rows[0]?.open !== false) return;
	throw new Error(
		`the swap of ${into} has begun, and it takes no connections; finish the swap, or give this copy up: DROP DATABASE ${quoteName(into)}`,
	);
}
