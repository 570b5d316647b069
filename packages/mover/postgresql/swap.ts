/**
 * The swap: the verified copy takes the name of the database that it replaces, which keeps another name until the move is closed.
 * Both renames and the journal's line are one transaction in database `move`, so there is no moment between them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Evidence, LOCK_CLASS, type Steps } from "../steps.ts";
import { grantStatement, readAcl } from "./acl.ts";
import { type Login, withSession } from "./connection.ts";
import { COPY_SCHEMA } from "./rules.ts";
import { settingStatement } from "./settings.ts";
import { dropDatabase, NO_TRIGGERS, quoteName, quoteText } from "./target.ts";

/** Where the journal is, and the transaction of the swap. */
const JOURNAL_DATABASE = "move";

/** What the swap asks of the journal, each in the transaction of the renames. */
export interface SwapJournal {
	/** Whether the proof of this very run has found both sides equal. */
	isVerified(client: pg.Client): Promise<boolean>;
	/** Writes the line that says that the swap is done; fails where the lease is another's. */
	recordDone(client: pg.Client, evidence: Evidence): Promise<void>;
}

export interface SwapOptions {
	/** A superuser's login; which database is in its address does not matter. */
	target: Login;
	/** The database that is replaced: `db`. */
	database: string;
	/** The copy: `move_7`. */
	into: string;
	steps: Steps;
	journal: SwapJournal;
}

const END_MS = 30_000;
/** object_in_use: a session, or one that ends */
const IN_USE = "55006";

/** The name under which the replaced database stays: `db_before_7`. */
export function formerName(database: string, into: string): string {
	const [, number] = into.match(/^move_(\d+)$/) ?? [];
	if (number === undefined) throw new Error(`${into} is no copy of a run (move_7)`);
	const name = `${database}_before_${number}`;
	if (Buffer.byteLength(name) > 63) {
		throw new Error(
			`database ${database} has a name too long to keep beside its copy (${name}: 63 bytes at most); rename it`,
		);
	}
	return name;
}

/** Where a copy is: under its own name, in the place of the database that it replaces, or nowhere. */
export async function placeOf({
	target,
	database,
	into,
}: Pick<SwapOptions, "target" | "database" | "into">): Promise<"own" | "swapped" | "gone"> {
	const names = await withSession(target, { database: "postgres" }, readNames);
	if (names.has(into)) return "own";
	return names.has(database) && names.has(formerName(database, into)) ? "swapped" : "gone";
}

/** @throws what stands in the way of a swap, unless it has happened */
export async function admitSwap(options: Pick<SwapOptions, "target" | "database" | "into">): Promise<void> {
	if ((await placeOf(options)) === "swapped") return;
	await withSession(options.target, { database: JOURNAL_DATABASE }, (client) =>
		refuseBlocked(client, [options.database, options.into]),
	);
}

/** Swaps a verified copy in. Killed anywhere, the next call goes on; where it cannot, the former database is open again. */
export async function swapDatabase(options: SwapOptions): Promise<Evidence> {
	const { target, database, into, steps, journal } = options;
	const former = formerName(database, into);
	return steps.step("swap", "", { look, act });

	async function look(): Promise<Evidence | undefined> {
		return (await placeOf(options)) === "swapped" ? { swapped: true } : undefined;
	}

	async function act(): Promise<void> {
		await withSession(target, { database: JOURNAL_DATABASE }, async (client) => {
			await refuseUnverified(client, journal, into, steps.run);
			const names = await readNames(client);
			if (!names.has(into)) throw new Error(`the target has no database ${into} to swap in; copy again`);
			if (!names.has(database)) {
				throw new Error(
					`the target has no database ${database} for ${into} to replace; make it: CREATE DATABASE ${quoteName(database)}`,
				);
			}
			if (names.has(former)) {
				throw new Error(
					`the target has a database ${former} already, which a swap of this run's would make; look into it, then: ALTER DATABASE ${quoteName(former)} RENAME TO ...`,
				);
			}
			await refuseBlocked(client, [database, into]);
			await carryOver(client, database, into);
			let isSwapped = false;
			try {
				await closeCopy(client, options);
				await closeReplaced(client, database);
				await rename(client, options, former);
				isSwapped = true;
			} finally {
				// Not where this was killed: then the next call goes on.
				if (!isSwapped) await openAgain(client, database);
			}
		});
	}
}

