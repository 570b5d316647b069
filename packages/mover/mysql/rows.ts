import type { EventEmitter } from "node:events";
import type { Login } from "../postgresql/connection.ts";
import { quoteName, type Session, serverError, withMysql } from "./connection.ts";
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
/** Of rows that have arrived and are not written yet. */
const BUFFER_BYTES = 4 << 20;
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

/**
 * Whether a table with such a column is no dump's: of a FLOAT that has six digits, and of a generated column it has a value, which MySQL
 * refuses (error 3105).
 */
export function isNoDumps(column: MysqlColumn): boolean {
	return isFloat(column) || column.isGenerated;
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
 * Copies the rows of a table without a dump. A dump writes six digits of a FLOAT (facts/move.md §1.5); as a DOUBLE all of
 * them are there. A second pass that updates the column would need a key, and would change columns with ON UPDATE. Generated columns are
 * left out, as the target generates them.
 *
 * @returns the number of rows
 */
export async function copyTable(
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
			let rows = 0;
			let bytes = 0;
			let batch: string[] = [];
			const flush = async () => {
				if (batch.length > 0) await to.run(`${into}${batch.join("")})`);
				batch = [];
				bytes = 0;
			};
			const sql = `SELECT ${reads} FROM ${quoteName(databaseOf(source))}.${quoteName(table)}`;
			for await (const row of rowsOf(from, sql)) {
				signal.throwIfAborted();
				// Put together once, as each joining copies what may be megabytes.
				for (const [index, value] of row.entries()) {
					const text = literal(value, carried[index]);
					batch.push(index > 0 ? "," : batch.length === 0 ? "(" : "),(", text);
					bytes += text.length;
				}
				rows++;
				if (bytes >= BATCH_BYTES) await flush();
			}
			await flush();
			return rows;
		}),
	);
}

type Row = (Buffer | null)[];

/** What the library has beneath its promises. */
interface RawConnection extends EventEmitter {
	query(options: object): EventEmitter;
	pause(): void;
	resume(): void;
}

/** Rows of a query as the bytes that the server sent. The library's own stream counts rows, however large they are. */
async function* rowsOf(session: Session, sql: string): AsyncGenerator<Row> {
	const { connection } = session.connection as unknown as { connection: RawConnection };
	const arrived: Row[] = [];
	let bytes = 0;
	let end: { error?: unknown } | undefined;
	let wake = () => {};
	const fail = (error: unknown) => {
		end = { error: serverError(error) };
		wake();
	};
	// A network's end is told to the connection alone, where a query has no callback.
	connection.on("error", fail);
	connection
		.query({ sql, rowsAsArray: true, typeCast: (field: { buffer(): Buffer | null }) => field.buffer() })
		.on("result", (row: Row) => {
			arrived.push(row);
			bytes += sizeOf(row);
			if (bytes > BUFFER_BYTES) connection.pause();
			wake();
		})
		.on("error", fail)
		.on("end", () => {
			end ??= {};
			wake();
		});
	try {
		for (;;) {
			const row = arrived.shift();
			if (row !== undefined) {
				bytes -= sizeOf(row);
				yield row;
			} else if (end === undefined) {
				const woken = new Promise<void>((resolve) => {
					wake = resolve;
				});
				// It hands over what has arrived by then before it returns.
				connection.resume();
				await woken;
			} else if (end.error === undefined) return;
			else throw end.error;
		}
	} finally {
		connection.off("error", fail);
		// Rows that nobody takes would be read to their end.
		if (end === undefined) session.connection.destroy();
	}
}

function sizeOf(row: Row): number {
	return row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
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
