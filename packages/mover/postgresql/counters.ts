import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Login, withSession } from "./connection.ts";
import { COPY_SCHEMA } from "./rules.ts";

/**
 * What moves on a server only when somebody writes (facts/move.md §4): read before a copy, after it, and after its proof.
 * Big numbers are decimal text.
 */
export interface Counters {
	/** The next transaction id to be given out, of the whole server. */
	nextTransaction: string;
	/**
	 * Rows inserted, updated and deleted in the database since its statistics began, large objects and catalogs included; those of
	 * ANALYZE's own catalogs are not, as autovacuum fills them in a frozen database too.
	 */
	writtenRows: string;
	/** When these statistics began; another time means that they were reset, and say nothing. */
	statisticsSince: string | null;
	/** Transactions that have written and go on; what they wrote is in no copy. */
	openWriters: number;
	/** When the server started: a restart may lose what was counted last. */
	serverSince: string;
}

/**
 * Reads the counters of a database until two readings in a row are the same, or until the time is over; the last one. They are written
 * with a delay by those who wrote, at most a second after their transaction, and 10 s for a session that goes on idling.
 */
export async function settleCounters(login: Login, { everyMs = 600, withinMs = 15_000 } = {}): Promise<Counters> {
	const isSame = (before: Counters, now: Counters) => changesOf(before, now).length === 0;
	return withSession(login, {}, (client) => settle(() => read(client), isSame, { everyMs, withinMs }));
}

/** Reads until two readings in a row are the same, or until the time is over. @returns the last one */
export async function settle<T>(
	read: () => Promise<T>,
	isSame: (before: T, now: T) => boolean,
	{ everyMs, withinMs }: { everyMs: number; withinMs: number },
): Promise<T> {
	const end = Date.now() + withinMs;
	let before = await read();
	for (;;) {
		await sleep(everyMs);
		const now = await read();
		if (isSame(before, now) || Date.now() > end) return now;
		before = now;
	}
}

/** What moves in a copy when somebody writes to its rows; the mover's own notes in it do not count. A text to be compared. */
export async function settleCopy(login: Login, database: string): Promise<string> {
	return withSession(login, { database }, (client) => {
		const sql = `SELECT concat_ws(' ', coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0),
				(SELECT stats_reset FROM pg_stat_database WHERE datname = current_database())) AS writes
			FROM pg_stat_all_tables WHERE (schemaname !~ '^pg_' AND schemaname <> '${COPY_SCHEMA}') OR relname = 'pg_largeobject'`;
		const read = async () => String((await client.query<{ writes: string }>(sql)).rows[0]?.writes);
		return settle(read, (before, now) => before === now, { everyMs: 600, withinMs: 5_000 });
	});
}

async function read(client: pg.Client): Promise<Counters> {
	const { rows } = await client.query<Counters>(
		`SELECT txid_snapshot_xmax(txid_current_snapshot())::text AS "nextTransaction",
			(SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text FROM pg_stat_all_tables
				WHERE schemaname <> 'pg_toast' AND (schemaname <> 'pg_catalog' OR relname NOT IN ('pg_statistic', 'pg_statistic_ext_data'))) AS "writtenRows", stats_reset::text AS "statisticsSince",
			(SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL) AS "openWriters",
			pg_postmaster_start_time()::text AS "serverSince"
		FROM pg_stat_database WHERE datname = current_database()`,
	);
	return rows[0] as Counters;
}

/** What shows that somebody wrote between two readings, one line each; none where nobody did. */
export function changesOf(before: Counters, after: Counters): string[] {
	const changes: string[] = [];
	const rows = BigInt(after.writtenRows) - BigInt(before.writtenRows);
	if (before.serverSince !== after.serverSince) {
		changes.push("the source's server was restarted, so that writes may be uncounted; freeze it and copy again");
	} else if (before.statisticsSince !== after.statisticsSince || rows < 0n) {
		changes.push("the source's statistics were reset, so that writes are uncounted; copy again");
	} else if (rows > 0n) {
		changes.push(
			`${rows} rows of the source were written meanwhile; find who writes (SELECT * FROM pg_stat_activity), stop it, copy again`,
		);
	}
	if (after.openWriters > 0) {
		changes.push(
			`${after.openWriters} transactions on the source have written and are open; end them (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid IS NOT NULL), copy again`,
		);
	}
	return changes;
}

/**
 * What shows that rows were written between two readings that may be days apart, one line each; none where nobody wrote. A server that
 * was restarted in between has kept its statistics, or has other ones now.
 */
export function writesSince(before: Counters, now: Counters): string[] {
	const rows = BigInt(now.writtenRows) - BigInt(before.writtenRows);
	if (before.statisticsSince !== now.statisticsSince || rows < 0n) {
		return ["the source's statistics were reset since, so that writes may be uncounted"];
	}
	return rows > 0n ? [`${rows} rows of the source were written since`] : [];
}

/** Transactions that wrote somewhere on the server: in another database (Azure's own do), autovacuum, a sequence. Shown, not judged. */
export function transactionsBetween(before: Counters, after: Counters): string {
	return String(BigInt(after.nextTransaction) - BigInt(before.nextTransaction));
}
