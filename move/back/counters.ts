/** The counters of writes of the moved databases on Aptible, read through tunnels. */
import type { Environment } from "../../aptible/api/environment.ts";
import { databaseIn } from "../../packages/mover/address.ts";
import { settle } from "../../packages/mover/postgresql/counters.ts";
import type { Evidence } from "../../packages/mover/steps.ts";
import type { MovePhase } from "../../wire/move.ts";
import { type DeclaredDatabase, type MoveSession, movedDatabases, type Ways } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import type { NightJournal } from "../switch/night-journal.ts";

/** Why the counters of a database are not known. */
export interface Unknown {
	unknown: string;
}

/** A tunnel that has ended leaves no count unknown; a database that is down does. */
const PATIENCE_MS = 20_000;

/** Counters by database, or why there are none. */
export type Counted = ReadonlyMap<string, Evidence | Unknown>;

export function isUnknown(counters: Evidence | Unknown): counters is Unknown {
	return typeof counters.unknown === "string";
}

/**
 * Tuples written in the database of a session since its statistics began (facts/move.md §4): without those of ANALYZE and of TOAST,
 * and with those of tables that are dropped since. A crash resets every counter, and leaves the start of the server and `stats_reset` of the
 * database as they were; that of the background writer shows it.
 */
export async function readWrites(session: MoveSession): Promise<Evidence> {
	const { rows } = await session.query(
		`SELECT 'postgresql' AS format, datid::int8::float8 AS oid, (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system,
			(tup_inserted + tup_updated + tup_deleted - (
				SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_catalog.pg_stat_all_tables
				JOIN pg_catalog.pg_class ON pg_class.oid = relid AND NOT relisshared
				WHERE schemaname = 'pg_toast' OR schemaname = 'pg_catalog' AND pg_class.relname IN ('pg_statistic', 'pg_statistic_ext_data')))::text AS rows,
			extract(epoch FROM stats_reset)::float8 AS reset,
			(SELECT extract(epoch FROM stats_reset)::float8 FROM pg_catalog.pg_stat_bgwriter) AS started,
			(SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL) AS "openWriters"
		FROM pg_catalog.pg_stat_database WHERE datname = current_database()`,
	);
	return rows[0];
}

/** Reads until it stands still: who wrote counts it up to a second later. */
export async function settleWrites(session: MoveSession): Promise<Evidence> {
	return settle(() => readWrites(session), isStill, SETTLE);
}

/**
 * The same for a decision that stands on it: also until each session has counted what it wrote before. One that wrote in a burst and idles
 * does so after 10 s, one that goes on within a second (facts/move.md §4), and until then its rows are in no counter.
 */
export async function settleLoss(session: MoveSession): Promise<Evidence> {
	const began = performance.now();
	const read = async () => {
		const late = await countLate(session, (performance.now() - began) / 1000);
		return { writes: await readWrites(session), late };
	};
	const isDone = (before: Awaited<ReturnType<typeof read>>, now: Awaited<ReturnType<typeof read>>) =>
		now.late === 0 && isStill(before.writes, now.writes);
	return (await settle(read, isDone, SETTLE)).writes;
}

const SETTLE = { everyMs: 600, withinMs: 15_000 };

const isStill = (before: Evidence, now: Evidence) => before.rows === now.rows && now.openWriters === 0;

/** Sessions of others that may not have counted yet what they wrote so many seconds ago: neither went on nor idled for long enough. */
async function countLate(session: MoveSession, seconds: number): Promise<number> {
	const { rows } = await session.query(
		`SELECT count(*)::int AS late FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
			AND backend_type = 'client backend' AND state = 'idle'
			AND extract(epoch FROM clock_timestamp() - state_change) BETWEEN ${seconds - 1.1} AND 10.5`,
	);
	return rows[0].late;
}

/**
 * Reads each moved database. What cannot be read is said in its place.
 *
 * @param read of a PostgreSQL. @default until it stands still
 */
export async function readCounters(
	ways: Ways,
	environment: Environment,
	moved: MoveStage,
	read: (session: MoveSession) => Promise<Evidence> = settleWrites,
): Promise<Counted> {
	const counted = new Map<string, Evidence | Unknown>();
	for (const { handle, type } of movedDatabases(moved)) {
		try {
			counted.set(handle, await readOne(ways, environment, { handle, type, read }));
		} catch (error) {
			counted.set(handle, { unknown: `its counters cannot be read (${(error as Error).message})` });
		}
	}
	return counted;
}

async function readOne(
	ways: Ways,
	{ caCertificate }: Environment,
	{ handle, type, read }: Pick<DeclaredDatabase, "handle" | "type"> & { read: typeof settleWrites },
): Promise<Evidence | Unknown> {
	if (type !== "postgresql" && type !== "mysql") return { unknown: `a ${type} is not asked through a tunnel` };
	const way = ways.to(handle);
	if (type === "postgresql") {
		const count = async (url: string) => {
			const session = await way.connect(databaseIn(url));
			try {
				return await read(session);
			} finally {
				await session.end().catch(() => {});
			}
		};
		return way.through(count, { patienceMs: PATIENCE_MS });
	}
	// Loaded here alone: most moves have no MySQL.
	const [{ countersIn }, { connectThrough }] = await Promise.all([
		import("../../packages/mover/mysql/counters.ts"),
		import("../../packages/mover/mysql/tunnelled.ts"),
	]);
	const count = async (url: string) => {
		const session = await connectThrough(url, caCertificate);
		try {
			return { format: "mysql", ...(await countersIn(session, databaseIn(url))) };
		} finally {
			await session.end().catch(() => {});
		}
	};
	return way.through(count, { patienceMs: PATIENCE_MS });
}

/** Notes the counters in the journal before apps on Aptible may write. @returns lines on what cannot be counted */
export async function noteMarks(
	journal: NightJournal,
	run: string,
	phase: MovePhase,
	counted: Counted,
): Promise<string[]> {
	const unknown: string[] = [];
	for (const [database, counters] of counted) {
		if (isUnknown(counters)) {
			unknown.push(
				`${database}: what is written on Aptible from here on cannot be counted (${counters.unknown}), so that going back will need --accept-loss all`,
			);
		} else {
			await journal.write(run, "mark", "done", { ...counters, phase }, { database });
		}
	}
	return unknown;
}