async function readNames(client: pg.Client): Promise<Set<string>> {
	const { rows } = await client.query("SELECT datname FROM pg_catalog.pg_database");
	return new Set(rows.map(({ datname }) => datname as string));
}

async function refuseUnverified(client: pg.Client, journal: SwapJournal, into: string, run: string): Promise<void> {
	if (await journal.isVerified(client)) return;
	throw new Error(
		`${into} is not proven equal to its source in run ${run}, and is not swapped in; copy it again: npm run move -- copy --stack STACK`,
	);
}

const BLOCKERS = `
SELECT 'a replica streams from the target (' || coalesce(application_name, '') || '): it would follow the swap; remove it: aptible db:deprovision' AS line
	FROM pg_catalog.pg_stat_replication
UNION ALL SELECT 'replication slot ' || slot_name || ' on the target reads ' || coalesce('database ' || database, 'the whole server')
	|| ' and would lose its place; drop it: SELECT pg_drop_replication_slot(' || pg_catalog.quote_literal(slot_name) || ')'
	FROM pg_catalog.pg_replication_slots WHERE database IS NULL OR database = ANY ($1)
UNION ALL SELECT 'subscription ' || subname || ' in database ' || datname || ' of the target writes to it; drop it: DROP SUBSCRIPTION ' || pg_catalog.quote_ident(subname)
	FROM pg_catalog.pg_subscription JOIN pg_catalog.pg_database d ON d.oid = subdbid WHERE datname = ANY ($1)
UNION ALL SELECT 'prepared transaction ' || gid || ' holds database ' || database || ' of the target; end it there: ROLLBACK PREPARED ' || pg_catalog.quote_literal(gid)
	FROM pg_catalog.pg_prepared_xacts WHERE database = ANY ($1)`;

async function refuseBlocked(client: pg.Client, databases: readonly string[]): Promise<void> {
	const { rows } = await client.query(BLOCKERS, [databases]);
	if (rows.length > 0) throw new Error(rows.map(({ line }) => line).join("\n"));
}

/** What the replaced database has and its copy lacks, before anybody can use the copy: rights on it, and settings. */
async function carryOver(client: pg.Client, database: string, into: string): Promise<void> {
	const on = `DATABASE ${quoteName(into)}`;
	const rights = await readAcl(
		client,
		`SELECT datname::text AS object, datacl AS acl, datdba AS owner, '' AS columns FROM pg_catalog.pg_database
		WHERE datname = ${quoteText(database)} AND datacl IS NOT NULL`,
	);
	const settings = await client.query(
		`SELECT coalesce(r.rolname, '') AS role, s.setconfig AS lines FROM pg_catalog.pg_db_role_setting s
		JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole WHERE d.datname = $1`,
		[database],
	);
	await client.query("BEGIN");
	try {
		for (const right of rights) {
			if (!right.isOwner && right.grantee !== "") await client.query(grantStatement(right, on));
		}
		const { rows: own } = await client.query(
			`SELECT coalesce(r.rolname, '') AS role, pg_catalog.split_part(line, '=', 1) AS name FROM pg_catalog.pg_db_role_setting s
			JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole,
			pg_catalog.unnest(s.setconfig) AS line WHERE d.datname = $1`,
			[into],
		);
		// The source's setting counts where both have one.
		const set = new Set(own.map(({ role, name }) => `${role} ${name}`));
		for (const { role, lines } of settings.rows as { role: string; lines: string[] }[]) {
			const names = lines.map((line) => line.slice(0, line.indexOf("=")));
			for (const [index, name] of names.entries()) {
				if (set.has(`${role} ${name}`)) continue;
				const value = lines[index]?.slice(name.length + 1) ?? "";
				await client.query(settingStatement(into, { role, name, value }));
			}
		}
		await client.query("COMMIT");
	} catch (error) {
		await client.query("ROLLBACK").catch(() => {});
		throw error;
	}
}

/**
 * Closes the copy for good: no connection is taken any more, and no session is left. A session of its own proves that no
 * transaction of this run is open, and takes the markers away.
 */
