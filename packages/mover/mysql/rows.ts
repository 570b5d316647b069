import type { PassThrough } from "node:stream";
import type { Login } from "../postgresql/connection.ts";
import { quoteName, type Session, withMysql } from "./connection.ts";
import { databaseOf, withFencedMysql } from "./target.ts";

/** A column as its catalog has it. */
export interface MysqlColumn {
	table: string;
	name: string;
	/** `DATA_TYPE`: `int`, `float`, `varchar` ... */
	type: string;
	isGenerated: boolean;
}

const BATCH_BYTES = 1 << 20;
const NUMBERS = "tinyint smallint mediumint int bigint decimal float double year".split(" ");
const BYTES = "binary varbinary tinyblob blob mediumblob longblob".split(" ");
const PLACES =
	"geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection";

/** The columns of a database's tables, in their order. */
export async function columnsOf(session: Session, database: string): Promise<MysqlColumn[]> {
	const rows = await session.rows(
		`SELECT c.TABLE_NAME AS tbl, c.COLUMN_NAME AS name, LOWER(c.DATA_TYPE) AS type, c.EXTRA AS extra
		FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
		WHERE c.TABLE_SCHEMA = ? AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`,
		[database],
	);
	return rows.map(({ tbl, name, type, extra }) => ({
		table: tbl ?? "",
		name: name ?? "",
		type: type ?? "",
		isGenerated: /\b(VIRTUAL|STORED|PERSISTENT)\b/i.test(extra ?? ""),
	}));
}

export function isFloat({ type }: MysqlColumn): boolean {
	return type === "float";
}

export function isBytes({ type }: MysqlColumn): boolean {
	return BYTES.includes(type);
}

export function isPlace({ type }: MysqlColumn): boolean {
	return PLACES.split(" ").includes(type);
}

export function isNumber({ type }: MysqlColumn): boolean {
	return NUMBERS.includes(type);
}

/**
 * Copies the rows of a table that has a FLOAT column. A dump writes six digits of a FLOAT (facts/move.md §1.5); as a DOUBLE all of
 * them are there. A second pass that updates the column would need a key, and would change columns with ON UPDATE.
 *
 * @returns the number of rows
 */
export async function copyFloatTable(
	{ source, target, epoch, signal }: { source: Login; target: Login; epoch: number; signal: AbortSignal },
	columns: readonly MysqlColumn[],
): Promise<number> {
	const carried = columns.filter(({ isGenerated }) => !isGenerated);
	const [{ table } = { table: "" }] = carried;
	const names = carried.map(({ name }) => quoteName(name)).join(", ");
	const reads = carried.map(readExpression).join(", ");
	return withMysql(source, (from) =>
		withFencedMysql(target, epoch, async (to) => {
			await from.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
			await from.run("START TRANSACTION WITH CONSISTENT SNAPSHOT");
			await to.run("SET SESSION foreign_key_checks = 0, unique_checks = 0");
			const into = `INSERT INTO ${quoteName(databaseOf(target))}.${quoteName(table)} (${names}) VALUES `;
			const read = from.connection as unknown as {
				connection: { query(options: object): { stream(options: object): PassThrough } };
			};
			const stream = read.connection
				.query({
					sql: `SELECT ${reads} FROM ${quoteName(databaseOf(source))}.${quoteName(table)}`,
					rowsAsArray: true,
					typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
				})
				.stream({ highWaterMark: 200 });
			let rows = 0;
			let bytes = 0;
			let batch: string[] = [];
			const flush = async () => {
				if (batch.length > 0) await to.run(into + batch.join(","));
				batch = [];
				bytes = 0;
			};
			try {
				for await (const row of stream as AsyncIterable<(Buffer | null)[]>) {
					signal.throwIfAborted();
					const text = `(${row.map((value, index) => literal(value, carried[index])).join(",")})`;
					batch.push(text);
					bytes += text.length;
					rows++;
					if (bytes >= BATCH_BYTES) await flush();
				}
			} catch (error) {
				from.connection.destroy();
				throw error;
			}
			await flush();
			return rows;
		}),
	);
}

function readExpression(column: MysqlColumn): string {
	const name = quoteName(column.name);
	return isFloat(column) ? `CAST(${name} AS DOUBLE)` : name;
}

/** A value as SQL takes it, from the bytes that the server sent. */
function literal(value: Buffer | null, column: MysqlColumn | undefined): string {
	if (value === null || column === undefined) return "NULL";
	if (isNumber(column)) return value.toString("latin1");
	if (value.length === 0) return "''";
	const hex = `0x${value.toString("hex")}`;
	return isBytes(column) || isPlace(column) || column.type === "bit" ? hex : `_utf8mb4 ${hex}`;
}
