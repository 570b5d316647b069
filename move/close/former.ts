/** Databases that a move leaves on a server of the target's: what stood there before, and copies that were not swapped in. */
import { setTimeout as sleep } from "node:timers/promises";
import { stateOf } from "../../packages/mover/journal/errors.ts";
import { sayBytes } from "../progress.ts";
import type { MoveSession } from "../session.ts";

/** A database of a server of the target's, and its size. */
export interface Found {
	name: string;
	bytes: number;
}

const DROP_MS = 30_000;
/** object_in_use: a session, or one that ends */
const IN_USE = "55006";

/** Every database of the server. */
export async function readDatabases(session: MoveSession): Promise<Found[]> {
	const { rows } = await session.query(
		"SELECT datname AS name, pg_database_size(oid)::float8 AS bytes FROM pg_catalog.pg_database ORDER BY oid",
	);
	return rows;
}

/** Those that stood there before a copy of `own`, with the run that put each aside. */
export function formersOf(found: readonly Found[], own: string): (Found & { run: string })[] {
	return found.flatMap((one) => {
		const number = suffix(one.name, `${own}_before_`);
		return /^\d+$/.test(number) ? [{ ...one, run: `r${number}` }] : [];
	});
}

/** The last look at a database that may be dropped: its size, who is in it, and when it was written to last. */
export async function describeLastLook(session: MoveSession, { name, bytes }: Found): Promise<string> {
	const { rows } = await session.query(
		`SELECT numbackends AS sessions, (tup_inserted + tup_updated + tup_deleted)::float8 AS writes,
			to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') AS since,
			to_char((SELECT max((pg_catalog.pg_stat_file('base/' || datid || '/' || file, true)).modification)
				FROM pg_catalog.pg_ls_dir('base/' || datid, true, false) AS file) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') AS written
		FROM pg_catalog.pg_stat_database WHERE datname = $1`,
		[name],
	);
	const [{ sessions = 0, writes = 0, since = null, written = null } = {}] = rows;
	const counted = `${writes} rows written as counted since ${since ?? "the server began to count"}`;
	return `${sayBytes(bytes)}, its files written to last at ${written ?? "a time that is unknown"} (autovacuum's writes too), ${counted}, ${sessions} sessions in it`;
}

/** What stood there before is the only one left while its copy is not in its place. @throws where that is so */
export function refuseLast(found: readonly Found[], own: string, former: string): void {
	const names = found.map(({ name }) => name);
	const copy = `move_${suffix(former, `${own}_before_`)}`;
	if (names.includes(own) && !names.includes(copy)) return;
	throw new Error(`${former} is all that is left of ${own} while ${copy} is not swapped in, and is not dropped`);
}

/** Not with its sessions: whoever works in it has a reason, and the mover's are ended already. */
export async function dropDatabase(session: MoveSession, name: string): Promise<void> {
	await session.query("SET statement_timeout = 0");
	for (const deadline = Date.now() + DROP_MS; ; await sleep(200)) {
		try {
			await session.query(`DROP DATABASE IF EXISTS "${name.replaceAll('"', '""')}"`);
			return;
		} catch (error) {
			if (stateOf(error) !== IN_USE || Date.now() > deadline) throw error;
		}
	}
}

function suffix(name: string, prefix: string): string {
	return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}
