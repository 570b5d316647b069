import { createHash } from "node:crypto";
import { runJobs } from "../jobs.ts";
import type { Login } from "../postgresql/connection.ts";
import type { Evidence, StepName, Steps } from "../steps.ts";
import { quoteName, type Session, withMysql } from "./connection.ts";
import { readMysqlCounters } from "./counters.ts";
import { definersOf, makeDefiners } from "./definers.ts";
import { streamDump } from "./dump.ts";
import { copyEvents } from "./events.ts";
import { columnsOf, copyTable, isNoDumps } from "./rows.ts";
import {
	claimTarget,
	databaseOf,
	NOTES,
	noteMade,
	objectsOf,
	ownerOf,
	readDone,
	takeOver,
	withFencedMysql,
	writeDone,
} from "./target.ts";

/** Small tables share a part, as each part is two processes. */
const PART_BYTES = 32 << 20;

/** What is copied, and how. */
export interface MysqlCopy {
	/** As a user who may read everything, its routines included (facts/move.md §1.5). */
	source: Login;
	/** As `root`: its own database, and the accounts that objects run as. */
	target: Login;
	steps: Steps;
	/** Parts that are copied at a time. */
	jobs: number;
	/** Whether what stands in the target and no copy has made may go; default no. */
	replace?: boolean;
	/** Takes lines of progress, which name tables. */
	report(line: string): void;
}

/** What was copied. */
export interface MysqlCopyResult {
	tables: number;
	/** Tables that were copied without a dump, such as those with FLOAT columns, of which it has not all digits. */
	withoutDump: number;
	rows: number;
	/** Accounts that were made for objects to run as. */
	definers: number;
	/** Events that are off until the target is live. */
	events: number;
	/** Readings of the source's write counters: before the copy and after it. */
	counters: readonly [Evidence, Evidence];
}

/** A table of the source, and the part that it is copied in. */
interface TablePart {
	name: string;
	part: number;
	isRead: boolean;
}

/**
 * Copies a database into an empty one, or into one that an earlier copy has made. A part that is done is noted on the target when
 * both ends have said so; one that is not is emptied and copied again, so that no row is there twice.
 */
export async function copyMysql(copy: MysqlCopy): Promise<MysqlCopyResult> {
	const { source, target, steps, report } = copy;
	const from = databaseOf(source);
	const into = databaseOf(target);
	await takeOver(target, steps.epoch);

	await steps.step("create-database", "", {
		look: () =>
			withMysql(target, async (session) => ((await ownerOf(session)) === steps.run ? { owned: true } : undefined)),
		act: () =>
			withFencedMysql(target, steps.epoch, (session) =>
				claimTarget(session, { database: into, run: steps.run, replace: copy.replace ?? false }),
			),
	});
	report(`mysql: database "${into}" on the target is empty and this run's`);

	const roles = await step(copy, "roles", "", async (session) => {
		const definers = await withMysql(source, (reader) => definersOf(reader, from));
		return { definers: definers.length, made: await makeDefiners(session, into, definers) };
	});

	const before = await step(copy, "counters", "before", () => readMysqlCounters(source));
	await step(copy, "pre-data", "", async (session) => {
		const tables = await planTables(source);
		const objects = await withMysql(source, (reader) => objectsOf(reader, from));
		await noteMade(session, objects);
		await noteMade(
			session,
			tables.map(({ name, part }) => ({ kind: "table", name, part })),
		);
		await session.run("SET SESSION foreign_key_checks = 0");
		for (const { kind, name } of (await objectsOf(session, into)).filter(({ kind }) => kind === "table")) {
			await session.run(`DROP ${kind} IF EXISTS ${quoteName(into)}.${quoteName(name)}`);
		}
		const bytes = await dump(
			copy,
			["--no-data", "--skip-triggers"],
			tables.map(({ name }) => name),
		);
		return { tables: tables.length, bytes };
	});

	const tables = await plannedTables(copy);
	const parts = [...new Set(tables.map(({ part }) => part))].toSorted((left, right) => left - right);
	let rows = 0;
	await runJobs({
		items: parts,
		allowed: () => copy.jobs,
		checkpoint: () => steps.checkpoint(),
		async work(part) {
			const evidence = await copyPart(
				copy,
				part,
				tables.filter((table) => table.part === part),
			);
			rows += Number(evidence.rows);
			report(`mysql: part ${part + 1} of ${parts.length}: ${evidence.rows} rows`);
		},
	});

	await step(copy, "sequences", "", async (session) => {
		const counters = await withMysql(source, (reader) =>
			reader.rows(
				"SELECT TABLE_NAME AS name, AUTO_INCREMENT AS next FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND AUTO_INCREMENT IS NOT NULL",
				[from],
			),
		);
		// Emptying a table sets its counter back, and an id that was given out and deleted is never given out again.
		for (const { name, next } of counters) {
			await session.run(`ALTER TABLE ${quoteName(into)}.${quoteName(name ?? "")} AUTO_INCREMENT = ${next}`);
		}
		return { sequences: counters.length };
	});
	await step(copy, "post-data", "routines", async () => ({
		bytes: await dump(copy, ["--no-data", "--no-create-info", "--triggers", "--add-drop-trigger", "--routines"], []),
	}));
	await step(copy, "post-data", "views", async (session) => {
		const views = (await withMysql(source, (reader) => objectsOf(reader, from))).filter(({ kind }) => kind === "view");
		const names = views.map(({ name }) => name);
		const bytes = names.length === 0 ? 0 : await dump(copy, ["--no-data", "--skip-triggers"], names);
		for (const name of names) {
			await callView(session, into, name);
		}
		return { views: names.length, bytes };
	});
	const events = await step(copy, "post-data", "events", async (session) => ({
		events: await withMysql(source, (reader) => copyEvents(reader, from, session)),
	}));
	await step(copy, "analyze", "", async (session) => {
		for (const { name } of tables) {
			await session.rows(`ANALYZE TABLE ${quoteName(into)}.${quoteName(name)}`);
		}
		return { tables: tables.length };
	});
	const after = await step(copy, "counters", "after", () => readMysqlCounters(source));
	return {
		tables: tables.length,
		withoutDump: tables.filter(({ isRead }) => isRead).length,
		rows,
		definers: Number(roles.made),
		events: Number(events.events),
		counters: [before, after],
	};
}

