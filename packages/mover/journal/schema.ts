/** The database `move` on the target's server: the journal, and how the operator's command and the mover talk. */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { LOCK_CLASS } from "../steps.ts";
import { stateOf } from "./errors.ts";

/** Name of the database. */
export const JOURNAL_DATABASE = "move";

/** Changes with every change of the tables below; a mover and a command of another one refuse each other. */
export const JOURNAL_VERSION = 1;

/** What a function of the database raises where the lease is somebody else's. */
export const LEASE_LOST_STATE = "MV001";

/** Connects to a database of the target's server. */
export type Connect = (database: string) => Promise<pg.Client>;

const INVALID_CATALOG_NAME = "3D000";
/** A database of that name was made meanwhile: by a check that sees it, or by the index that holds. */
const MADE_MEANWHILE = ["42P04", "23505"];
/** `template0` is copied by somebody, or another database of that name is being dropped. */
const IN_USE = "55006";

// Names are qualified, as sessions have an empty search_path.
const TABLES = `
CREATE TABLE IF NOT EXISTS public.version (single boolean PRIMARY KEY DEFAULT true CHECK (single), version int NOT NULL);
INSERT INTO public.version (version) VALUES (${JOURNAL_VERSION}) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS public.journal (
	seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
	run text NOT NULL, database text NOT NULL, step text NOT NULL, part text NOT NULL, state text NOT NULL,
	holder text NOT NULL, epoch int NOT NULL, evidence jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS public.lease (
	single boolean PRIMARY KEY DEFAULT true CHECK (single), holder text NOT NULL, epoch int NOT NULL, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS public.epoch (epoch int PRIMARY KEY, holder text NOT NULL, began timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS public.wishes (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
	version int NOT NULL, command text NOT NULL, arguments jsonb NOT NULL,
	state text NOT NULL DEFAULT 'asked', run text, epoch int, reason text, ended timestamptz);
CREATE TABLE IF NOT EXISTS public.heartbeat (
	single boolean PRIMARY KEY DEFAULT true CHECK (single), holder text NOT NULL, epoch int NOT NULL, at timestamptz NOT NULL, progress jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS public.pins (
	database text NOT NULL, side text NOT NULL, identity jsonb NOT NULL, PRIMARY KEY (database, side));
CREATE TABLE IF NOT EXISTS public.reports (
	run text NOT NULL, database text NOT NULL, kind text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), body jsonb NOT NULL,
	PRIMARY KEY (run, database, kind));
REVOKE ALL ON DATABASE ${JOURNAL_DATABASE} FROM PUBLIC;

-- The table's lock lets lines become visible in the order of their numbers; the lease's row is held, so that nobody takes it over
-- between a line and what is committed with it.
CREATE OR REPLACE FUNCTION public.append_line(
	line_run text, line_database text, line_step text, line_part text, line_state text, line_holder text, line_epoch int,
	line_evidence jsonb, is_fenced boolean, OUT line_seq bigint, OUT line_at text)
LANGUAGE plpgsql SET search_path = pg_catalog AS $append$
BEGIN
	IF is_fenced THEN
		PERFORM FROM public.lease WHERE holder = line_holder AND epoch = line_epoch FOR SHARE;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'the lease is another mover''s' USING ERRCODE = '${LEASE_LOST_STATE}';
		END IF;
	END IF;
	LOCK TABLE public.journal IN SHARE ROW EXCLUSIVE MODE;
	INSERT INTO public.journal (at, run, database, step, part, state, holder, epoch, evidence)
	VALUES (clock_timestamp(), line_run, line_database, line_step, line_part, line_state, line_holder, line_epoch, line_evidence)
	RETURNING seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') INTO line_seq, line_at;
END $append$;

-- Decided by this server's clock alone, whatever the clocks of those who ask.
CREATE OR REPLACE FUNCTION public.take_lease(
	new_holder text, seconds double precision, OUT taken_epoch int, OUT held_by text, OUT held_seconds double precision)
LANGUAGE plpgsql SET search_path = pg_catalog AS $take$
DECLARE
	held public.lease;
BEGIN
	INSERT INTO public.lease (holder, epoch, until) VALUES ('', 0, '-infinity') ON CONFLICT DO NOTHING;
	SELECT * INTO held FROM public.lease FOR UPDATE;
	IF held.until > clock_timestamp() THEN
		held_by := held.holder;
		held_seconds := extract(epoch FROM held.until - clock_timestamp());
		RETURN;
	END IF;
	taken_epoch := held.epoch + 1;
	UPDATE public.lease SET holder = new_holder, epoch = taken_epoch, until = clock_timestamp() + make_interval(secs => seconds);
	INSERT INTO public.epoch (epoch, holder) VALUES (taken_epoch, new_holder);
END $take$;
`;

