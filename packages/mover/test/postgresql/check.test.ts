import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Finding } from "../../findings.ts";
import { type CheckOptions, check } from "../../postgresql/check.ts";
import { connect, type Login, withSession } from "../../postgresql/connection.ts";
import { compareVersions } from "../../postgresql/pins.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";

const GB = 1 << 30;
let source: Source;
let target: Target;
let number = 0;

before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([
		startSource(15, { max_prepared_transactions: 5, wal_level: "logical", allow_in_place_tablespaces: "on" }, 0.0005),
		startTarget(17),
	]);
	await execute(source.superuser, "CREATE TABLESPACE fast LOCATION ''");
	await execute(target.login, "CREATE DATABASE taken");
	await execute(at(target.login, "taken"), "CREATE TABLE theirs (id int)");
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

const at = ({ url }: Login, database: string): Login => ({ url: url.replace(/(:\d+)\/[^?]+/, `$1/${database}`) });

/** A fault of a source or a target, and what is to be found. */
interface Fault {
	trap: string;
	/** Words of the line: what, where, and the fix. */
	words: RegExp;
	/** SQL as the source's admin, as Azure's superuser, on the target's database `db_N`. */
	admin?: string;
	superuser?: string;
	target?: string;
	/** Of the target's database; default the server's. */
	targetLocale?: string;
	/** Undone afterwards, where it is of the server: as Azure's superuser and on the target. */
	undo?: string;
	undoTarget?: string;
	options?: Partial<CheckOptions>;
	/** Others that come with it. */
	besides?: string[];
	/** Whether the definitions are tried on the target. */
	tried?: true;
	/** A session that is held while it is looked. */
	held?: string;
}

