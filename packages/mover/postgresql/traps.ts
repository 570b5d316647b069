/**
 * The traps of a move that a catalog shows (facts/move.md §1.3): one entry each, with the query that finds it and the line that
 * tells what, where and the fix. What needs more than one query is in check.ts.
 */
import type { Finding } from "../findings.ts";

/** What a query of a trap gives: one row for each finding. */
export interface Found {
	object: string;
	/** More of it, where the line needs that. */
	detail: string;
}

/** A trap that one query on one side finds. */
export interface Trap {
	id: string;
	severity: Finding["severity"];
	side: "source" | "target";
	/** Takes the carried schemas as $1; `version` is the side's own, as server_version_num. */
	sql: (version: number) => string;
	line: (found: Found) => string;
}

const RELATIONS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = ANY ($1)";
const NAME = "format('%I.%I', n.nspname, c.relname)";
const NOT_OF_EXTENSION =
	"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";
/** A row over 64 MB does not fit into the mover's memory, with what a COPY of it needs. */
export const LARGEST_BYTES = 64 << 20;
const none = "SELECT '' AS object, '' AS detail WHERE $1::oid[] IS NULL";

const ofRelations = (condition: string, detail = "''", object = NAME) =>
	`SELECT ${object} AS object, (${detail})::text AS detail FROM ${RELATIONS} WHERE ${condition} AND ${NOT_OF_EXTENSION} ORDER BY 1`;

/** One without a schema: $1 is there all the same. */
const plain = (select: string) => `${select} AND $1::oid[] IS NOT NULL ORDER BY 1`;

