/** URLs of objects in a PostgreSQL database: counted by table and column, and rewritten where a person asks for it. No value is shown. */
import type pg from "pg";
import { LOCK_CLASS } from "../steps.ts";

/** How URLs of a container's objects begin, on both sides (ContainerAddress.base). */
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

interface TextColumn extends Pick<UrlColumn, "table" | "column" | "isView"> {
	type: string;
}

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
export async function countUrls(client: pg.Client, renamings: readonly Renaming[]): Promise<UrlColumn[]> {
	const { rows: columns } = await client.query<TextColumn>(TEXT_COLUMNS);
	const found: UrlColumn[] = [];
	for (const [table, own] of groupBy(columns, (one) => one.table)) {
		const counts = own.flatMap(({ column }, n) => [
			`count(*) FILTER (WHERE ${matches(column, "$1::text[]", "$2")})::int AS rows_${n}`,
			`count(*) FILTER (WHERE ${matches(column, "$1::text[]", "$3")})::int AS moved_${n}`,
		]);
		const values = [hostsOf(renamings), anyOf(renamings.map(hostPattern)), anyOf(renamings.map(patternOf))];
		const { rows } = await client.query(`SELECT ${counts.join(", ")} FROM ONLY ${table}`, values);
		for (const [n, { column, isView }] of own.entries()) {
			const [count, moved] = [rows[0][`rows_${n}`], rows[0][`moved_${n}`]];
			if (count > 0) found.push({ table, column, isView, rows: count, moved });
		}
	}
	return found;
}

/**
 * Rewrites the addresses of containers that move, all or none, without the triggers of the application's. What it writes holds the
 * lock on its holder's epoch, as all that the mover writes there.
 *
 * @returns rows that were changed
 * @throws with the table, and nothing is rewritten
 */
export async function rewriteUrls(
	client: pg.Client,
	renamings: readonly Renaming[],
	columns: readonly UrlColumn[],
	epoch: number,
): Promise<number> {
	const { rows: types } = await client.query<TextColumn>(TEXT_COLUMNS);
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
			const sets = own.map(({ column }) => {
				const type = types.find((one) => one.table === table && one.column === column)?.type ?? "text";
				return `${column} = (${replaced(column, renamings)})::${type}`;
			});
			const where = own.map(({ column }) => matches(column, "$1::text[]", "$2")).join(" OR ");
			const values = [hostsOf(renamings), anyOf(renamings.map(patternOf))];
			const parameters = [...values, ...renamings.flatMap((one) => [patternOf(one), replacementOf(one)])];
			const { rowCount } = await client
				.query(`UPDATE ONLY ${table} SET ${sets.join(", ")} WHERE ${where}`, parameters)
				.catch((error: unknown) => {
					const says = `${table}: its URLs cannot be rewritten, as the new ones do not fit; widen ${own.map(({ column }) => column).join(", ")}, or rewrite them in the application`;
					throw error instanceof Error && "code" in error && String(error.code).startsWith("2")
						? new Error(says)
						: error;
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

/** Groups in the order of their first one. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
	return groups;
}

/** The regular expression is asked for alone where the host is in the text at all, which is found much sooner. */
function matches(column: string, hosts: string, pattern: string): string {
	const text = `${column}::text`;
	return `CASE WHEN EXISTS (SELECT FROM pg_catalog.unnest(${hosts}) AS host WHERE pg_catalog.strpos(${text}, host) > 0) THEN ${text} ~ ${pattern} ELSE false END`;
}

function replaced(column: string, renamings: readonly Renaming[]): string {
	return renamings.reduce(
		(text, _, n) => `pg_catalog.regexp_replace(${text}, $${2 * n + 3}, $${2 * n + 4}, 'g')`,
		`${column}::text`,
	);
}

/** What stands before a host: nothing that another host's name could end with. A slash may be encoded. */
const BEFORE = "(^|[^a-zA-Z0-9.-]|%2[fF])";
/** A slash in a text, in JSON, and in a parameter of a URL. */
const SLASH = "(/|\\\\/|%2[fF])";
const AFTER = "(?![a-zA-Z0-9-])";

const escaped = (text: string) => text.replaceAll(/[.\\^$*+?()[\]{}|]/g, "\\$&");
const partsOf = (base: string) => base.split("/");

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