async function closeCopy(client: pg.Client, { target, into, steps }: SwapOptions): Promise<void> {
	await client.query(`ALTER DATABASE ${quoteName(into)} ALLOW_CONNECTIONS true`);
	await withSession(target, { database: into, settings: NO_TRIGGERS }, async (last) => {
		const { rows } = await last.query("SELECT pg_catalog.pg_backend_pid() AS pid");
		await client.query(`ALTER DATABASE ${quoteName(into)} ALLOW_CONNECTIONS false`);
		await endSessions(client, into, rows[0].pid);
		await last.query("BEGIN");
		const locked = await last.query(
			`SELECT pg_catalog.pg_try_advisory_xact_lock(${LOCK_CLASS}, ${steps.epoch}) AS taken`,
		);
		if (!locked.rows[0].taken) throw new Error(`a transaction of this run still writes to ${into}; run it again`);
		const { rows: later } = await last.query(
			`SELECT pg_catalog.to_regclass('${COPY_SCHEMA}.holders') IS NOT NULL AS made`,
		);
		if (later[0].made) {
			const taken = await last.query(`SELECT FROM ${COPY_SCHEMA}.holders WHERE epoch > $1`, [steps.epoch]);
			if (taken.rows.length > 0) throw new Error("another mover has taken this run over");
		}
		const version = await last.query("SELECT pg_catalog.current_setting('server_version_num')::int AS number");
		if (version.rows[0].number >= 170000) await last.query("SET LOCAL event_triggers = off");
		await last.query(`DROP SCHEMA IF EXISTS ${COPY_SCHEMA} CASCADE`);
		await last.query("COMMIT");
	});
	await endSessions(client, into);
}

async function closeReplaced(client: pg.Client, database: string): Promise<void> {
	await client.query(`ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS false`);
	await endSessions(client, database);
}

/** Ends all sessions of a database but one, and waits until they are gone. */
async function endSessions(client: pg.Client, database: string, except = 0): Promise<void> {
	const deadline = Date.now() + END_MS;
	const end = `SELECT count(pg_catalog.pg_terminate_backend(pid))::int AS sessions FROM pg_catalog.pg_stat_activity
		WHERE datname = $1 AND pid <> $2 AND pid <> pg_catalog.pg_backend_pid() AND backend_type <> 'autovacuum worker'`;
	for (;;) {
		const { rows } = await client.query(end, [database, except]);
		if (rows[0].sessions === 0) return;
		if (Date.now() > deadline) {
			throw new Error(
				`${rows[0].sessions} sessions in database ${database} of the target have not ended within ${END_MS / 1000} s of being told to; restart the target: aptible db:restart HANDLE`,
			);
		}
		await sleep(50);
	}
}

/** Both renames and the journal's line; the proof is asked for once more, as only what is proven is ever swapped in. */
async function rename(client: pg.Client, options: SwapOptions, former: string): Promise<void> {
	const { database, into, journal, steps } = options;
	const deadline = Date.now() + END_MS;
	for (;;) {
		await client.query("BEGIN");
		try {
			await refuseUnverified(client, journal, into, steps.run);
			await client.query(`ALTER DATABASE ${quoteName(database)} RENAME TO ${quoteName(former)}`);
			await client.query(`ALTER DATABASE ${quoteName(into)} RENAME TO ${quoteName(database)}`);
			await client.query(`ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS true`);
			await journal.recordDone(client, { swapped: true });
			await client.query("COMMIT");
			return;
		} catch (error) {
			await client.query("ROLLBACK").catch(() => {});
			const isInUse = (error as { code?: string }).code === IN_USE;
			if (!isInUse || Date.now() > deadline) throw error;
			await sleep(200);
		}
	}
}

/** A swap that did not happen leaves the former database in use. */
async function openAgain(client: pg.Client, database: string): Promise<void> {
	await client.query(`ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS true`).catch(() => {});
}

/** Removes what a swap replaced, at the end of the move; refuses while the swap has not happened. */
export async function dropFormer({
	target,
	database,
	into,
}: Pick<SwapOptions, "target" | "database" | "into">): Promise<void> {
	const former = formerName(database, into);
	const names = await withSession(target, { database: "postgres" }, readNames);
	if (!names.has(former)) return;
	if (!names.has(database) || names.has(into)) {
		throw new Error(`${former} is all that is left of ${database} while ${into} is not swapped in, and is not dropped`);
	}
	await dropDatabase(target, former);
}
