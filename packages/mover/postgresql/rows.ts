/** Step `rows`: every table's rows, in parts of pages. */

import { runJobs } from "../jobs.ts";
import { type Copying, jobsAllowed } from "./context.ts";
import { COPY_SCHEMA } from "./rules.ts";
import { withSearchPath } from "./search-path.ts";
import { counted, streamRows } from "./stream.ts";
import { type Part, planParts, type SourceTable } from "./tables.ts";
import { quoteName } from "./target.ts";

export interface RowsResult {
	parts: number;
	rows: number;
}

/**
 * Copies the rows of all tables.
 *
 * @param excluded tables whose rows stay behind, as `schema.table`
 */
export async function copyRows(copying: Copying, excluded: readonly string[]): Promise<RowsResult> {
	const { snapshot, steps, database } = copying;
	const tables = snapshot.tables.filter(({ schema, name }) => !excluded.includes(`${schema}.${name}`));
	const byOid = new Map(tables.map((table) => [table.oid, table]));
	const parts = await plan(copying, tables);
	let rows = 0;
	await runJobs({
		items: parts,
		allowed: () => jobsAllowed(copying),
		checkpoint: () => steps.checkpoint(),
		work: async (part) => {
			const evidence = await steps.step("rows", part.id, {
				look: () => database.done("rows", part.id),
				act: () => copyPart(copying, part, byOid),
			});
			rows += Number(evidence.rows);
		},
	});
	return { parts: parts.length, rows };
}

/** Parts are cut once: pages may be counted otherwise when the run goes on. */
async function plan({ database, snapshot, steps, jobs }: Copying, tables: readonly SourceTable[]): Promise<Part[]> {
	return database.use(async (client) => {
		const read = async () => (await client.query(`SELECT parts FROM ${COPY_SCHEMA}.plan`)).rows[0]?.parts as Part[];
		const known = await read();
		if (known !== undefined) return known;
		await steps.checkpoint();
		const parts = planParts(tables, snapshot.version, jobs);
		await client.query(`INSERT INTO ${COPY_SCHEMA}.plan (parts) VALUES ($1) ON CONFLICT DO NOTHING`, [
			JSON.stringify(parts),
		]);
		return read();
	});
}

async function copyPart(copying: Copying, part: Part, byOid: ReadonlyMap<number, SourceTable>): Promise<void> {
	const tables = part.tables.map((oid) => {
		const table = byOid.get(oid);
		if (table !== undefined) return table;
		throw new Error(
			`a table of the plan is no longer on the source, which has changed since the copy began; drop ${copying.database.name} and begin a new run`,
		);
	});
	const [first] = tables;
	if (first === undefined) return;
	if (first.columns.length === 0) return copyCount(copying, part, first);
	const stream = {
		step: "rows" as const,
		part: part.id,
		bytes: part.bytes,
		what: `rows of ${tables.length === 1 ? first.qualified : `${first.qualified} and ${tables.length - 1} other tables`}`,
		encoding: copying.encoding,
		...(tables.length === 1 ? oneTable(first, part) : manyTables(tables)),
	};
	// Functions in checks, domains and generated columns run while rows arrive.
	await withSearchPath(copying, async (searchPath) => {
		await streamRows(copying, { ...stream, searchPath });
	}).catch((error) => {
		throw withFix(error, copying);
	});
}

/** A policy is an error in our sessions, as it would hide rows. */
function withFix(error: unknown, { owners }: Copying): unknown {
	if (error instanceof Error && error.message.includes("row-level security policy")) {
		error.message += `; let the source's login see all rows: ALTER ROLE ${quoteName(owners.admin)} BYPASSRLS`;
	}
	return error;
}

function oneTable(table: SourceTable, part: Part): { read: string; copy: string } {
	const { qualified, columns, isBinary } = table;
	const format = isBinary ? "(FORMAT binary)" : "(FORMAT text)";
	return {
		read: readRows(select(table, part), format),
		copy: `COPY ${qualified} (${columns.join(", ")}) FROM STDIN ${format}`,
	};
}

function select({ qualified, columns, condition }: SourceTable, { from, to }: Pick<Part, "from" | "to">): string {
	const list = columns.join(", ");
	if (condition !== "") return `SELECT ${list} FROM ONLY ${qualified} ${condition}`;
	const bounds = [
		...(from === 0 ? [] : [`ctid >= '(${from},0)'::pg_catalog.tid`]),
		...(to === undefined ? [] : [`ctid < '(${to},0)'::pg_catalog.tid`]),
	];
	return `SELECT ${list} FROM ONLY ${qualified}${bounds.length === 0 ? "" : ` WHERE ${bounds.join(" AND ")}`}`;
}

/**
 * Small tables in one script, rows and all: two connections for each would cost more than the rows. What breaks off is never told
 * to commit.
 */
function manyTables(tables: readonly SourceTable[]): { read: string; copy: undefined } {
	const whole = { from: 0, to: undefined };
	const scripts = tables.map((table) => {
		const copy = `COPY ${table.qualified} (${table.columns.join(", ")}) FROM STDIN;`;
		const rows = readRows(select(table, whole), "(FORMAT text)");
		return [echo(copy), rows, echo("\\."), echo("SELECT :rows + :ROW_COUNT AS rows \\gset")].join("\n");
	});
	return { read: scripts.join("\n"), copy: undefined };
}

/** Has psql write a line as it is. */
function echo(line: string): string {
	return `\\echo '${line.replaceAll("\\", "\\\\").replaceAll("'", "''").replaceAll("\n", "\\n")}'`;
}

/** psql counts rows that go to its output only where other answers go elsewhere; a line break in a name needs another way. */
function readRows(sql: string, format: string): string {
	if (!sql.includes("\n")) return `\\o /dev/null\n\\copy (${sql}) to pstdout ${format}\n\\o\n${counted(":ROW_COUNT")}`;
	const count = `SELECT pg_catalog.count(*) AS rows FROM (${sql}) AS counted \\gset`;
	return `COPY (${sql}) TO STDOUT ${format};\n${count}\n${counted(":rows")}`;
}

/** A table without columns has nothing but a number of rows. */
async function copyCount({ database, snapshot }: Copying, part: Part, table: SourceTable): Promise<void> {
	const { rows } = await snapshot.turns.take(() =>
		snapshot.client.query(`SELECT pg_catalog.count(*)::int8 AS count FROM ONLY ${table.qualified}`),
	);
	const count = Number(rows[0].count);
	await database.write("rows", part.id, async (client) => {
		await client.query(`INSERT INTO ${table.qualified} SELECT FROM pg_catalog.generate_series(1, $1::int8)`, [count]);
		return { rows: count, bytes: part.bytes };
	});
}
