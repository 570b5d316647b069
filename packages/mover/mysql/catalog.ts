import { createHash } from "node:crypto";
import type { Session, Value } from "./connection.ts";
import { type Definer, definersOf } from "./definers.ts";
import { statusAtSource } from "./events.ts";

/** A database's definitions: `view patients_today` to what makes it what it is. */
export type Catalog = ReadonlyMap<string, string>;

type Row = Record<string, Value>;

/** One table of `information_schema`: which rows, how an object is called, and what of it has to be equal. */
interface Source {
	kind: string;
	table: string;
	schema: string;
	name: (row: Row) => string;
	parts: readonly string[];
}

const SOURCES: readonly Source[] = [
	{
		kind: "table",
		table: "TABLES",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}`,
		parts: ["TABLE_TYPE", "ENGINE", "TABLE_COLLATION", "TABLE_COMMENT"],
	},
	{
		kind: "column",
		table: "COLUMNS",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.COLUMN_NAME}`,
		parts: [
			"ORDINAL_POSITION",
			"COLUMN_TYPE",
			"IS_NULLABLE",
			"COLUMN_DEFAULT",
			"EXTRA",
			"CHARACTER_SET_NAME",
			"COLLATION_NAME",
			"GENERATION_EXPRESSION",
			"COLUMN_COMMENT",
			"SRS_ID",
		],
	},
	{
		kind: "index",
		table: "STATISTICS",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.INDEX_NAME}.${row.SEQ_IN_INDEX}`,
		parts: ["COLUMN_NAME", "EXPRESSION", "SUB_PART", "NON_UNIQUE", "COLLATION", "INDEX_TYPE", "IS_VISIBLE", "IGNORED"],
	},
	{
		kind: "constraint",
		table: "TABLE_CONSTRAINTS",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.CONSTRAINT_NAME}`,
		parts: ["CONSTRAINT_TYPE", "ENFORCED"],
	},
	{
		kind: "key",
		table: "KEY_COLUMN_USAGE",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.CONSTRAINT_NAME}.${row.ORDINAL_POSITION}`,
		parts: ["COLUMN_NAME", "REFERENCED_TABLE_NAME", "REFERENCED_COLUMN_NAME"],
	},
	{
		kind: "foreign key",
		table: "REFERENTIAL_CONSTRAINTS",
		schema: "CONSTRAINT_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.CONSTRAINT_NAME}`,
		parts: ["UPDATE_RULE", "DELETE_RULE", "REFERENCED_TABLE_NAME"],
	},
	{
		kind: "check",
		table: "CHECK_CONSTRAINTS",
		schema: "CONSTRAINT_SCHEMA",
		name: (row) => `${row.TABLE_NAME ?? ""}.${row.CONSTRAINT_NAME}`,
		parts: ["CHECK_CLAUSE"],
	},
	{
		kind: "partition",
		table: "PARTITIONS",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}.${row.PARTITION_NAME ?? ""}.${row.SUBPARTITION_NAME ?? ""}`,
		parts: ["PARTITION_METHOD", "PARTITION_EXPRESSION", "PARTITION_DESCRIPTION", "SUBPARTITION_METHOD"],
	},
	{
		kind: "view",
		table: "VIEWS",
		schema: "TABLE_SCHEMA",
		name: (row) => `${row.TABLE_NAME}`,
		parts: [
			"VIEW_DEFINITION",
			"DEFINER",
			"SECURITY_TYPE",
			"CHECK_OPTION",
			"CHARACTER_SET_CLIENT",
			"COLLATION_CONNECTION",
		],
	},
	{
		kind: "trigger",
		table: "TRIGGERS",
		schema: "TRIGGER_SCHEMA",
		name: (row) => `${row.TRIGGER_NAME}`,
		parts: [
			"EVENT_OBJECT_TABLE",
			"EVENT_MANIPULATION",
			"ACTION_TIMING",
			"ACTION_ORDER",
			"ACTION_STATEMENT",
			"DEFINER",
			"SQL_MODE",
			"CHARACTER_SET_CLIENT",
			"COLLATION_CONNECTION",
		],
	},
	{
		kind: "routine",
		table: "ROUTINES",
		schema: "ROUTINE_SCHEMA",
		name: (row) => `${row.ROUTINE_NAME}`,
		parts: [
			"ROUTINE_TYPE",
			"DTD_IDENTIFIER",
			"ROUTINE_DEFINITION",
			"IS_DETERMINISTIC",
			"SQL_DATA_ACCESS",
			"SECURITY_TYPE",
			"DEFINER",
			"SQL_MODE",
			"ROUTINE_COMMENT",
			"CHARACTER_SET_CLIENT",
			"COLLATION_CONNECTION",
		],
	},
	{
		kind: "parameter",
		table: "PARAMETERS",
		schema: "SPECIFIC_SCHEMA",
		name: (row) => `${row.SPECIFIC_NAME}.${row.ORDINAL_POSITION}`,
		parts: ["PARAMETER_MODE", "PARAMETER_NAME", "DTD_IDENTIFIER"],
	},
	{
		kind: "event",
		table: "EVENTS",
		schema: "EVENT_SCHEMA",
		name: (row) => `${row.EVENT_NAME}`,
		parts: [
			"EVENT_TYPE",
			"EXECUTE_AT",
			"INTERVAL_VALUE",
			"INTERVAL_FIELD",
			"STARTS",
			"ENDS",
			"STATUS",
			"ON_COMPLETION",
			"EVENT_DEFINITION",
			"DEFINER",
			"SQL_MODE",
			"TIME_ZONE",
			"EVENT_COMMENT",
			"CHARACTER_SET_CLIENT",
			"COLLATION_CONNECTION",
		],
	},
];

/**
 * All definitions of a database, each as one line that is equal on both sides where the object is.
 *
 * @param privilegesOf what of a definer's privileges is to be equal: on the source what the copy gives
 */
export async function readCatalog(
	session: Session,
	database: string,
	privilegesOf: (definer: Definer) => readonly string[],
): Promise<Catalog> {
	const catalog = new Map<string, string>();
	for (const source of SOURCES) {
		const rows = await session.rows(`SELECT * FROM information_schema.${source.table} WHERE ${source.schema} = ?`, [
			database,
		]);
		for (const raw of rows) {
			const row = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name.toUpperCase(), value]));
			// A view's columns say nothing that its definition does not, and on a server that has just started less.
			const parts = source.parts.map((part) => `${part.toLowerCase()}=${normal(part, row[part] ?? null, database)}`);
			catalog.set(`${source.kind} ${source.name(row)}`, parts.join(" "));
		}
	}
	const counters = await session.rows(
		"SELECT TABLE_NAME AS name, AUTO_INCREMENT AS next FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND AUTO_INCREMENT IS NOT NULL",
		[database],
	);
	for (const { name, next } of counters) {
		catalog.set(`auto_increment ${name}`, `next=${next}`);
	}
	for (const definer of await definersOf(session, database)) {
		catalog.set(`definer ${definer.account}`, `privileges=${privilegesOf(definer).join(",")}`);
	}
	return catalog;
}

/** A value as both sides write it, though their versions and the database's name differ. */
function normal(part: string, value: Value, database: string): string {
	if (value === null) return "NULL";
	switch (part) {
		case "STATUS":
			return statusAtSource(value);
		case "COLUMN_TYPE":
		case "DTD_IDENTIFIER":
			// MySQL shows no width of integers since 8.0.19, which never meant anything but for zerofill.
			return /zerofill/.test(value) ? value : value.replace(/\b((?:tiny|small|medium|big)?int)\(\d+\)/, "$1");
		case "CHARACTER_SET_NAME":
		case "COLLATION_NAME":
		case "TABLE_COLLATION":
		case "CHARACTER_SET_CLIENT":
		case "COLLATION_CONNECTION":
			return value.replace(/^utf8(?=$|_)/, "utf8mb3");
		case "EXTRA":
			return value.toLowerCase().replace(/\(\)/g, "");
		case "VIEW_DEFINITION":
		case "ROUTINE_DEFINITION":
		case "ACTION_STATEMENT":
		case "EVENT_DEFINITION":
			// The body of a routine may hold a secret, so what is compared, and shown where it differs, is its hash.
			return createHash("sha256")
				.update(value.replaceAll(`\`${database}\`.`, ""))
				.digest("hex")
				.slice(0, 16);
		default:
			return value;
	}
}
