import { quoteName, type Session } from "./connection.ts";
import { isBytes, isFloat, isNumber, isPlace, type MysqlColumn } from "./rows.ts";

/** A table's content: how many rows, and a sum that does not depend on their order. */
export interface TableSum {
	rows: string;
	sum: string;
}

/** Types whose values may be larger than a packet: `CONCAT` answers NULL for those, so that their hash goes in. */
const LARGE = ["text", "mediumtext", "longtext", "blob", "mediumblob", "longblob", "json"];

/** What no sum of 64-bit numbers comes near, added for each row that has no hash. */
const NO_HASH = 10n ** 50n;

/**
 * Sums a table's rows: for each the first 64 bits of the MD5 of its values, with NULLs marked, bytes in hex and FLOATs as DOUBLEs
 * (facts/move.md §2). Added, not XORed, as two equal rows too many would cancel.
 *
 * @throws when a row is too large for the server's `max_allowed_packet`, as its hash is then NULL and would not count
 */
export async function sumTable(
	session: Session,
	database: string,
	table: string,
	columns: readonly MysqlColumn[],
): Promise<TableSum> {
	const values = columns.map(valueExpression);
	const hash = `CONV(LEFT(MD5(CONCAT_WS('#', ${values.join(", ") || "''"})), 16), 16, 10)`;
	const [row] = await session.rows(
		`SELECT COUNT(*) AS total,
			COALESCE(SUM(COALESCE(CAST(${hash} AS DECIMAL(65,0)), ${NO_HASH})), 0) AS content
		FROM ${quoteName(database)}.${quoteName(table)}`,
	);
	const sum = BigInt(row?.content ?? "0");
	if (sum >= NO_HASH) {
		throw new Error(
			`table "${table}" has ${sum / NO_HASH} rows that are too large for max_allowed_packet to be summed; raise it on both servers: SET GLOBAL max_allowed_packet = 1073741824`,
		);
	}
	return { rows: row?.total ?? "0", sum: String(sum) };
}

function valueExpression(column: MysqlColumn): string {
	const name = quoteName(column.name);
	return `IF(${name} IS NULL, 'N', CONCAT('V', ${textExpression(column, name)}))`;
}

function textExpression(column: MysqlColumn, name: string): string {
	if (isFloat(column)) return `CAST(${name} AS DOUBLE)`;
	if (isPlace(column)) return `ST_SRID(${name}), HEX(ST_AsWKB(${name}))`;
	if (column.type === "bit") return `HEX(${name})`;
	if (LARGE.includes(column.type)) {
		return `MD5(${isBytes(column) ? name : `CONVERT(${name} USING utf8mb4)`})`;
	}
	if (isBytes(column)) return `HEX(${name})`;
	if (isNumber(column) || /^(date|time)/.test(column.type)) return name;
	// With its length, so that a mark within a text is no mark between two.
	return `CHAR_LENGTH(${name}), ':', CONVERT(${name} USING utf8mb4)`;
}
