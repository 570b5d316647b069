/**
 * The database that a copy is written to. Each of its transactions takes the run's epoch lock, which nobody gets any more once
 * another mover has taken over, and carries the marker of its step: what is done and what is known to be done are one commit.
 */
import type pg from "pg";
import { type Evidence, LOCK_CLASS, type StepName, type Steps } from "../steps.ts";
import { connect, destroy, type Login, withSession } from "./connection.ts";
import { COPY_SCHEMA } from "./rules.ts";
import { withoutTimeouts } from "./snapshot.ts";

/** Of every session that writes: a server that loses its client stops within seconds, and a crash takes marker and rows together. */
export function writerSettings(version: number): Record<string, string> {
	return {
		...withoutTimeouts(version),
		client_connection_check_interval: "5s",
		synchronous_commit: "off",
		// Two jobs are at work already, and a parallel index costs more CPU.
		max_parallel_maintenance_workers: "0",
	};
}

/** Of a session that defines something where the copy's own event triggers are there already: they fire for nothing of ours. */
export const NO_TRIGGERS: Readonly<Record<string, string>> = { session_replication_role: "replica" };

/** object_not_in_prerequisite_state: the database takes no connections, as one whose swap has begun. */
export const CLOSED = "55000";

export const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string) => {
	const doubled = text.replaceAll("'", "''");
	return text.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
};

/** First statement of each transaction that writes to the copy. */
export function fence(epoch: number): string {
	return `DO $fence$ BEGIN
	IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, ${epoch})
		OR EXISTS (SELECT FROM ${COPY_SCHEMA}.holders WHERE epoch > ${epoch}) THEN
		RAISE EXCEPTION 'another mover has taken this run over' USING ERRCODE = 'MV001';
	END IF;
END $fence$;`;
}

/** The marker of a part, as the last statement of its transaction. */
export function marker(step: StepName, part: string, evidence: string): string {
	return `INSERT INTO ${COPY_SCHEMA}.done VALUES (${quoteText(step)}, ${quoteText(part)}, ${evidence});`;
}

const MARKERS = `
CREATE SCHEMA ${COPY_SCHEMA};
CREATE TABLE ${COPY_SCHEMA}.holders (epoch int PRIMARY KEY);
CREATE TABLE ${COPY_SCHEMA}.done (step text, part text, evidence jsonb NOT NULL, PRIMARY KEY (step, part));
CREATE TABLE ${COPY_SCHEMA}.plan (one boolean PRIMARY KEY DEFAULT true CHECK (one), parts jsonb NOT NULL);`;

/** Sessions in the copy, used again and again. */
export class CopyDatabase {
	readonly #login: Login;
	readonly #version: number;
	readonly #steps: Steps;
	readonly #signal: AbortSignal;
	readonly #idle: pg.Client[] = [];
	readonly #all = new Set<pg.Client>();
	readonly name: string;

	constructor(login: Login, name: string, version: number, steps: Steps, signal: AbortSignal) {
		this.#login = login;
		this.#version = version;
		this.name = name;
		this.#steps = steps;
		this.#signal = signal;
		signal.addEventListener("abort", () => this.#destroyAll(), { once: true });
	}

	/** Uses a session; one in which something failed is not used again. */
	async use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
		this.#signal.throwIfAborted();
		const client = this.#idle.pop() ?? (await this.#open());
		try {
			const result = await work(client);
			this.#idle.push(client);
			return result;
		} catch (error) {
			this.#all.delete(client);
			await client.end().catch(() => {});
			// A session that was ended by the run's end says less than the reason of it.
			throw this.#signal.aborted ? this.#signal.reason : error;
		}
	}

	async #open(): Promise<pg.Client> {
		const client = await connect(this.#login, { database: this.name, settings: writerSettings(this.#version) });
		this.#all.add(client);
		client.on("end", () => {
			const index = this.#idle.indexOf(client);
			if (index !== -1) this.#idle.splice(index, 1);
			this.#all.delete(client);
		});
		if (this.#signal.aborted) {
			this.#destroyAll();
			throw this.#signal.reason;
		}
		return client;
	}

	/** What a part left as evidence; nothing where it is not done. */
	async done(step: StepName, part: string): Promise<Evidence | undefined> {
		const sql = `SELECT evidence FROM ${COPY_SCHEMA}.done WHERE step = $1 AND part = $2`;
		const { rows } = await this.use((client) => client.query(sql, [step, part]));
		return rows[0]?.evidence;
	}

	/** Writes in one transaction, with the marker of the part. */
	async write(step: StepName, part: string, work: (client: pg.Client) => Promise<Evidence>): Promise<void> {
		await this.use(async (client) => {
			await client.query("BEGIN");
			await client.query(fence(this.#steps.epoch));
			const evidence = await work(client);
			// What it set for itself may be what the marker needs.
			await client.query("SET LOCAL search_path = ''");
			await client.query(marker(step, part, "$1::jsonb").replace(/;$/, ""), [JSON.stringify(evidence)]);
			await client.query("COMMIT");
			await client.query("RESET ALL");
		});
	}

	/** A step whose parts are written by `write`. */
	async step(name: StepName, part: string, work: (client: pg.Client) => Promise<Evidence>): Promise<Evidence> {
		return this.#steps.step(name, part, {
			look: () => this.done(name, part),
			act: () => this.write(name, part, work),
		});
	}

	#destroyAll(): void {
		for (const client of this.#all) destroy(client);
		this.#all.clear();
		this.#idle.length = 0;
	}