/** A step whose row in the target's notes is what shows that it is done. */
function step(
	{ target, steps }: MysqlCopy,
	name: StepName,
	part: string,
	act: (session: Session) => Promise<Evidence>,
): Promise<Evidence> {
	return steps.step(name, part, {
		look: () => withMysql(target, (session) => readDone(session, name, part)),
		act: () =>
			withFencedMysql(target, steps.epoch, async (session) => {
				await writeDone(session, name, part, await act(session));
			}),
	});
}

function dump(
	{ source, target, steps }: MysqlCopy,
	what: readonly string[],
	names: readonly string[],
): Promise<number> {
	return streamDump({ source, target, epoch: steps.epoch, what, names, signal: steps.signal });
}

/** Rows of the tables of one part: those that are no dump's row by row, the others in one dump. */
function copyPart(copy: MysqlCopy, part: number, tables: readonly TablePart[]): Promise<Evidence> {
	const { source, target, steps } = copy;
	const into = databaseOf(target);
	return step(copy, "rows", partName(part, tables), async (session) => {
		await session.run("SET SESSION foreign_key_checks = 0");
		for (const { name } of tables) {
			await session.run(`TRUNCATE TABLE ${quoteName(into)}.${quoteName(name)}`);
		}
		const plain = tables.filter(({ isRead }) => !isRead).map(({ name }) => name);
		const bytes = plain.length === 0 ? 0 : await dump(copy, ["--no-create-info", "--skip-triggers"], plain);
		for (const { name } of tables.filter(({ isRead }) => isRead)) {
			const columns = await withMysql(source, (reader) => columnsOf(reader, databaseOf(source)));
			await copyTable(
				{ source, target, epoch: steps.epoch, signal: steps.signal },
				columns.filter(({ table }) => table === name),
			);
		}
		let rows = 0;
		for (const { name } of tables) {
			rows += Number(await session.value(`SELECT COUNT(*) FROM ${quoteName(into)}.${quoteName(name)}`));
		}
		return { tables: tables.length, rows, bytes };
	});
}

/** A part in the journal: the number of its table, by which the forecast knows how it grows, or its own where small tables share it. */
function partName(part: number, tables: readonly TablePart[]): string {
	const [only, ...others] = tables;
	return only === undefined || others.length > 0 ? String(part) : tableNumber(only.name);
}

/** A table's number for the journal, which holds no names: ten digits of its name's hash, as MySQL shows no id of a table to everybody. */
function tableNumber(name: string): string {
	return String(1e9 + (Number.parseInt(createHash("sha256").update(name).digest("hex").slice(0, 12), 16) % 9e9));
}

/** Bytes of each table of a source with its indexes, by its number. */
export async function measureTables(source: Login): Promise<Record<string, number>> {
	const rows = await withMysql(source, (session) =>
		session.rows(
			`SELECT TABLE_NAME AS name, COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS bytes FROM information_schema.TABLES
			WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'`,
			[databaseOf(source)],
		),
	);
	return Object.fromEntries(rows.map(({ name, bytes }) => [tableNumber(name ?? ""), Number(bytes)]));
}

/** Deals the source's tables into parts, the largest alone. */
async function planTables(source: Login): Promise<{ name: string; part: number }[]> {
	const rows = await withMysql(source, (session) =>
		session.rows(
			`SELECT TABLE_NAME AS name, COALESCE(DATA_LENGTH, 0) AS bytes FROM information_schema.TABLES
			WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' ORDER BY DATA_LENGTH DESC, TABLE_NAME`,
			[databaseOf(source)],
		),
	);
	let part = 0;
	let filled = 0;
	return rows.map(({ name, bytes }) => {
		if (filled > 0 && filled + Number(bytes) > PART_BYTES) {
			part++;
			filled = 0;
		}
		filled += Math.max(1, Number(bytes));
		return { name: name ?? "", part };
	});
}

/** The parts as `pre-data` noted them: a run that goes on has the same ones, whatever the tables' sizes are by then. */
async function plannedTables({ source, target }: MysqlCopy): Promise<TablePart[]> {
	const columns = await withMysql(source, (session) => columnsOf(session, databaseOf(source)));
	const noDumps = new Set(columns.filter(isNoDumps).map(({ table }) => table));
	const rows = await withMysql(target, (session) =>
		session.rows(`SELECT name, part FROM ${NOTES}.made WHERE kind = 'table' AND part IS NOT NULL ORDER BY part, name`),
	);
	return rows.map(({ name, part }) => ({
		name: name ?? "",
		part: Number(part),
		isRead: noDumps.has(name ?? ""),
	}));
}

/**
 * Reads one row of a view: its definer is looked for only now, and a view whose own is missing was made without a word
 * (facts/move.md §1.5).
 */
export async function callView(session: Session, database: string, name: string): Promise<void> {
	await session.rows(`SELECT * FROM ${quoteName(database)}.${quoteName(name)} LIMIT 1`).catch((error: Error) => {
		throw new Error(`view "${name}" cannot be read on the target: ${error.message}`, { cause: error });
	});
}