const FAULTS: readonly Fault[] = [
	{
		trap: "row-security",
		admin: "ALTER TABLE clinic.patients FORCE ROW LEVEL SECURITY",
		words: /clinic\.patients.*ALTER TABLE clinic\.patients NO FORCE ROW LEVEL SECURITY/,
	},
	{
		trap: "row-security",
		superuser:
			"CREATE TABLE public.theirs (id int PRIMARY KEY); ALTER TABLE theirs OWNER TO app_rw; GRANT SELECT ON theirs TO medadmin; ALTER TABLE theirs ENABLE ROW LEVEL SECURITY",
		words: /public\.theirs.*GRANT app_rw TO medadmin/,
	},
	{
		trap: "inherited-columns",
		admin:
			"CREATE TABLE public.parent (id int PRIMARY KEY); CREATE TABLE public.child (own int, PRIMARY KEY (id)) INHERITS (parent); ALTER TABLE parent ADD COLUMN late int",
		words: /public\.child.*name the columns in every INSERT INTO public\.child/,
	},
	{
		trap: "table-unreadable",
		superuser: "CREATE TABLE public.theirs (id int PRIMARY KEY); ALTER TABLE theirs OWNER TO app_rw",
		words: /public\.theirs.*GRANT SELECT ON public\.theirs TO medadmin/,
	},
	{
		trap: "sequence-unreadable",
		superuser: "CREATE SEQUENCE public.theirs; ALTER SEQUENCE theirs OWNER TO app_rw",
		words: /public\.theirs.*GRANT SELECT ON SEQUENCE public\.theirs TO medadmin/,
	},
	{
		trap: "large-object-unreadable",
		superuser: "SELECT lo_from_bytea(777, 'x'); ALTER LARGE OBJECT 777 OWNER TO app_rw",
		words: /large object 777.*app_rw.*GRANT SELECT ON LARGE OBJECT 777 TO medadmin/,
	},
	{
		trap: "large-object-size",
		admin: "SELECT lo_from_bytea(778, ''); SELECT lo_put(778, 67108864, 'xx')",
		words: /large object 778.*64 MB.*lo_unlink\(778\)/,
	},
	{
		trap: "row-size",
		admin: "CREATE TABLE public.large (id int PRIMARY KEY, a text); INSERT INTO large SELECT 1, repeat('x', 67200000)",
		words: /public\.large: 1 rows.*64 MB.*SELECT ctid FROM public\.large/,
	},
	{
		trap: "extension-missing",
		superuser: "CREATE EXTENSION hstore; UPDATE pg_extension SET extname = 'timescaledb' WHERE extname = 'hstore'",
		words: /timescaledb.*DROP EXTENSION "timescaledb"/,
	},
	{
		trap: "extension-older",
		superuser: "UPDATE pg_extension SET extversion = '9.9' WHERE extname = 'citext'",
		words: /citext.*9\.9.*stage file/,
	},
	{
		trap: "unlisted-extension",
		superuser: "UPDATE pg_extension SET extname = 'azure_storage' WHERE extname = 'citext'",
		words: /clinic\.patients\.email.*azure_storage.*DROP EXTENSION azure_storage CASCADE/,
	},
	{
		trap: "function-search-path",
		admin:
			"CREATE FUNCTION public.helper() RETURNS int LANGUAGE sql IMMUTABLE AS 'select 1'; CREATE FUNCTION clinic.f(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'begin return x + helper(); end'; CREATE TABLE clinic.fx (id int PRIMARY KEY, v int); CREATE INDEX fx_f ON clinic.fx (clinic.f(v))",
		words: /clinic\.f\(integer\).*helper.*index clinic\.fx_f.*ALTER FUNCTION clinic\.f\(integer\) SET search_path/,
	},
	{
		trap: "event-trigger",
		superuser:
			"CREATE FUNCTION public.evt() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'; CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION evt()",
		words: /event trigger et .*DROP EVENT TRIGGER et/,
	},
	{
		trap: "publication",
		admin: "CREATE PUBLICATION p1 FOR TABLE clinic.visits",
		words: /publication p1.*CREATE PUBLICATION p1/,
	},
	{
		trap: "subscription",
		superuser: "CREATE SUBSCRIPTION s1 CONNECTION 'host=127.0.0.1 dbname=x' PUBLICATION p WITH (connect = false)",
		undo: "ALTER SUBSCRIPTION s1 SET (slot_name = NONE); DROP SUBSCRIPTION s1",
		words: /subscription s1.*ALTER SUBSCRIPTION s1 DISABLE/,
	},
	{
		trap: "replication-slot",
		superuser: "SELECT pg_create_logical_replication_slot('one', 'pgoutput')",
		undo: "SELECT pg_drop_replication_slot('one')",
		words: /logical replication slot one.*pg_drop_replication_slot\('one'\)/,
	},
	{
		trap: "unlogged-table",
		admin: "CREATE UNLOGGED TABLE clinic.cache (k text PRIMARY KEY)",
		words: /clinic\.cache.*SET LOGGED/,
	},
	{ trap: "no-primary-key", admin: "CREATE TABLE clinic.log (a int)", words: /clinic\.log.*ADD PRIMARY KEY/ },
	{
		trap: "not-valid-constraint",
		admin: "ALTER TABLE clinic.visits ADD CONSTRAINT positive CHECK (amount > 1000000) NOT VALID",
		words: /constraint positive of clinic\.visits.*VALIDATE CONSTRAINT positive/,
	},
	{
		trap: "invalid-index",
		superuser: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'clinic.visits_at'::regclass",
		words: /clinic\.visits_at.*REINDEX INDEX CONCURRENTLY clinic\.visits_at/,
	},
	{
		trap: "triggers-of-constraint-disabled",
		superuser: "ALTER TABLE clinic.documents DISABLE TRIGGER ALL",
		words: /clinic\.documents.*ENABLE TRIGGER ALL/,
	},
	{
		trap: "collation-version",
		superuser: "UPDATE pg_database SET datcollversion = '1' WHERE datname = current_database()",
		words: /collation version 1,.*REINDEX DATABASE \w+; ALTER DATABASE \w+ REFRESH COLLATION VERSION/,
	},
	{
		trap: "duplicate-key",
		superuser:
			"UPDATE pg_database SET datcollversion = '1' WHERE datname = current_database(); CREATE TABLE clinic.codes (code text); CREATE UNIQUE INDEX codes_key ON clinic.codes (code); ALTER TABLE clinic.codes OWNER TO medadmin; UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'clinic.codes_key'::regclass",
		admin: "INSERT INTO clinic.codes VALUES ('a'), ('a')",
		besides: ["collation-version", "no-primary-key", "invalid-index"],
		words: /clinic\.codes_key: 1 keys.*HAVING count\(\*\) > 1/,
	},
	{
		trap: "custom-collation",
		admin: "CREATE COLLATION clinic.plain (locale = 'C')",
		words: /collation clinic\.plain.*npm run move -- rehearse/,
	},
	{
		trap: "tablespace",
		superuser: "ALTER INDEX clinic.visits_at SET TABLESPACE fast",
		words: /clinic\.visits_at.*tablespace fast.*/,
	},
	{
		trap: "access-method",
		superuser:
			"CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE clinic.wide (id int PRIMARY KEY) USING columns; ALTER TABLE clinic.wide OWNER TO medadmin",
		words: /clinic\.wide.*columns.*SET ACCESS METHOD heap/,
	},
	{
		trap: "foreign-table",
		superuser:
			"CREATE FOREIGN DATA WRAPPER w; CREATE SERVER other FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE clinic.far (id int) SERVER other; ALTER FOREIGN TABLE clinic.far OWNER TO medadmin",
		besides: ["foreign-server"],
		words: /clinic\.far.*server other.*DROP FOREIGN TABLE clinic\.far/,
	},
	{
		trap: "foreign-server",
		superuser: "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER other FOREIGN DATA WRAPPER w",
		words: /foreign server other.*ALTER SERVER other/,
	},
	{
		trap: "user-mapping",
		superuser:
			"CREATE FOREIGN DATA WRAPPER w; CREATE SERVER other FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR app_rw SERVER other",
		besides: ["foreign-server"],
		words: /mapping of app_rw for server other.*ALTER USER MAPPING FOR app_rw SERVER other/,
	},
	{
		trap: "member-of-admin",
		superuser: "GRANT medadmin TO app_ro",
		undo: "REVOKE medadmin FROM app_ro",
		words: /role app_ro.*medadmin.*GRANT \.\.\. TO app_ro/,
	},
	{
		trap: "prepared-transaction",
		admin: "BEGIN; INSERT INTO audit.events (at, kind) VALUES ('2025-02-01', 'x'); PREPARE TRANSACTION 'late'",
		undo: "ROLLBACK PREPARED 'late'",
		words: /'late' of medadmin.*ROLLBACK PREPARED 'late'/,
	},
	{
		trap: "table-locked",
		held: "LOCK TABLE clinic.visits IN ACCESS EXCLUSIVE MODE",
		besides: ["check-incomplete"],
		words: /clinic\.visits: session \d+.*pg_cancel_backend/,
	},
	{
		trap: "view-unpopulated",
		admin: "REFRESH MATERIALIZED VIEW clinic.m_month WITH NO DATA",
		words: /clinic\.m_month.*REFRESH MATERIALIZED VIEW clinic\.m_month/,
	},
	{
		trap: "type-by-version",
		admin: "CREATE TABLE clinic.links (id int PRIMARY KEY, t regclass)",
		words: /clinic\.links\.t: a regclass.*TYPE text/,
	},
	{
		trap: "object-in-pg-catalog",
		superuser:
			"SET allow_system_table_mods = on; CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'select 1'",
		words: /mine\(\).*ALTER FUNCTION mine\(\) SET SCHEMA public/,
	},
	{
		trap: "sequence-behind",
		admin: "SELECT setval('clinic.visits_id_seq', 3)",
		words: /clinic\.visits_id_seq: clinic\.visits\.id.*setval\('clinic\.visits_id_seq', \d+\)/,
	},
	{
		trap: "check-violated",
		admin:
			"CREATE FUNCTION clinic.ok(x numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select true'; ALTER TABLE clinic.visits ADD CONSTRAINT was_ok CHECK (clinic.ok(amount)); CREATE OR REPLACE FUNCTION clinic.ok(x numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select x < 1'",
		words: /constraint was_ok of clinic\.visits: \d+ rows.*DROP CONSTRAINT was_ok/,
	},
	{
		trap: "locale-missing",
		target: "DELETE FROM pg_collation WHERE collcollate ILIKE 'C.utf%'",
		targetLocale: "C",
		words: /C\.UTF-8.*sorts as in C; its unique citext columns \(clinic\.patients\).*npm run move -- rehearse/,
	},
	{
		trap: "role-taken",
		target: "CREATE ROLE app_ro SUPERUSER",
		undoTarget: "DROP ROLE app_ro",
		words: /role app_ro.*superuser.*RENAME TO "app_ro_app"/,
	},
	{
		trap: "setting-unknown",
		superuser: "ALTER ROLE app_rw SET force_parallel_mode = off",
		undo: "ALTER ROLE app_rw RESET force_parallel_mode",
		words: /force_parallel_mode of role app_rw.*ALTER ROLE "app_rw" RESET force_parallel_mode/,
	},
	{
		trap: "statement-timeout",
		superuser: "ALTER ROLE app_rw SET statement_timeout = '30s'",
		undo: "ALTER ROLE app_rw RESET statement_timeout",
		words: /statement_timeout of app_rw.*pg_db_role_setting/,
	},
	{
		trap: "session-limit",
		superuser: "ALTER ROLE medadmin SET idle_session_timeout = '50s'",
		undo: "ALTER ROLE medadmin RESET idle_session_timeout",
		words: /idle_session_timeout of the source.*50000 ms.*ALTER ROLE "medadmin" SET idle_session_timeout = 0/,
	},
	{
		trap: "target-read-only",
		target: "ALTER DATABASE THIS SET default_transaction_read_only = on",
		words: /takes no writes.*RESET default_transaction_read_only/,
	},
	{
		trap: "target-rights",
		target: "CREATE ROLE weak LOGIN PASSWORD 'x'",
		undoTarget: "DROP ROLE weak",
		options: { target: { url: "weak" } },
		words: /role weak.*npm run move -- credentials/,
	},
	{
		trap: "target-slot",
		target: "SELECT pg_create_physical_replication_slot('kept')",
		undoTarget: "SELECT pg_drop_replication_slot('kept')",
		words: /physical replication slot kept.*pg_drop_replication_slot\('kept'\)/,
	},
	{
		trap: "target-subscription",
		target: "CREATE SUBSCRIPTION s2 CONNECTION 'host=127.0.0.1 dbname=x' PUBLICATION p WITH (connect = false)",
		undoTarget: "ALTER SUBSCRIPTION s2 SET (slot_name = NONE); DROP SUBSCRIPTION s2",
		words: /subscription s2 on the target.*DROP SUBSCRIPTION s2/,
	},
	{ trap: "target-not-empty", target: "CREATE TABLE there (id int)", words: /has 1 tables.*npm run move -- close/ },
	{
		trap: "name-taken",
		options: { into: "taken" },
		words: /database taken is on the target.*DROP DATABASE "taken"/,
	},
	{ trap: "disk", options: { diskBytes: 100 << 20 }, words: /disk has 0\.1 GB.*diskGb: \d/ },
	{
		trap: "disk-unknown",
		options: { diskBytes: undefined as unknown as number },
		words: /not known.*npm run move -- credentials/,
	},
	{
		trap: "connections",
		superuser: "ALTER ROLE medadmin CONNECTION LIMIT 5",
		undo: "ALTER ROLE medadmin CONNECTION LIMIT -1",
		words: /role medadmin on the source takes \d sessions more, and the copy needs 10.*CONNECTION LIMIT -1/,
	},
	{
		trap: "definition-refused",
		tried: true,
		superuser:
			"CREATE FUNCTION clinic.c_one(citext, citext) RETURNS boolean LANGUAGE c AS '$libdir/citext', 'citext_eq'; UPDATE pg_proc SET probin = '$libdir/gone' WHERE proname = 'c_one'",
		words: /function clinic\.c_one\(public\.citext, public\.citext\): .*could not access file.*npm run move -- check/,
	},
];