	async close(): Promise<void> {
		const all = [...this.#all];
		this.#all.clear();
		this.#idle.length = 0;
		await Promise.all(all.map((client) => client.end().catch(() => {})));
	}
}

/** Makes the tables of markers, or enters this holder into those that are there. */
export async function enter(client: pg.Client, epoch: number): Promise<void> {
	await client.query("BEGIN");
	try {
		const { rows } = await client.query(`SELECT pg_catalog.to_regnamespace('${COPY_SCHEMA}') IS NOT NULL AS made`);
		if (!rows[0].made) {
			await refuseForeignTables(client);
			await client.query(MARKERS);
		}
		await client.query(`LOCK TABLE ${COPY_SCHEMA}.holders IN EXCLUSIVE MODE`);
		const { rows: later } = await client.query(`SELECT FROM ${COPY_SCHEMA}.holders WHERE epoch > $1`, [epoch]);
		if (later.length > 0) throw new Error("another mover has taken this run over");
		await client.query(`INSERT INTO ${COPY_SCHEMA}.holders VALUES ($1) ON CONFLICT DO NOTHING`, [epoch]);
		await client.query("COMMIT");
	} catch (error) {
		await client.query("ROLLBACK").catch(() => {});
		throw error;
	}
}

/** A database of the run's name that the run did not make is not written to. */
async function refuseForeignTables(client: pg.Client): Promise<void> {
	const tables = await foreignTables(client);
	if (tables === 0) return;
	const { database = "" } = client;
	throw new Error(
		`database ${database} of the target has ${tables} tables and is no copy of this run; look into it, then: DROP DATABASE ${quoteName(database)}`,
	);
}

/** How many tables a database has that no copy has marked as its own; an empty one is taken for what a killed run has made. */
export async function foreignTables(client: pg.Client): Promise<number> {
	const { rows } = await client.query(`SELECT count(*)::int AS tables FROM pg_catalog.pg_class c
		WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND pg_catalog.to_regnamespace('${COPY_SCHEMA}') IS NULL
		AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')`);
	return rows[0].tables;
}

/** What a copy's database is to be like. */
export interface DatabaseLike {
	encoding: string;
	collate: string;
	ctype: string;
	provider: string;
	locale: string | null;
	icuRules: string | null;
}

/** How a database is made, as columns of `pg_database` that majors have under several names. */
export async function readLocale(client: pg.Client, database: string, version: number): Promise<DatabaseLike> {
	const locale = version >= 170000 ? "datlocale" : version >= 150000 ? "daticulocale" : "NULL";
	const { rows } = await client.query(
		`SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype,
			${version >= 150000 ? "datlocprovider" : "'c'"} AS provider, ${locale}::text AS locale,
			${version >= 160000 ? "daticurules" : "NULL"}::text AS "icuRules"
		FROM pg_catalog.pg_database WHERE datname = $1`,
		[database],
	);
	if (rows[0] === undefined) throw new Error(`the source has no database ${database}`);
	return rows[0];
}

/** Whether a server has a database of this name. */
export async function isThere(client: pg.Client, database: string): Promise<boolean> {
	const { rows } = await client.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [database]);
	return rows.length > 0;
}

/** Makes the copy's database with the source's encoding and locale, or, where the target has no such locale, its own. */
export async function createLike(
	client: pg.Client,
	{ name, owner }: { name: string; owner: string },
	like: DatabaseLike,
	version: number,
	warn: (line: string) => void,
): Promise<void> {
	const create = `CREATE DATABASE ${quoteName(name)} OWNER ${quoteName(owner)} TEMPLATE template0 ENCODING ${quoteText(like.encoding)}`;
	try {
		await client.query(`${create} ${localeClause(like, version)}`);
	} catch (error) {
		// invalid_parameter_value, wrong_object_type, invalid_object_definition, feature_not_supported
		if (!["22023", "42809", "42P17", "0A000"].includes((error as { code?: string }).code ?? "")) throw error;
		await client.query(create);
		const { message } = error as Error;
		warn(
			`the target has no locale like the source's (${like.locale ?? like.collate}: ${message}); the copy has the target's own, and text may sort in another order`,
		);
	}
}

function localeClause({ collate, ctype, provider, locale, icuRules }: DatabaseLike, version: number): string {
	const base = `LC_COLLATE ${quoteText(collate)} LC_CTYPE ${quoteText(ctype)}`;
	if (provider === "c") return version >= 150000 ? `LOCALE_PROVIDER libc ${base}` : base;
	if (version < 150000) throw noProvider(provider);
	if (provider === "i") {
		const rules = icuRules === null ? "" : ` ICU_RULES ${quoteText(icuRules)}`;
		return `LOCALE_PROVIDER icu ICU_LOCALE ${quoteText(locale ?? "")}${rules} ${base}`;
	}
	if (version < 170000) throw noProvider(provider);
	return `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteText(locale ?? "")} ${base}`;
}

function noProvider(provider: string): Error {
	return Object.assign(new Error(`its version has no locale provider ${provider}`), { code: "0A000" });
}

/** Removes a database of a run's with the sessions in it; one that is gone is no error. Refuses every other name. */
export async function dropDatabase(target: Login, name: string): Promise<void> {
	if (!/^move_\d+$/.test(name) && !/_before_\d+$/.test(name)) {
		throw new Error(`database ${name} is none of a run's (move_7, db_before_7) and is not dropped`);
	}
	await withSession(target, { database: "postgres" }, (client) =>
		client.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`),
	);
}
