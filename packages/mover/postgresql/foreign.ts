/** Who else is on a source: sessions, and what writes without one. Each that is in the way is named with what to do. */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Finding } from "../findings.ts";
import { stateOf } from "../journal/errors.ts";
import { AZURE_ROLES } from "./rules.ts";

/** A session that is not the mover's. */
export interface ForeignSession {
	pid: number;
	user: string;
	/** Its application's name, and where it comes from as far as the mover may see that. */
	from: string;
	/** Whether it has logged in as the mover's own role. */
	isOwn: boolean;
}

/**
 * Background workers too, such as a scheduler's: they write as clients do. Autovacuum has no user, and a parallel worker ends with its
 * leader. A session outlives its role, which has no name by then.
 */
const SESSIONS = `SELECT pid, coalesce(usename::text, 'the dropped role ' || usesysid) AS user,
	usename IS NOT DISTINCT FROM session_user AS "isOwn",
	concat_ws(' ', nullif(application_name, ''), nullif(backend_type, 'client backend'), 'at ' || host(client_addr)) AS from
FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL AND coalesce(usename, '') <> ALL ($1)
	AND backend_type IS DISTINCT FROM 'autovacuum worker' AND backend_type IS DISTINCT FROM 'parallel worker'
	AND NOT (usename IS NOT DISTINCT FROM session_user AND application_name IS NOT DISTINCT FROM current_setting('application_name'))
ORDER BY pid`;

export async function foreignSessions(client: pg.Client): Promise<ForeignSession[]> {
	return (await client.query<ForeignSession>(SESSIONS, [AZURE_ROLES])).rows;
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
			: `session ${pid} of ${user} (${from}) is there again or did not end; stop that program, and as ${user} or a member of pg_signal_backend: SELECT pg_terminate_backend(${pid}); then freeze again`,
	}));
}

/** What writes or keeps rows without a session; each line ends with the statement that ends it. */
const WITHOUT_SESSION = `
SELECT 'freeze-prepared' AS trap, 'blocker' AS severity, gid AS object, 'prepared transaction ' || gid || ' of ' || owner
	|| ' is in no copy and writes once it is committed; decide it on the source: COMMIT PREPARED ' || quote_literal(gid) || '; or ROLLBACK PREPARED ' || quote_literal(gid) AS line
	FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()
UNION ALL SELECT 'freeze-slot', CASE slot_type WHEN 'logical' THEN 'blocker' ELSE 'warning' END, slot_name::text, slot_type || ' replication slot ' || slot_name || CASE WHEN active THEN ' is read' ELSE ' waits' END
	|| ' on the source: whoever reads it would follow the old side; end its reader, then: SELECT pg_drop_replication_slot(' || quote_literal(slot_name) || ')'
	FROM pg_catalog.pg_replication_slots WHERE (database IS NULL OR database = current_database()) AND slot_name !~ '^azure'
UNION ALL SELECT 'freeze-subscription', 'blocker', subname::text, 'subscription ' || subname || ' writes to the source; hold it: ALTER SUBSCRIPTION ' || quote_ident(subname) || ' DISABLE'
	FROM pg_catalog.pg_subscription WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
ORDER BY 1, 3`;

/** What runs jobs by the clock: none has a session now, each may have one in the middle of the copy. */
const SCHEDULERS = `
SELECT 'freeze-scheduler' AS trap, name AS object, name || ' is on the source and may run a job while nobody looks; list its jobs, hold those that write to '
	|| current_database() || ', and let them go on after a thaw: ' || CASE
	WHEN name = 'pg_cron' THEN 'in database ' || coalesce((SELECT setting FROM pg_catalog.pg_settings WHERE name = 'cron.database_name'), 'postgres')
		|| ': SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE database = ' || quote_literal(current_database())
	WHEN name = 'timescaledb' THEN 'SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs'
	ELSE 'UPDATE part_config SET automatic_maintenance = ' || quote_literal('off') END AS line
FROM (SELECT extname::text FROM pg_catalog.pg_extension
	UNION SELECT replace(trim(library), '_bgw', '') FROM pg_catalog.pg_settings, unnest(string_to_array(setting, ',')) AS library
	WHERE pg_settings.name = 'shared_preload_libraries') AS loaded (name)
WHERE name IN ('pg_cron', 'pg_partman', 'timescaledb') ORDER BY name`;

export async function findWithoutSession(client: pg.Client): Promise<Finding[]> {
	const found = await client.query<Finding>(WITHOUT_SESSION);
	const schedulers = await client.query<Omit<Finding, "severity">>(SCHEDULERS);
	return [...found.rows, ...schedulers.rows.map((row): Finding => ({ ...row, severity: "warning" }))];
}