/** Connects to database `move`, and makes it and its tables where they are not there; two may do so at once. */
export async function openJournalDatabase(connect: Connect, maintenance: readonly string[]): Promise<pg.Client> {
	const client = await connect(JOURNAL_DATABASE).catch(async (error: unknown) => {
		if (stateOf(error) !== INVALID_CATALOG_NAME) throw error;
		await createDatabase(connect, maintenance);
		return connect(JOURNAL_DATABASE);
	});
	try {
		await createTables(client);
		return client;
	} catch (error) {
		await client.end();
		throw error;
	}
}

/** Connects to database `move` where it is there already; else undefined. */
export async function findJournalDatabase(connect: Connect): Promise<pg.Client | undefined> {
	const client = await connect(JOURNAL_DATABASE).catch((error: unknown) => {
		if (stateOf(error) === INVALID_CATALOG_NAME) return undefined;
		throw error;
	});
	if (client === undefined) return undefined;
	const { rows } = await client.query("SELECT to_regclass('public.version') IS NOT NULL AS made");
	if (rows[0].made) {
		await refuseOtherVersion(client);
		return client;
	}
	await client.end();
	return undefined;
}

async function createDatabase(connect: Connect, maintenance: readonly string[]): Promise<void> {
	const client = await connectToFirst(connect, maintenance);
	try {
		for (let attempt = 1; ; attempt += 1) {
			try {
				await client.query(`CREATE DATABASE ${JOURNAL_DATABASE} TEMPLATE template0 ENCODING 'UTF8'`);
				return;
			} catch (error) {
				const state = stateOf(error) ?? "";
				if (MADE_MEANWHILE.includes(state)) return;
				if (state !== IN_USE || attempt === 20) throw error;
				await sleep(100);
			}
		}
	} finally {
		await client.end();
	}
}

/** The first database that is there: a swap may be renaming the login's own at this moment. */
async function connectToFirst(connect: Connect, databases: readonly string[]): Promise<pg.Client> {
	let missing: unknown;
	for (const database of databases) {
		try {
			return await connect(database);
		} catch (error) {
			if (stateOf(error) !== INVALID_CATALOG_NAME) throw error;
			missing = error;
		}
	}
	throw missing;
}

async function createTables(client: pg.Client): Promise<void> {
	const made = await client.query("SELECT to_regproc('public.take_lease') IS NOT NULL AS made");
	if (!made.rows[0].made) {
		await client.query("BEGIN");
		try {
			await client.query(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, 0)`);
			await client.query(TABLES);
			await client.query("COMMIT");
		} catch (error) {
			await client.query("ROLLBACK").catch(() => {});
			throw error;
		}
	}
	await refuseOtherVersion(client);
}

async function refuseOtherVersion(client: pg.Client): Promise<void> {
	const { rows } = await client.query("SELECT version FROM public.version");
	if (rows[0]?.version === JOURNAL_VERSION) return;
	throw new Error(
		`database ${JOURNAL_DATABASE} on the target has tables of version ${rows[0]?.version}, and this program is of version ${JOURNAL_VERSION}; use the mover's image and a checkout of the same release`,
	);
}
