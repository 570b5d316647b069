/** URLs of objects in a PostgreSQL database: counted by table and column, and rewritten where a person asks for it. No value is shown. */
import type pg from "pg";
import { stateOf } from "../journal/errors.ts";
import { LOCK_CLASS } from "../steps.ts";

/** How URLs of a container's objects begin, on both sides (ContainerAddress.base); in lower case, as hosts and containers are. */
export interface Renaming {
	from: string;
	to: string;
}

/** A column with URLs of the old account. */
export interface UrlColumn {
	/** Quoted, with its schema. */
	table: string;
	/** Quoted. */
	column: string;
	/** Of a materialized view, which is refreshed and not written to. */
	isView: boolean;
	/** Rows with the old account's host. */
	rows: number;
	/** Of them, rows with an address of a container that moves. */
	moved: number;
}

/** One that can be rewritten. */
export interface TextUrlColumn extends UrlColumn {
	/** As PostgreSQL writes it, without its length. */
	type: string;
}

type TextColumn = Omit<TextUrlColumn, "rows" | "moved">;

/**
 * Text of every kind, JSON, XML, domains over them, and arrays of them; what is generated follows its base. The type is without its
 * length: an explicit cast to one cuts what is longer, where an assignment refuses it.
 */
const TEXT_COLUMNS = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table", pg_catalog.quote_ident(a.attname) AS "column",
	pg_catalog.format_type(a.atttypid, -1) AS type, c.relkind = 'm' AS "isView"
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type base ON base.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_type item ON item.oid = t.typelem AND t.typcategory = 'A'
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND (c.relkind = 'r' OR c.relispopulated)
	AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
	AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
	AND (t.typcategory = 'S' OR item.typcategory = 'S' OR coalesce(item.typname, base.typname, t.typname) IN ('json', 'jsonb', 'xml'))
ORDER BY 1, a.attnum`;

/** Counts them, each table by one reading of it. */
export async function countUrls(client: pg.Client, renamings: readonly Renaming[]): Promise<TextUrlColumn[]> {
	const { rows: columns } = await client.query<TextColumn>(TEXT_COLUMNS);
	const found: TextUrlColumn[] = [];
	for (const [table, own] of groupBy(columns, (one) => one.table)) {
		const counts = own.flatMap(({ column }, n) => [
			`count(*) FILTER (WHERE ${matches(column, "$1::text[]", "$2")})::int AS rows_${n}`,
			`count(*) FILTER (WHERE ${matches(column, "$1::text[]", "$3")})::int AS moved_${n}`,
		]);
		const values = [hostsOf(renamings), anyOf(renamings.map(hostPattern)), anyOf(renamings.map(patternOf))];
		const { rows } = await client.query(`SELECT ${counts.join(", ")} FROM ONLY ${table}`, values);
		for (const [n, column] of own.entries()) {
			const [count, moved] = [rows[0][`rows_${n}`], rows[0][`moved_${n}`]];
			if (count > 0) found.push({ ...column, rows: count, moved });
		}
	}
	return found;
}

/**
 * Rewrites the addresses of containers that move, all or none, without the triggers of the application's. What it writes holds the
 * lock on its holder's epoch, as all that the mover writes there.
 *
 * @param columns of `countUrls`, in the same database
 * @returns rows that were changed
 * @throws with the table, and nothing is rewritten
 */
export async function rewriteUrls(
	client: pg.Client,
	renamings: readonly Renaming[],
	columns: readonly TextUrlColumn[],
	epoch: number,
): Promise<number> {
	await client.query("BEGIN");
	try {
		const { rows } = await client.query(
			`SELECT pg_catalog.pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, $1) AS held`,
			[epoch],
		);
		if (rows[0].held !== true) throw new Error("another mover has taken the lease over");
		// Times of change and other tables are the application's own to write.
		await client.query("SET LOCAL session_replication_role = replica");
		let count = 0;
		const written = columns.filter(({ isView, moved }) => !isView && moved > 0);
		for (const [table, own] of groupBy(written, (one) => one.table)) {
			const sets = own.map(({ column, type }) => `${column} = (${replaced(column, renamings)})::${type}`);
			await refuseTriggers(client, table);
			const where = own.map(({ column }) => matches(column, "$1::text[]", "$2")).join(" OR ");
			const values = [hostsOf(renamings), anyOf(renamings.map(patternOf))];
			const parameters = [...values, ...renamings.flatMap((one) => [patternOf(one), replacementOf(one)])];
			const { rowCount } = await client
				.query(`UPDATE ONLY ${table} SET ${sets.join(", ")} WHERE ${where}`, parameters)
				.catch((error: unknown) => {
					const state = stateOf(error) ?? "";
					if (!/^2[23]/.test(state)) throw error;
					const why =
						state === TOO_LONG
							? `, as the new ones do not fit; widen ${own.map(({ column }) => column).join(", ")}, or`
							: ` (SQLSTATE ${state}, a condition of the table's that they do not meet);`;
					throw new Error(`${table}: its URLs cannot be rewritten${why} rewrite them in the application`);
				});
			count += rowCount ?? 0;
		}
		await client.query("COMMIT");
		return count;
	} catch (error) {
		await client.query("ROLLBACK").catch(() => {});
		throw error;
	}
}

