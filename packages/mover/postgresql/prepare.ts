/** Step `create-database`: a fresh database for the copy, or the one that an earlier try of this run has begun. */
import type pg from "pg";
import type { Evidence, Steps } from "../steps.ts";
import { type Login, withSession } from "./connection.ts";
import { type Counters, writesSince } from "./counters.ts";
import { COPY_SCHEMA } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";
import { createLike, dropDatabase, enter, isThere, marker, quoteName, readLocale } from "./target.ts";

export interface PrepareOptions {
	target: Login;
	into: string;
	owner: string;
	sourceDatabase: string;
	targetVersion: number;
	snapshot: Snapshot;
	/** The source's, from before the copy; absent of a source that is in use. */
	counters: Counters | undefined;
	steps: Steps;
	warn: (line: string) => void;
}

/** Makes the database; where it is there already, enters this holder into it, or begins anew where it is of another source. */
export async function prepareDatabase(options: PrepareOptions): Promise<Evidence> {
	const { target, into, owner, sourceDatabase, targetVersion, snapshot, counters, steps, warn } = options;
	await refuseSwapped(target, into);
	const made = await look();
	if (made !== undefined && !(await isOfThisSource(made))) await dropDatabase(target, into);
	else if (made !== undefined) await withCopy((client) => enter(client, steps.epoch));
	return steps.step("create-database", "", { look, act });

	async function look(): Promise<Evidence | undefined> {
		const exists = await withServer((client) => isThere(client, into));
		return exists ? withCopy(readMarker) : undefined;
	}

	/** A copy of a live source is of one snapshot; that of a frozen one is of what it was when nobody wrote any more. */
	async function isOfThisSource({ hash }: Evidence): Promise<boolean> {
		if (snapshot.live) return hash === snapshot.hash;
		if (counters === undefined) return true;
		const begun = await readCountersOf(target, into);
		const [write] = begun === undefined ? ["it keeps no counters of the source"] : writesSince(begun, counters);
		if (write !== undefined) warn(`${into} is copied anew: ${write}`);
		return write === undefined;
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
			if (counters !== undefined) await keepCounters(client, counters);
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

async function readMarker(client: pg.Client): Promise<Evidence | undefined> {
	const { rows: found } = await client.query(
		`SELECT pg_catalog.to_regclass('${COPY_SCHEMA}.done') IS NOT NULL AS made`,
	);
	if (!found[0].made) return undefined;
	const { rows } = await client.query(`SELECT evidence FROM ${COPY_SCHEMA}.done WHERE step = 'create-database'`);
	return rows[0]?.evidence;
}

/** Those of the first try count: a later one goes on from what it has copied. */
async function keepCounters(client: pg.Client, counters: Counters): Promise<void> {
	const insert = marker("counters", "before", "$1::jsonb").replace(/;$/, "");
	await client.query(`${insert} ON CONFLICT DO NOTHING`, [JSON.stringify(counters)]);
}

/** The source's counters when a copy was begun; nothing where there is no copy, or it keeps none. */
export async function readCountersOf(target: Login, into: string): Promise<Counters | undefined> {
	const exists = await withSession(target, { database: "postgres" }, (client) => isThere(client, into));
	if (!exists) return undefined;
	return withSession(target, { database: into }, async (client) => {
		if ((await readMarker(client)) === undefined) return undefined;
		const { rows } = await client.query(
			`SELECT evidence FROM ${COPY_SCHEMA}.done WHERE step = 'counters' AND part = 'before'`,
		);
		return rows[0]?.evidence;
	});
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
