/** Who else is on a source: sessions, and what writes without one. Each that is in the way is named with what to do. */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Finding } from "../findings.ts";
import { stateOf } from "../journal/errors.ts";

/** A session that is not the mover's. */
export interface ForeignSession {
	pid: number;
	user: string;
	/** Its application's name, and where it comes from as far as the mover may see that. */
	from: string;
	/** Whether it has logged in as the mover's own role. */
	isOwn: boolean;
}

/** Azure's own sessions are let be: they are a superuser's. Of a session that the mover may not look into, the kind is not known. */
const SESSIONS = `SELECT pid, usename::text AS user, usename = session_user AS "isOwn",
	concat_ws(' ', nullif(application_name, ''), 'at ' || host(client_addr)) AS from
FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL AND usename !~ '^azure'
	AND coalesce(backend_type, 'client backend') IN ('client backend', 'walsender')
	AND NOT (usename = session_user AND application_name = current_setting('application_name'))
ORDER BY pid`;

export async function foreignSessions(client: pg.Client): Promise<ForeignSession[]> {
	return (await client.query<ForeignSession>(SESSIONS)).rows;
}

/** Tells all foreign sessions to end, and waits until those are gone. @returns how many there were */
export async function endForeignSessions(client: pg.Client): Promise<number> {
	const found = await foreignSessions(client);
	for (const { pid } of found) {
		// insufficient_privilege: it is named by whoever looks next.
		await client.query("SELECT pg_catalog.pg_terminate_backend($1)", [pid]).catch((error: unknown) => {
			if (stateOf(error) !== "42501") throw error;
		});
	}
	const told = new Set(found.map(({ pid }) => pid));
	for (const deadline = Date.now() + END_MS; Date.now() < deadline; await sleep(50)) {
		if (!(await foreignSessions(client)).some(({ pid }) => told.has(pid))) break;
	}
	return found.length;
}

/** A session that is told to end does so within this time, unless its statement cannot be interrupted. */
const END_MS = 5_000;

/** Sessions that are there although all were ended. */
export function sessionFindings(sessions: readonly ForeignSession[]): Finding[] {
	return sessions.map(({ pid, user, from, isOwn }) => ({
		trap: "freeze-session",
		severity: "blocker",
		object: user,
		line: isOwn
			? `session ${pid} (${from}) has logged in as ${user}, the mover's own login, which stays open: stop that program, or give the mover a login of its own; then freeze again`
			: `session ${pid} of ${user} (${from}) is there again or did not end; stop that program, and as a superuser: SELECT pg_terminate_backend(${pid}); then freeze again`,
	}));
}

/** What writes or keeps rows without a session; each line ends with the statement that ends it. */
const WITHOUT_SESSION = `
SELECT 'freeze-prepared' AS trap, gid AS object, 'prepared transaction ' || gid || ' of ' || owner
	|| ' is in no copy and writes once it is committed; decide it on the source: COMMIT PREPARED ' || quote_literal(gid) || '; or ROLLBACK PREPARED ' || quote_literal(gid) AS line
	FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()
UNION ALL SELECT 'freeze-slot', slot_name::text, 'replication slot ' || slot_name || CASE WHEN active THEN ' is read' ELSE ' waits' END
	|| ' on the source: whoever reads it would follow the old side; end its reader, then: SELECT pg_drop_replication_slot(' || quote_literal(slot_name) || ')'
	FROM pg_catalog.pg_replication_slots WHERE (database IS NULL OR database = current_database()) AND slot_name !~ '^azure'
UNION ALL SELECT 'freeze-subscription', subname::text, 'subscription ' || subname || ' writes to the source; hold it: ALTER SUBSCRIPTION ' || quote_ident(subname) || ' DISABLE'
	FROM pg_catalog.pg_subscription WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
ORDER BY 1, 2`;

export async function findWithoutSession(client: pg.Client): Promise<Finding[]> {
	const { rows } = await client.query<{ trap: string; object: string; line: string }>(WITHOUT_SESSION);
	return rows.map((row) => ({ ...row, severity: "blocker" }));
}
