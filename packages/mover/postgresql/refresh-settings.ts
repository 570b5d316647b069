/** What a materialized view's content depends on beside its rows: the settings of who refreshes it, the hour, an order. */
import type pg from "pg";
import { type Login, withSession } from "./connection.ts";
import { isSettingLeftBehind } from "./rules.ts";

/** Settings that values are made or read by. */
const CONTENT_SETTINGS = [
	"DateStyle",
	"IntervalStyle",
	"TimeZone",
	"bytea_output",
	"default_text_search_config",
	"extra_float_digits",
	"lc_monetary",
	"lc_numeric",
	"lc_time",
	"search_path",
	"xmlbinary",
];

export type Settings = ReadonlyMap<string, string>;
type Client = Pick<pg.Client, "query">;

/** The settings of a session of the login's that sets none by itself: the server's, the database's and the role's. */
export async function readPlainSettings(login: Login): Promise<Settings> {
	const { rows } = await withSession(login, { isPlain: true }, (client) =>
		client.query<{ name: string; value: string }>(
			`SELECT s.name, pg_catalog.current_setting(s.name) AS value FROM pg_catalog.unnest($1::text[]) AS s (name)`,
			[CONTENT_SETTINGS],
		),
	);
	return new Map(rows.map(({ name, value }) => [name, value]));
}

/**
 * The settings that a view is refreshed under: those of a plain session, those that an application has made for the database or for a
 * role, and before these the settings of the view's owner.
 */
export async function settingsOfView(client: Client, plain: Settings, view: string): Promise<Settings> {
	const { rows } = await client.query<{ name: string; value: string }>(
		`SELECT DISTINCT ON (pg_catalog.split_part(o.line, '=', 1)) pg_catalog.split_part(o.line, '=', 1) AS name,
			pg_catalog.substr(o.line, pg_catalog.strpos(o.line, '=') + 1) AS value
		FROM pg_catalog.pg_class c, pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS o (line)
		WHERE c.oid = $1::pg_catalog.regclass AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
			AND (s.setrole IN (0, c.relowner) OR s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
		ORDER BY pg_catalog.split_part(o.line, '=', 1), s.setrole = c.relowner DESC, s.setrole <> 0 DESC, s.setdatabase <> 0 DESC`,
		[view],
	);
	const known = new Map(CONTENT_SETTINGS.map((name) => [name.toLowerCase(), name]));
	const own = rows.flatMap(({ name, value }): [string, string][] => {
		const setting = name.includes(".") && !isSettingLeftBehind(name) ? name : known.get(name.toLowerCase());
		return setting === undefined ? [] : [[setting, value]];
	});
	return new Map([...plain, ...own]);
}

/** Has a transaction work under settings; one that the server does not know, or whose value it does not have, stays as it is. */
export async function useSettings(client: Client, settings: Settings): Promise<void> {
	for (const [name, value] of settings) {
		await client.query("SAVEPOINT setting");
		await client.query("SELECT pg_catalog.set_config($1, $2, true)", [name, value]).catch(async (error) => {
			// undefined_object, invalid_parameter_value, cant_change_runtime_param, insufficient_privilege
			if (!["42704", "22023", "55P02", "42501"].includes((error as { code?: string }).code ?? "")) throw error;
			await client.query("ROLLBACK TO SAVEPOINT setting");
		});
		await client.query("RELEASE SAVEPOINT setting");
	}
}

/** Functions whose answer is another one at another hour, for another user or on another server, though PostgreSQL calls them stable. */
const CHANGING =
	"now transaction_timestamp statement_timestamp current_user session_user version inet_client_addr inet_server_addr".split(
		" ",
	);
/** Aggregates and window functions whose answer depends on the order of rows, which nothing may fix. */
const ORDERED =
	"array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg row_number ntile first_value last_value nth_value lag lead".split(
		" ",
	);

/** Why a view may hold other content each time that it is refreshed from the same rows. */
export interface Nature {
	/** Functions, by name, and clauses; none for a view whose content is its rows' alone. */
	changing: readonly string[];
	/** Whether it reads a setting of the session. */
	readsSettings: boolean;
}

/** Looks at the query of a view and of those that it reads. */
export async function natureOf(client: Client, view: string): Promise<Nature> {
	const { rows } = await client.query<Nature>(
		`WITH RECURSIVE used AS (
			SELECT $1::pg_catalog.regclass::oid AS oid
			UNION SELECT d.refobjid FROM used JOIN pg_catalog.pg_rewrite r ON r.ev_class = used.oid AND r.rulename = '_RETURN'
				JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
				JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('v', 'm')
		), trees AS (
			SELECT r.ev_action::text AS tree FROM used JOIN pg_catalog.pg_rewrite r ON r.ev_class = used.oid AND r.rulename = '_RETURN'
		), called AS (
			SELECT DISTINCT f[1]::oid AS oid FROM trees, pg_catalog.regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') AS f
		), functions AS (SELECT p.* FROM called JOIN pg_catalog.pg_proc p ON p.oid = called.oid)
		SELECT ARRAY(
			SELECT p.proname || '()' FROM functions p WHERE p.provolatile = 'v' OR (p.pronamespace = 'pg_catalog'::regnamespace AND (
				p.proname = ANY ($2) OR (p.proname = 'age' AND p.pronargs = 1)
				OR (p.prokind = 'a' AND p.proname <> ALL ('{min,max,count}') AND p.proargtypes::oid[] && ARRAY[700, 701]::oid[])))
			UNION SELECT 'CURRENT_DATE or the like' FROM trees WHERE tree LIKE '%{SQLVALUEFUNCTION%'
			UNION SELECT 'DISTINCT ON' FROM trees WHERE tree LIKE '%:hasDistinctOn true%'
			UNION SELECT 'LIMIT' FROM trees WHERE tree ~ ':limit(Count|Offset) \\{' ORDER BY 1) AS changing,
		EXISTS (SELECT FROM functions WHERE proname = 'current_setting') AS "readsSettings"`,
		[view, [...CHANGING, ...ORDERED]],
	);
	return rows[0] as Nature;
}