export const TRAPS: readonly Trap[] = [
	{
		id: "row-security",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'p') AND row_security_active(c.oid)",
				"CASE WHEN c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE') THEN 'ALTER TABLE ' || c.oid::regclass || ' NO FORCE ROW LEVEL SECURITY' ELSE format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) END",
			),
		line: ({ object, detail }) =>
			`table ${object}: its row security applies to the mover, so that rows would be missing; on the source: ${detail};`,
	},
	{
		id: "table-unreadable",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'p', 'm') AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))",
				"format('GRANT USAGE ON SCHEMA %I TO %I; GRANT SELECT ON %I.%I TO %I', n.nspname, current_user, n.nspname, c.relname, current_user)",
			),
		line: ({ object, detail }) => `table ${object}: the mover may not read it; on the source: ${detail};`,
	},
	{
		id: "sequence-unreadable",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"CASE WHEN c.relkind = 'S' THEN NOT (has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT')) END",
				"format('GRANT USAGE ON SCHEMA %I TO %I; GRANT SELECT ON SEQUENCE %I.%I TO %I', n.nspname, current_user, n.nspname, c.relname, current_user)",
			),
		line: ({ object, detail }) => `sequence ${object}: the mover may not read it; on the source: ${detail};`,
	},
	{
		id: "large-object-unreadable",
		severity: "blocker",
		side: "source",
		sql: () =>
			plain(`SELECT m.oid::text AS object, pg_get_userbyid(m.lomowner) || ' ' || quote_ident(current_user) AS detail FROM pg_largeobject_metadata m
			WHERE NOT pg_has_role(m.lomowner, 'USAGE') AND NOT EXISTS (SELECT FROM aclexplode(m.lomacl) a
				WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))`),
		line: ({ object, detail }) => {
			const [owner, reader] = detail.split(" ");
			return `large object ${object}: it belongs to ${owner}, and the mover may not read it; on the source, as ${owner}: GRANT SELECT ON LARGE OBJECT ${object} TO ${reader};`;
		},
	},
	{
		id: "event-trigger",
		severity: "note",
		side: "source",
		sql: () =>
			plain("SELECT quote_ident(evtname) AS object, evtevent::text AS detail FROM pg_event_trigger WHERE true"),
		line: ({ object, detail }) =>
			`event trigger ${object} (${detail}): it is made last on the target, and fires there on later definitions; not wanted there: DROP EVENT TRIGGER ${object}; on the source before the copy`,
	},
	{
		id: "publication",
		severity: "note",
		side: "source",
		sql: () => plain("SELECT quote_ident(pubname) AS object, '' AS detail FROM pg_publication WHERE true"),
		line: ({ object }) =>
			`publication ${object}: it stays behind; wanted on the target: CREATE PUBLICATION ${object} ... there, after the move`,
	},
	{
		id: "subscription",
		severity: "blocker",
		side: "source",
		sql: () =>
			plain(
				"SELECT quote_ident(subname) AS object, '' AS detail FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
			),
		line: ({ object }) =>
			`subscription ${object}: it goes on writing while the application is stopped; on the source before the night: ALTER SUBSCRIPTION ${object} DISABLE;`,
	},
	{
		id: "replication-slot",
		severity: "note",
		side: "source",
		sql: () =>
			plain(
				"SELECT slot_name::text AS object, slot_type AS detail FROM pg_replication_slots WHERE database = current_database()",
			),
		line: ({ object, detail }) =>
			`${detail} replication slot ${object}: who reads it gets nothing of the target's; connect that reader anew after the move, then on the source: SELECT pg_drop_replication_slot('${object}');`,
	},
	{
		id: "unlogged-table",
		severity: "note",
		side: "source",
		sql: () => ofRelations("c.relkind = 'r' AND c.relpersistence = 'u'"),
		line: ({ object }) =>
			`table ${object}: it is unlogged, so that a crash empties it; its rows are copied; wanted safe: ALTER TABLE ${object} SET LOGGED;`,
	},
	{
		id: "no-primary-key",
		severity: "note",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)",
			),
		line: ({ object }) =>
			`table ${object}: it has no primary key; it is copied and compared all the same; wanted: ALTER TABLE ${object} ADD PRIMARY KEY (...);`,
	},
	{
		id: "not-valid-constraint",
		severity: "note",
		side: "source",
		sql: () => `SELECT quote_ident(o.conname) AS object, coalesce(${NAME}, t.typname) AS detail FROM pg_constraint o
			LEFT JOIN pg_class c ON c.oid = o.conrelid LEFT JOIN pg_type t ON t.oid = o.contypid
			JOIN pg_namespace n ON n.oid = o.connamespace AND n.oid = ANY ($1) WHERE NOT o.convalidated ORDER BY 1`,
		line: ({ object, detail }) =>
			`constraint ${object} of ${detail}: it is NOT VALID and stays so; to know whether rows break it: ALTER TABLE ${detail} VALIDATE CONSTRAINT ${object};`,
	},
	{
		id: "invalid-index",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind = 'i' AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.oid AND NOT (i.indisvalid AND i.indisready))",
			),
		line: ({ object }) =>
			`index ${object}: it is invalid (a CREATE INDEX CONCURRENTLY that failed), and pg_dump leaves it out; on the source: REINDEX INDEX CONCURRENTLY ${object}; or DROP INDEX ${object};`,
	},
	{
		id: "triggers-of-constraint-disabled",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgconstraint <> 0 AND t.tgenabled = 'D')",
			),
		line: ({ object }) =>
			`table ${object}: its foreign keys are switched off (DISABLE TRIGGER ALL), which a dump does not carry; on the source: ALTER TABLE ${object} ENABLE TRIGGER ALL;`,
	},
	{
		id: "collation-version",
		severity: "warning",
		side: "source",
		sql: (version) =>
			version < 150_000
				? none
				: plain(`SELECT datname::text AS object, datcollversion || ' ' || coalesce(pg_database_collation_actual_version(oid), 'none') AS detail FROM pg_database
					WHERE datname = current_database() AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) AND datcollversion IS NOT NULL`),
		line: ({ object, detail }) => {
			const [made, now] = detail.split(" ");
			return `database ${object}: its indexes were made with collation version ${made}, and the system has ${now}, so that a unique index may have missed duplicates; on the source: REINDEX DATABASE ${object}; ALTER DATABASE ${object} REFRESH COLLATION VERSION;`;
		},
	},
	{
		id: "custom-collation",
		severity: "note",
		side: "source",
		sql: () => `SELECT format('%I.%I', n.nspname, o.collname) AS object, o.collprovider::text AS detail
			FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace AND n.oid = ANY ($1) ORDER BY 1`,
		line: ({ object, detail }) =>
			`collation ${object} (${detail === "i" ? "ICU" : "libc"}): it is made on the target by the target's library, which may sort otherwise; look at ORDER BY in the rehearsal: npm run move -- rehearse --stack STACK`,
	},
	{
		id: "tablespace",
		severity: "note",
		side: "source",
		sql: () => ofRelations("c.reltablespace <> 0", "SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace"),
		line: ({ object, detail }) =>
			`${object}: it is in tablespace ${detail}, and goes to the default one; nothing to do, or on the source: ALTER TABLE ${object} SET TABLESPACE pg_default;`,
	},
	{
		id: "access-method",
		severity: "blocker",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'm') AND (SELECT amname FROM pg_am WHERE oid = c.relam) <> 'heap'",
				"SELECT amname FROM pg_am WHERE oid = c.relam",
			),
		line: ({ object, detail }) =>
			`table ${object}: its access method is ${detail}, which Aptible does not have; on the source, 15 or newer: ALTER TABLE ${object} SET ACCESS METHOD heap;`,
	},
	{
		id: "foreign-table",
		severity: "warning",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind = 'f'",
				"SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid",
			),
		line: ({ object, detail }) =>
			`foreign table ${object}: its rows are on server ${detail} and are not copied, and that server may be out of reach from Aptible; not needed: DROP FOREIGN TABLE ${object}; on the source`,
	},
	{
		id: "foreign-server",
		severity: "warning",
		side: "source",
		sql: () => plain("SELECT quote_ident(srvname) AS object, '' AS detail FROM pg_foreign_server WHERE true"),
		line: ({ object }) =>
			`foreign server ${object}: its address may be out of reach from Aptible; on the target after the copy: ALTER SERVER ${object} OPTIONS (SET host '...');`,
	},
	{
		id: "user-mapping",
		severity: "warning",
		side: "source",
		sql: () =>
			plain(
				"SELECT srvname::text AS object, coalesce(usename, 'PUBLIC')::text AS detail FROM pg_user_mappings WHERE true",
			),
		line: ({ object, detail }) =>
			`user mapping of ${detail} for server ${object}: its password is visible to its owner alone; on the target after the copy: ALTER USER MAPPING FOR ${detail} SERVER ${object} OPTIONS (SET password '...');`,
	},
	{
		id: "member-of-admin",
		severity: "warning",
		side: "source",
		sql: () =>
			plain(`SELECT quote_ident(member.rolname) AS object, quote_ident(role.rolname) AS detail FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid
			JOIN pg_roles member ON member.oid = m.member WHERE (role.rolname = session_user OR role.rolname ~ '^azure') AND member.rolname <> session_user AND member.rolname !~ '^azure'`),
		line: ({ object, detail }) =>
			`role ${object}: it is a member of ${detail}, which stays behind, and with it what ${object} may through it; on the source, give it the rights themselves: GRANT ... TO ${object};`,
	},
	{
		id: "prepared-transaction",
		severity: "blocker",
		side: "source",
		sql: () =>
			plain(
				"SELECT quote_literal(gid) AS object, owner::text AS detail FROM pg_prepared_xacts WHERE database = current_database()",
			),
		line: ({ object, detail }) =>
			`prepared transaction ${object} of ${detail}: what it wrote is in no copy, and it holds locks; on the source: COMMIT PREPARED ${object}; or ROLLBACK PREPARED ${object};`,
	},
	{
		id: "long-transaction",
		severity: "warning",
		side: "source",
		sql: () =>
			plain(`SELECT pid::text AS object, usename || ' ' || extract(epoch FROM now() - xact_start)::int AS detail FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '5 minutes' AND application_name <> current_setting('application_name')`),
		line: ({ object, detail }) => {
			const [user, seconds] = detail.split(" ");
			return `session ${object} of ${user}: its transaction is open for ${seconds} s, so that VACUUM waits for it, and locks may; on the source: SELECT pg_terminate_backend(${object});`;
		},
	},
	{
		id: "table-locked",
		severity: "warning",
		side: "source",
		sql: () =>
			ofRelations(
				"c.relkind IN ('r', 'p', 'm') AND EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.mode = 'AccessExclusiveLock')",
				"SELECT min(pid) FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'",
			),
		line: ({ object, detail }) =>
			`table ${object}: session ${detail} holds it or waits for it alone (a migration, VACUUM FULL?), and the copy would wait too; wait for it, or on the source: SELECT pg_cancel_backend(${detail});`,
	},
	{
		id: "view-unpopulated",
		severity: "note",
		side: "source",
		sql: () => ofRelations("c.relkind = 'm' AND NOT c.relispopulated"),
		line: ({ object }) =>
			`materialized view ${object}: it is empty and stays so; wanted full: REFRESH MATERIALIZED VIEW ${object};`,
	},
	{
		id: "type-by-version",
		severity: "note",
		side: "source",
		sql: () =>
			`SELECT ${NAME} || '.' || quote_ident(a.attname) AS object, format_type(a.atttypid, NULL) AS detail FROM ${RELATIONS}
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
			WHERE c.relkind = 'r' AND t.typname ~ '^_?(reg|aclitem)' AND t.oid < 16384 AND ${NOT_OF_EXTENSION} ORDER BY 1`,
		line: ({ object, detail }) =>
			`column ${object}: a ${detail} is the id of an object, which is another on the target, so that it travels by name; a name that is no more stops the copy; on the source: UPDATE it to NULL, or ALTER TABLE ... TYPE text;`,
	},
	{
		id: "object-in-pg-catalog",
		severity: "blocker",
		side: "source",
		sql: () => `SELECT p.oid::regprocedure::text AS object, '' AS detail FROM pg_proc p
			WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid >= 16384 AND $1::oid[] IS NOT NULL
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i')) ORDER BY 1`,
		line: ({ object }) =>
			`function ${object}: it is in schema pg_catalog, which no dump carries; on the source: ALTER FUNCTION ${object} SET SCHEMA public;`,
	},
	{
		id: "unlisted-extension",
		severity: "blocker",
		side: "source",
		sql: () => `SELECT DISTINCT i.type || ' ' || i.identity AS object, x.extname::text AS detail
			FROM pg_depend d JOIN pg_depend m ON m.classid = d.refclassid AND m.objid = d.refobjid AND m.deptype = 'e' AND m.refclassid = 'pg_extension'::regclass
			JOIN pg_extension x ON x.oid = m.refobjid, LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
			WHERE d.deptype = 'n' AND x.extname ~ '^(azure|azure_.*|pg_azure_storage|pgaadauth|pg_failover_slots)$' AND $1::oid[] IS NOT NULL
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype IN ('e', 'i')) ORDER BY 1`,
		line: ({ object, detail }) =>
			`${object}: it needs the extension ${detail}, which exists on Azure alone; change or drop it on the source, or: DROP EXTENSION ${detail} CASCADE;`,
	},
	{
		id: "inherited-columns",
		severity: "warning",
		side: "source",
		sql: () =>
			ofRelations(`c.relkind = 'r' AND NOT c.relispartition AND EXISTS (SELECT FROM pg_attribute own
				JOIN pg_attribute inherited ON inherited.attrelid = own.attrelid AND inherited.attinhcount > 0 AND inherited.attnum > own.attnum
				WHERE own.attrelid = c.oid AND own.attnum > 0 AND own.attinhcount = 0 AND NOT own.attisdropped AND NOT inherited.attisdropped)`),
		line: ({ object }) =>
			`table ${object}: its parent got columns after it was made, and on the target they come first; before the move, name the columns in every INSERT INTO ${object}`,
	},
	{
		id: "security-label",
		severity: "note",
		side: "source",
		sql: () =>
			plain(
				"SELECT DISTINCT objtype || ' ' || objname AS object, provider::text AS detail FROM pg_seclabels WHERE true",
			),
		line: ({ object, detail }) =>
			`${object}: its security label (${detail}) stays behind; nothing to do, or on the source: SECURITY LABEL FOR ${detail} ON ${object} IS NULL;`,
	},
	{
		id: "sql-ascii",
		severity: "blocker",
		side: "source",
		sql: () =>
			plain(
				"SELECT datname::text AS object, '' AS detail FROM pg_database WHERE datname = current_database() AND encoding = 0",
			),
		line: ({ object }) =>
			`database ${object}: its encoding is SQL_ASCII, which checks nothing, so that text may be in several encodings at once; make it anew as UTF8 before the move: CREATE DATABASE ${object}_utf8 ENCODING 'UTF8' TEMPLATE template0;`,
	},
	{
		id: "target-rights",
		severity: "blocker",
		side: "target",
		sql: () =>
			plain("SELECT rolname::text AS object, '' AS detail FROM pg_roles WHERE rolname = current_user AND NOT rolsuper"),
		line: ({ object }) =>
			`role ${object} of the target is no superuser, which owners, event triggers and extensions need: npm run move -- credentials --stack STACK --replace`,
	},
	{
		id: "target-replica",
		severity: "blocker",
		side: "target",
		sql: () =>
			plain(
				"SELECT coalesce(client_addr::text, 'local') AS object, coalesce(application_name, '') AS detail FROM pg_stat_replication WHERE true",
			),
		line: ({ object, detail }) =>
			`replica ${detail} at ${object}: it holds the target's database, and the swap would stop it; remove the replica until the move is over: aptible db:deprovision REPLICA`,
	},
	{
		id: "target-slot",
		severity: "blocker",
		side: "target",
		sql: () => plain("SELECT slot_name::text AS object, slot_type AS detail FROM pg_replication_slots WHERE true"),
		line: ({ object, detail }) =>
			`${detail} replication slot ${object} on the target: it keeps WAL while rows are copied, and blocks the swap; on the target: SELECT pg_drop_replication_slot('${object}');`,
	},
	{
		id: "target-subscription",
		severity: "blocker",
		side: "target",
		sql: () => plain("SELECT quote_ident(subname) AS object, '' AS detail FROM pg_subscription WHERE true"),
		line: ({ object }) =>
			`subscription ${object} on the target: it would write into the copy's place, and blocks the swap; on the target: DROP SUBSCRIPTION ${object};`,
	},
	{
		id: "target-sessions",
		severity: "note",
		side: "target",
		sql: () =>
			plain(`SELECT usename::text AS object, count(*)::text AS detail FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
			AND application_name <> current_setting('application_name') AND backend_type = 'client backend' GROUP BY 1 HAVING true`),
		line: ({ object, detail }) =>
			`${detail} sessions of ${object} on the target's database: the swap ends them; to see them: SELECT * FROM pg_stat_activity WHERE usename = '${object}';`,
	},
	{
		id: "target-not-empty",
		severity: "note",
		side: "target",
		sql: () =>
			`SELECT current_database()::text AS object, count(*)::text AS detail FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p') AND ${NOT_OF_EXTENSION} HAVING count(*) > 0`,
		line: ({ object, detail }) =>
			`database ${object} of the target has ${detail} tables: the swap keeps them under another name until: npm run move -- close --stack STACK --drop-former`,
	},
];
