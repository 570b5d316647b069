import { createHash } from "node:crypto";
import type { Difference } from "../findings.ts";
import { runJobs } from "../jobs.ts";
import { isConnectionError } from "../journal/errors.ts";
import type { Login } from "../postgresql/connection.ts";
import { type Catalog, readCatalog } from "./catalog.ts";
import { withMysql } from "./connection.ts";
import { callView } from "./copy.ts";
import { type Definer, privilegesToGive } from "./definers.ts";
import { columnsOf, type MysqlColumn } from "./rows.ts";
import { sumTable, type TableSum } from "./sums.ts";
import { databaseOf } from "./target.ts";

/** The proof of a copy. */
export interface MysqlVerification {
	equal: boolean;
	differences: Difference[];
	/** By table, as the source has them. */
	sums: Record<string, TableSum>;
	/** Of all sums and definitions of the source: what the record holds. */
	hash: string;
}

/**
 * Compares both sides: definitions, rows, and whether each view answers. Whoever compares a source that is not frozen is told of
 * what was written since.
 */
export async function verifyMysql({
	source,
	target,
	jobs,
	report,
}: {
	source: Login;
	target: Login;
	jobs: number;
	report(line: string): void;
}): Promise<MysqlVerification> {
	const from = databaseOf(source);
	const into = databaseOf(target);
	const [sourceSide, targetSide] = await Promise.all([
		readSide(source, from, privilegesToGive),
		readSide(target, into, ({ privileges }) => privileges),
	]);
	const differences = compareCatalogs(sourceSide.catalog, targetSide.catalog);

	const views = [...targetSide.catalog.keys()].filter((key) => key.startsWith("view "));
	await withMysql(target, async (session) => {
		for (const key of views) {
			const object = key.slice("view ".length);
			await callView(session, into, object).catch((error: Error) => {
				if (isConnectionError(error)) throw error;
				differences.push({ kind: "view", object, line: error.message });
			});
		}
	});

	const sums: Record<string, TableSum> = {};
	const targetTables = new Set(targetSide.columns.map(({ table }) => table));
	const tables = [...new Set(sourceSide.columns.map(({ table }) => table))].filter((table) => targetTables.has(table));
	await runJobs({
		items: tables,
		allowed: () => jobs,
		async work(table) {
			const there = new Set(targetSide.columns.filter((column) => column.table === table).map(({ name }) => name));
			const columns = sourceSide.columns.filter((column) => column.table === table && there.has(column.name));
			const [left, right] = await Promise.all(
				[source, target].map((login) =>
					withMysql(login, (session) => sumTable(session, databaseOf(login), table, columns)),
				),
			);
			if (left === undefined || right === undefined) return;
			sums[table] = left;
			if (left.rows !== right.rows || left.sum !== right.sum) {
				differences.push({ kind: "rows", object: table, line: describeRows(left, right) });
			}
			report(`mysql: table ${table}: ${left.rows} rows compared`);
		},
	});

	const content = [
		...[...sourceSide.catalog].map(([key, definition]) => `${key} ${definition}`),
		...Object.entries(sums).map(([table, { rows, sum }]) => `sum ${table} ${rows} ${sum}`),
	];
	return {
		equal: differences.length === 0,
		differences,
		sums,
		hash: createHash("sha256").update(content.toSorted().join("\n")).digest("hex"),
	};
}

function describeRows(left: TableSum, right: TableSum): string {
	return left.rows === right.rows
		? `${left.rows} rows on both sides, and their content differs`
		: `${left.rows} rows on the source, ${right.rows} on the target`;
}

/** @param privileges what a definer of this side has or is to have */
async function readSide(
	login: Login,
	database: string,
	privileges: (definer: Definer) => readonly string[],
): Promise<{ catalog: Catalog; columns: MysqlColumn[] }> {
	return withMysql(login, async (session) => ({
		catalog: await readCatalog(session, database, privileges),
		columns: await columnsOf(session, database),
	}));
}

/** What one side has and the other has not, and what both have and is not the same. */
function compareCatalogs(source: Catalog, target: Catalog): Difference[] {
	const differences: Difference[] = [];
	for (const key of [...new Set([...source.keys(), ...target.keys()])].toSorted()) {
		const left = source.get(key);
		const right = target.get(key);
		if (left === right) continue;
		const [kind = "", object = ""] = splitKey(key);
		const line =
			right === undefined
				? "is on the source and not on the target"
				: left === undefined
					? "is on the target and not on the source"
					: `differs: ${differingParts(left, right)}`;
		differences.push({ kind, object, line });
	}
	return differences;
}

function splitKey(key: string): [string, string] {
	const kind = key.startsWith("foreign key ") ? "foreign key" : key.slice(0, key.indexOf(" "));
	return [kind, key.slice(kind.length + 1)];
}

/** The names of the parts that differ: their values may be a default of the application's, or a comment of a person's. */
function differingParts(left: string, right: string): string {
	const parts = (text: string) => new Map(text.split(/ (?=[a-z_]+=)/).map((part) => [part.split("=")[0] ?? "", part]));
	const there = parts(right);
	return [...parts(left)]
		.filter(([name, part]) => there.get(name) !== part)
		.map(([name]) => name)
		.join(", ");
}
