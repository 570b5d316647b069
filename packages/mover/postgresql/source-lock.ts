/** One freeze or thaw of a source at a time, by a lock of the session that changes it: a mover that wakes up late finds its session ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { LOCK_CLASS } from "../steps.ts";

/** Long enough for a session whose mover was killed. */
const WAIT_MS = 30_000;
const OBJECT = 0;

/** Holds until the session ends. @throws with the statement that ends the session which has it */
export async function lockSource(client: pg.Client, signal: AbortSignal, waitMs = WAIT_MS): Promise<void> {
	for (const deadline = Date.now() + waitMs; ; await sleep(250, undefined, { signal })) {
		const { rows } = await client.query("SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS taken", [
			LOCK_CLASS,
			OBJECT,
		]);
		if (rows[0].taken) return;
		if (Date.now() >= deadline) break;
	}
	const { rows } = await client.query(
		`SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2
		AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`,
		[LOCK_CLASS, OBJECT],
	);
	const pid = rows[0]?.pid ?? "PID";
	throw new Error(
		`another mover's session (${pid}) is at a freeze or thaw of this source for more than ${waitMs / 1000} s; end it on the source: SELECT pg_terminate_backend(${pid}); and run it again`,
	);
}
