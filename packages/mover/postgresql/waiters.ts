/** Sessions of a source that wait for a lock of ours, and hold up everybody behind them: they are seen, and let through. */
import type pg from "pg";
import { connect, type Login } from "./connection.ts";

export interface WaitersOptions {
	/** How long a session of others may wait for a lock of ours, in seconds. */
	lockWaitSeconds: number;
	/** Told who has waited that long, before our sessions in his way end. */
	onWait(pid: number): void;
	/** Told with each look how many sessions of others are at work. */
	onLook?(active: number): void;
	/** A session of ours that goes on: its statement ends, where others end as a whole. */
	keptPid?: number;
}

/** A look at the source each second. */
export interface Waiters {
	close(): Promise<void>;
}

const POLL_MS = 1000;

/** Those who wait for one of our sessions, and how many others are at work. */
const WATCH = `
WITH ours AS (SELECT array_agg(pid) AS pids FROM pg_catalog.pg_stat_activity
	WHERE usename = current_user AND application_name = pg_catalog.current_setting('application_name'))
SELECT ARRAY(SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l, ours WHERE NOT l.granted AND l.pid <> ALL (ours.pids)
		AND pg_catalog.pg_blocking_pids(l.pid) && ours.pids) AS waiting,
	(SELECT count(*) FROM pg_catalog.pg_stat_activity a, ours
		WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid <> ALL (ours.pids)) AS active`;

/** A server does not see that its client is gone while it reads, so that it is told. */
const LET_THROUGH = `SELECT CASE WHEN pid = $2 THEN pg_catalog.pg_cancel_backend(pid) ELSE pg_catalog.pg_terminate_backend(pid) END
FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_catalog.pg_blocking_pids($1)) AND pid <> pg_catalog.pg_backend_pid()
	AND usename = current_user AND application_name = pg_catalog.current_setting('application_name')`;

/** A role or a database may end idle sessions and long transactions, by settings that older servers do not know. */
export const NO_TIMEOUTS = `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
	WHERE name IN ('idle_session_timeout', 'transaction_timeout')`;

/** Looks until it is closed. */
export async function watchWaiters(login: Login, options: WaitersOptions): Promise<Waiters> {
	const { lockWaitSeconds, onWait, onLook, keptPid = 0 } = options;
	let isOpen = false;
	let session = await open();
	const waitingSince = new Map<number, number>();
	let isClosed = false;
	let isPolling = false;
	const timer = setInterval(() => void poll().catch(() => {}), POLL_MS);
	timer.unref();

	async function open(): Promise<pg.Client> {
		const opened = await connect(login);
		isOpen = true;
		opened.on("end", () => {
			isOpen = false;
		});
		await opened.query(NO_TIMEOUTS);
		return opened;
	}

	async function poll(): Promise<void> {
		if (isPolling || isClosed) return;
		isPolling = true;
		try {
			// Whoever waits is seen by it alone, so it outlives its connection.
			if (!isOpen) session = await open();
			if (isClosed) return await session.end();
			const { rows } = await session.query(WATCH);
			if (isClosed) return;
			onLook?.(Number(rows[0].active));
			const waiting = rows[0].waiting as number[];
			for (const pid of waitingSince.keys()) if (!waiting.includes(pid)) waitingSince.delete(pid);
			for (const pid of waiting) {
				const since = waitingSince.get(pid) ?? Date.now();
				waitingSince.set(pid, since);
				// A wait begins up to one poll before it is seen.
				if (Date.now() - since + POLL_MS < lockWaitSeconds * 1000) continue;
				onWait(pid);
				await session.query(LET_THROUGH, [pid, keptPid]);
			}
		} finally {
			isPolling = false;
		}
	}

	return {
		async close() {
			isClosed = true;
			clearInterval(timer);
			await session.end().catch(() => {});
		},
	};
}