/** string_data_right_truncation */
const TOO_LONG = "22001";

/** What fires in spite of `session_replication_role`: triggers and rules that are enabled ALWAYS or REPLICA. */
const FIRING = `SELECT 'trigger' AS kind, pg_catalog.quote_ident(tgname) AS name FROM pg_catalog.pg_trigger
	WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgenabled IN ('A', 'R')
UNION ALL SELECT 'rule', pg_catalog.quote_ident(rulename) FROM pg_catalog.pg_rewrite
	WHERE ev_class = $1::regclass AND ev_type = '2' AND ev_enabled IN ('A', 'R') ORDER BY kind, name`;

async function refuseTriggers(client: pg.Client, table: string): Promise<void> {
	const { rows } = await client.query<{ kind: string; name: string }>(FIRING, [table]);
	if (rows.length === 0) return;
	const [first] = rows;
	throw new Error(
		`${table}: its URLs cannot be rewritten, as ${rows.map(({ kind, name }) => `${kind} ${name}`).join(", ")} would act on each row (enabled ALWAYS or REPLICA); rewrite them in the application, or have it fire as others do for that time: ALTER TABLE ${table} ENABLE ${first?.kind.toUpperCase()} ${first?.name}`,
	);
}

/** Groups in the order of their first one. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
	return groups;
}

/** The regular expression is asked for alone where the host is in the text at all, which is found much sooner. */
function matches(column: string, hosts: string, pattern: string): string {
	const text = `${column}::text`;
	return `CASE WHEN EXISTS (SELECT FROM pg_catalog.unnest(${hosts}) AS host WHERE pg_catalog.strpos(pg_catalog.lower(${text}), host) > 0) THEN ${text} ~* ${pattern} ELSE false END`;
}

function replaced(column: string, renamings: readonly Renaming[]): string {
	return renamings.reduce(
		(text, _, n) => `pg_catalog.regexp_replace(${text}, $${2 * n + 3}, $${2 * n + 4}, 'gi')`,
		`${column}::text`,
	);
}

/** What stands before a host: nothing that another host's name could end with. A slash may be encoded. */
const BEFORE = "(^|[^a-zA-Z0-9.-]|%2[fF])";
/** A slash in a text, in JSON, and in a parameter of a URL. */
const SLASH = "(/|\\\\/|%2[fF])";
const AFTER = "(?![a-zA-Z0-9-])";

const escaped = (text: string) => text.replaceAll(/[.\\^$*+?()[\]{}|]/g, "\\$&");
export const partsOf = (base: string) => base.split("/");

function patternOf({ from }: Renaming): string {
	return `${BEFORE}${partsOf(from).map(escaped).join(SLASH)}${AFTER}`;
}

/** Of the account, whatever the container. */
function hostPattern({ from }: Renaming): string {
	return `${BEFORE}${partsOf(from).slice(0, -1).map(escaped).join(SLASH)}${AFTER}`;
}

/** Slashes are written as the first one was. */
function replacementOf({ to }: Renaming): string {
	return `\\1${partsOf(to).join("\\2")}`;
}

function hostsOf(renamings: readonly Renaming[]): string[] {
	return [...new Set(renamings.map(({ from }) => partsOf(from)[0] ?? ""))];
}

function anyOf(patterns: readonly string[]): string {
	return [...new Set(patterns)].map((pattern) => `(?:${pattern})`).join("|");
}
