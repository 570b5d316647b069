/**
 * What a run sees of its source: one exported snapshot, held with a lock on each table, so that all parts, and the proof, see the
 * same rows. A TRUNCATE or an ALTER TABLE that rewrites is not seen through a snapshot, which the locks keep out.
 */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { Turns } from "../turns.ts";
import { connect, type Login } from "./connection.ts";
import { readTables, type SourceTable } from "./tables.ts";
import { NO_TIMEOUTS, type Waiters, watchWaiters } from "./waiters.ts";

export interface SnapshotOptions {
	/** Whether the source is in use: it is then spared. */
	live: boolean;
	/** How long a session of others may wait for a lock of ours; default 5 on a live source, 60 on a frozen one. */
	lockWaitSeconds?: number;
	/** How old the snapshot may get on a live source, where it keeps VACUUM from its work; default 7200. */
	limitSeconds?: number;
	/** From how many active sessions of others on there is one job; default 8. */
	busySessions?: number;
}

/** A snapshot that is held. */
export interface Snapshot {
	/** What `SET TRANSACTION SNAPSHOT` takes. */
	readonly id: string;
	/** What tells it from every other one, a server's restart between them included: 32 hexadecimal digits. */
	readonly hash: string;
	readonly live: boolean;
	/** The source's version, as `server_version_num`. */
	readonly version: number;
	/** The tables whose rows travel, locked. */
	readonly tables: readonly SourceTable[];
	/** The session that holds it; for reads of the catalog. */
	readonly client: pg.Client;
	/** Of parts that are at work beside each other, at that session. */
	readonly turns: Turns;
	/** Ends with the reason why the run must. */
	readonly signal: AbortSignal;
	/** How many of so many jobs are fair to the source at the moment. */
	jobsAllowed(jobs: number): number;
	close(): Promise<void>;
}

const LOCKS_AT_A_TIME = 500;
const TRIES = 3;

/** @throws where a table may not be read, and where somebody holds one for himself */
export async function holdSnapshot(login: Login, options: SnapshotOptions): Promise<Snapshot> {
	const { live, limitSeconds = 7200, busySessions = 8 } = options;
	const lockWaitSeconds = options.lockWaitSeconds ?? (live ? 5 : 60);
	const client = await connect(login);
	const ending = new AbortController();
	let isClosed = false;
	let isBusy = false;

	function fail(line: string): void {
		if (isClosed || ending.signal.aborted) return;
		ending.abort(new SnapshotLost(line));
		destroy(client);
	}
	client.on("end", () =>
		fail(
			"the source's session that holds the snapshot has ended (server restarted, or session terminated); run it again",
		),
	);

	let watch: Waiters | undefined;
	let tables: SourceTable[];
	let id: string;
	let version: number;
	try {
		await client.query(NO_TIMEOUTS);
		({ tables, id, version } = await begin(client, lockWaitSeconds));
		watch = await watchWaiters(login, {
			lockWaitSeconds,
			// Whoever waits also holds up our own reads of that table.
			onWait: (pid) =>
				fail(
					`session ${pid} of the source waits ${lockWaitSeconds} s for a lock of this run, which has ended itself so that the source goes on; run it again when no migration runs there`,
				),
			onLook: (active) => {
				isBusy = live && active >= busySessions;
			},
		});
	} catch (error) {
		isClosed = true;
		await client.end().catch(() => {});
		throw error;
	}
	const limit = live
		? setTimeout(
				() =>
					fail(
						`the snapshot of the live source is ${limitSeconds} s old, its limit, as it keeps VACUUM from its work; run it again at a quiet hour, with a larger target, or with a higher limit in the mover's environment: MOVE_SNAPSHOT_SECONDS=${2 * limitSeconds}`,
					),
				limitSeconds * 1000,
			)
		: undefined;
	limit?.unref();

	return {
		id,
		hash: randomBytes(16).toString("hex"),
		live,
		version,
		tables,
		client,
		turns: new Turns(),
		signal: ending.signal,
		jobsAllowed: (jobs) => (isBusy ? 1 : jobs),
		async close() {
			isClosed = true;
			clearTimeout(limit);
			await Promise.all([client.end().catch(() => {}), watch?.close()]);
		},
	};
}

/** The source can no longer be seen as it was when the run began. */
export class SnapshotLost extends Error {
	override name = "SnapshotLost";
}

/** `NO_TIMEOUTS` for a version that is known. */
export function withoutTimeouts(version: number): Record<string, string> {
	return {
		...(version >= 140000 ? { idle_session_timeout: "0" } : {}),
		...(version >= 170000 ? { transaction_timeout: "0" } : {}),
	};
}

/** Locks come first: a snapshot that is older than a lock may miss what its former holder did to the table. */
async function begin(
	client: pg.Client,
	lockWaitSeconds: number,
): Promise<{ tables: SourceTable[]; id: string; version: number }> {
	for (let attempt = 1; ; attempt += 1) {
		const before = await readTables(client);
		await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
		await client.query(`SET LOCAL lock_timeout = '${lockWaitSeconds}s'`);
		for (let first = 0; first < before.length; first += LOCKS_AT_A_TIME) {
			await lock(client, before.slice(first, first + LOCKS_AT_A_TIME));
		}
		await client.query("SET LOCAL lock_timeout = 0");
		const { rows } = await client.query(
			"SELECT pg_catalog.pg_export_snapshot() AS id, pg_catalog.current_setting('server_version_num')::int AS version",
		);
		const tables = await readTables(client);
		const locked = new Set(before.map(({ oid }) => oid));
		if (tables.every(({ oid }) => locked.has(oid))) return { tables, ...rows[0] };
		await client.query("ROLLBACK");
		if (attempt === TRIES) {
			throw new Error("tables are made on the source while the run begins; run it again when no migration runs there");
		}
	}
}

async function lock(client: pg.Client, tables: readonly SourceTable[]): Promise<void> {
	if (tables.length === 0) return;
	const names = tables.map(({ qualified }) => `ONLY ${qualified}`).join(", ");
	try {
		await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
	} catch (error) {
		const { code, message } = error as Error & { code?: string };
		if (code === "55P03") {
			throw new Error(
				"a session of the source holds a table for itself (a migration, VACUUM FULL?); run it again when it has ended",
				{ cause: error },
			);
		}
		if (code === "42501") {
			throw new Error(
				`the source's login may not read all tables: ${message}; grant it: GRANT SELECT ON TABLE ... TO ...`,
				{
					cause: error,
				},
			);
		}
		throw error;
	}
}

/** Ends a session at once, whatever it does. */
export function destroy(client: pg.Client): void {
	(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