async function look(name: string, changes: Partial<CheckOptions> = {}): Promise<Finding[]> {
	return check({
		source: at(source.login, name),
		target: target.login,
		into: "move_7",
		jobs: 2,
		diskBytes: 20 * GB,
		tryDefinitions: false,
		...changes,
	});
}

const names = (findings: readonly Finding[]) => findings.map(({ trap }) => trap).sort();

test("a clean pair has no finding, its definitions included, and nothing is left on the target", async () => {
	assert.deepEqual(await look("clinic", { tryDefinitions: true }), []);
	const { rows } = await withSession(target.login, {}, (client) =>
		client.query("SELECT datname FROM pg_database ORDER BY 1"),
	);
	assert.deepEqual(
		rows.map(({ datname }) => datname),
		["db", "postgres", "taken", "template0", "template1"],
	);
});

for (const fault of FAULTS) {
	test(`${fault.trap}: ${(fault.admin ?? fault.superuser ?? fault.target ?? fault.held ?? JSON.stringify(fault.options)).slice(0, 60)}`, async () => {
		number += 1;
		const [name, to] = [`clinic_${number}`, `db_${number}`];
		await execute(at(source.superuser, "postgres"), `CREATE DATABASE ${name} TEMPLATE clinic OWNER medadmin`);
		const withTarget = fault.target !== undefined;
		if (withTarget)
			await execute(
				at(target.login, "postgres"),
				`CREATE DATABASE ${to} TEMPLATE template0 ${fault.targetLocale ? `LOCALE '${fault.targetLocale}'` : ""}`,
			);
		const there = withTarget ? at(target.login, to) : target.login;
		const holder = await connect(at(source.superuser, name));
		try {
			if (fault.superuser) await execute(at(source.superuser, name), fault.superuser);
			if (fault.admin) await execute(at(source.login, name), fault.admin);
			if (fault.trap === "duplicate-key") {
				await execute(
					at(source.superuser, name),
					"UPDATE pg_index SET indisready = true WHERE indexrelid = 'clinic.codes_key'::regclass",
				);
			}
			if (fault.target) await execute(there, fault.target.replace("THIS", to));
			if (fault.held) await holder.query(`BEGIN; ${fault.held}`);
			const weak =
				fault.options?.target === undefined ? {} : { target: { url: there.url.replace(/\/\/[^@]*@/, "//weak:x@") } };
			const findings = await look(name, {
				target: there,
				tryDefinitions: fault.tried ?? false,
				...fault.options,
				...weak,
			});
			assert.deepEqual(
				names(findings),
				[fault.trap, ...(fault.besides ?? [])].sort(),
				JSON.stringify(findings, null, 1),
			);
			const { line = "" } = findings.find(({ trap }) => trap === fault.trap) ?? {};
			assert.match(line, fault.words);
			assert.ok(!line.includes("\n"));
		} finally {
			await holder.query("ROLLBACK");
			await holder.end();
			if (fault.undo) await execute(at(source.superuser, name), fault.undo);
			if (fault.undoTarget) await execute(there, fault.undoTarget);
			await execute(at(source.superuser, "postgres"), `DROP DATABASE ${name} WITH (FORCE)`);
			if (withTarget) await execute(at(target.login, "postgres"), `DROP DATABASE ${to} WITH (FORCE)`);
		}
	});
}

test("versions go together: a source that is newer, a client that is older or of an older day", () => {
	const traps = (...versions: [string, string, string]) => compareVersions(...versions).map(({ trap }) => trap);
	assert.deepEqual(traps("15.18", "17.10", "17.10"), []);
	assert.deepEqual(traps("12.22", "17.10", "17.2"), []);
	assert.deepEqual(traps("17.1", "16.14", "17.10"), ["source-newer"]);
	assert.deepEqual(traps("11.4", "17.10", "17.10"), ["source-too-old"]);
	assert.deepEqual(traps("17.1", "17.10", "16.14"), ["client-too-old"]);
	assert.deepEqual(traps("15.20", "17.10", "17.10"), ["client-patch"]);
});
