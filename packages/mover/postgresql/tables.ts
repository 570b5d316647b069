/** The tables of a source whose rows travel, and how each is cut into parts. */
import type pg from "pg";
import { isExtensionLeftBehind, isSchemaLeftBehind } from "./rules.ts";

/** A table with rows of its own: no partitioned parent, no foreign table, no view. */
export interface SourceTable {
	oid: number;
	schema: string;
	name: string;
	/** `"schema"."table"`, quoted where it must be. */
	qualified: string;
	/** Columns that are written, quoted; generated ones are not. Empty for a table without any. */
	columns: readonly string[];
	/** Whether the rows may travel as the types' own bytes. */
	isBinary: boolean;
	/** Pages of its heap, as they are now. */
	pages: number;
	/** Bytes of heap and TOAST. */
	bytes: number;
	/** Condition of an extension for its own table: `WHERE ...`, or empty. */
	condition: string;
}

/**
 * Types whose bytes mean the same on every server: those of the server itself, enums (sent as their label), domains, and ranges.
 * An array and a row carry the ids of their types, which are others on the target where the user made them; an extension may be of
 * another version there; `regclass` and its like are ids of objects; a type without a binary form has no other way.
 */
const BINARY_TYPES = `
WITH RECURSIVE plain AS (
	SELECT t.oid FROM pg_catalog.pg_type t
	WHERE t.oid < 16384 AND t.typtype IN ('b', 'r', 'm') AND t.typsend <> 0 AND t.typreceive <> 0 AND t.typname !~ '^_?(reg|aclitem)'
	UNION
	SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typtype = 'e'
	UNION
	SELECT t.oid FROM pg_catalog.pg_type t JOIN plain ON plain.oid = t.typbasetype WHERE t.typtype = 'd'
)`;

// An array of an array of the server's own is one of them; an enum is matched by its label, so it is in no array.
const TABLES = `${BINARY_TYPES}
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS schema_owner,
	pg_catalog.format('%I.%I', n.nspname, c.relname) AS qualified,
	ARRAY(SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,
	NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attgenerated = '' AND a.atttypid NOT IN (SELECT oid FROM plain)) AS is_binary,
	(pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8)::int8 AS pages,
	pg_catalog.pg_table_size(c.oid)::int8 AS bytes,
	e.extname AS extension, e.extconfig[pg_catalog.array_position(e.extconfig, c.oid)] IS NOT NULL AS is_config,
	coalesce(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], '') AS condition
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY pg_catalog.pg_table_size(c.oid) DESC, c.oid`;

/** Reads the tables whose rows travel, largest first. */
export async function readTables(client: Pick<pg.Client, "query">): Promise<SourceTable[]> {
	const { rows } = await client.query(TABLES);
	return rows
		.filter(({ schema, schema_owner }) => !isSchemaLeftBehind(schema, schema_owner))
		.filter(({ extension, is_config }) => extension === null || (is_config && !isExtensionLeftBehind(extension)))
		.map((row) => ({
			oid: Number(row.oid),
			schema: row.schema,
			name: row.name,
			qualified: row.qualified,
			columns: row.columns,
			// What an extension keeps in a table of its own is as its version writes it.
			isBinary: row.is_binary && row.extension === null,
			pages: Number(row.pages),
			bytes: Number(row.bytes),
			condition: row.condition,
		}));
}

/** Bytes of each table, by its oid; of each index and constraint, by `CLASS.OID` as its part is called, those of its table. */
export async function readSizes(client: Pick<pg.Client, "query">): Promise<Record<string, number>> {
	const bytes = new Map((await readTables(client)).map((table) => [table.oid, table.bytes]));
	const { rows } = await client.query<{ part: string; table: string }>(
		`SELECT 'pg_catalog.pg_class'::regclass::oid || '.' || indexrelid AS part, indrelid::text AS table FROM pg_catalog.pg_index
		UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass::oid || '.' || oid, conrelid::text FROM pg_catalog.pg_constraint`,
	);
	const built = rows.flatMap(({ part, table }) => {
		const of = bytes.get(Number(table));
		return of === undefined ? [] : [[part, of] as const];
	});
	return Object.fromEntries([...bytes, ...built]);
}

/** A piece of the rows: pages of one table, or several small tables at once. */
export interface Part {
	/** What the journal calls it: `OID.NUMBER`, or `0.NUMBER` for several tables. */
	id: string;
	tables: readonly number[];
	/** First page, and the one after the last; no end: to the end of the table. */
	from: number;
	to: number | undefined;
	bytes: number;
}

const MIB = 2 ** 20;
/** Small enough to be lost and copied again, large enough for two new connections not to matter. */
const PART_BYTES = 64 * MIB;
/** A table of 64 GB has parts of 512 MB. */
const MAX_PARTS = 128;
/** Tables below this travel together. */
const SMALL_BYTES = MIB;
const GROUP_BYTES = 16 * MIB;
const GROUP_TABLES = 100;

/**
 * Cuts tables into parts, the largest first.
 *
 * @param version of the source: before 14 a range of pages is found by reading the whole table, so a table has few parts there
 * @param jobs how many parts are copied at a time
 */
export function planParts(tables: readonly SourceTable[], version: number, jobs: number): Part[] {
	const isSmall = ({ bytes, columns, condition }: SourceTable) =>
		bytes < SMALL_BYTES && columns.length > 0 && condition === "";
	const parts = tables.filter((table) => !isSmall(table)).flatMap((table) => cut(table, version, jobs));
	let group: SourceTable[] = [];
	let bytes = 0;
	const groups: Part[] = [];
	const close = () => {
		if (group.length === 0) return;
		groups.push({ id: `0.${groups.length}`, tables: group.map(({ oid }) => oid), from: 0, to: undefined, bytes });
		group = [];
		bytes = 0;
	};
	for (const table of tables.filter(isSmall)) {
		group.push(table);
		bytes += table.bytes;
		if (group.length === GROUP_TABLES || bytes >= GROUP_BYTES) close();
	}
	close();
	return [...parts, ...groups].sort((a, b) => b.bytes - a.bytes);
}

function cut({ oid, pages, bytes, condition, columns }: SourceTable, version: number, jobs: number): Part[] {
	const isWhole = condition !== "" || columns.length === 0;
	const most = isWhole ? 1 : Math.min(version < 140000 ? jobs : MAX_PARTS, Math.max(1, pages));
	const count = Math.min(most, Math.max(1, Math.round(bytes / PART_BYTES)));
	const start = (number: number) => Math.floor((pages * number) / count);
	return Array.from({ length: count }, (_, number) => ({
		id: `${oid}.${number}`,
		tables: [oid],
		from: start(number),
		to: number === count - 1 ? undefined : start(number + 1),
		bytes: Math.round(bytes / count),
	}));
}
