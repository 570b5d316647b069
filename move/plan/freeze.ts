/** How a person shuts everybody but the mover out of an old PostgreSQL, sees that nobody writes, and undoes it. */
import { type RunbookStep, YOU } from "./runbook-steps.ts";

const SILENCE =
	"SELECT txid_snapshot_xmax(txid_current_snapshot()), tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = current_database();";
const TERMINATE =
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename NOT IN ('MOVER', current_user);";

/** Of the guide's step 16. */
export const FREEZE: readonly RunbookStep[] = [
	{
		who: YOU,
		does: "on each old PostgreSQL, in its database DATABASE, note who may connect, for the way back",
		sql: [
			"SELECT datacl FROM pg_database WHERE datname = current_database();",
			"SELECT rolname, rolconnlimit FROM pg_roles WHERE rolcanlogin;",
		],
	},
	{
		who: YOU,
		does: "shut out each login APP but the mover's, MOVER. An app that logs in as MOVER is shut out by another login for the mover alone. The copy carries this: where an app on Aptible logs in as APP, what gives it back is for there too, before `trial`",
		sql: [
			'GRANT CONNECT ON DATABASE "DATABASE" TO "MOVER";',
			'REVOKE CONNECT ON DATABASE "DATABASE" FROM PUBLIC, "APP";',
			'ALTER ROLE "APP" CONNECTION LIMIT 0;',
			TERMINATE,
			"SELECT pg_sleep(5); -- pools come back once",
			TERMINATE,
		],
	},
	{
		who: YOU,
		does: "see that nobody writes: the first two show no row, and the others the same numbers (facts/move.md §4)",
		sql: [
			"SELECT * FROM pg_prepared_xacts;",
			"SELECT slot_name FROM pg_replication_slots WHERE active;",
			SILENCE,
			"SELECT pg_sleep(30);",
			SILENCE,
		],
	},
];

/** Its reverse, from what was noted. */
export const THAW: RunbookStep = {
	who: YOU,
	does: "on each old PostgreSQL, give back what was noted: CONNECT to whoever had it, and each login its limit, -1 where it had none",
	sql: [
		'ALTER ROLE "APP" CONNECTION LIMIT -1;',
		'GRANT CONNECT ON DATABASE "DATABASE" TO "APP";',
		'GRANT CONNECT ON DATABASE "DATABASE" TO PUBLIC;',
	],
};
