import type pg from "pg";
import type { Evidence, Steps } from "../steps.ts";
import { connect, type Login } from "./connection.ts";
import { isExtensionLeftBehind, isSchemaLeftBehind } from "./rules.ts";
import { destroy } from "./snapshot.ts";
import { type Cuts, Marker } from "./sum-marks.ts";
import { NO_TRIGGERS, quoteName } from "./target.ts";

/** One side of a comparison. */
export interface Side {
	login: Login;
	/** Default: the login's. */
	database?: string;
	/** An exported snapshot that its rows are read in. */
	snapshot?: string;
	/** Ends its sessions, whatever they do. */
	signal?: AbortSignal;
}

/** Rows of a table and the sum of their hashes, which depends on no order. */
export interface ContentSum {
	oid: number;
	kind: Relation["kind"];
	rows: number;
	/** Sum of the 64-bit hashes, as decimal text. */
	sum: string;
}

/** A table or materialized view, and how a session reads it. */
export interface Relation {
	oid: number;
	/** `schema.table`, quoted where SQL wants it. */
	name: string;
	kind: "table" | "materialized view";
	pages: number;
	bytes: number;
	populated: boolean;
	/** Condition of an extension for the rows of its own table that are the application's: `WHERE ...`, or empty. */
	condition: string;
	columns: Column[];
}

interface Column {
	name: string;
	/** Name of the type below its domains, with `[]` for an array. */
	base: string;
}

/**
 * Beside the session's own settings: money prints by `lc_monetary`, and one part of a table is one process's work.
 */
const READING = { lc_monetary: "C", max_parallel_workers_per_gather: "0", jit: "off" };
const PART_BYTES = 64 << 20;
const LARGE_OBJECTS_PER_PART = 1000;
/** Servers from 14 on read a range of ctids alone; older ones read the whole table for each. */
const RANGE_SCANS = 140_000;

/** A session that reads one side: in its snapshot where there is one, and unable to write where it only reads. */
export async function openReader({ login, database, snapshot, signal }: Side): Promise<pg.Client> {
	const client = await connect(login, {
		...(database === undefined ? {} : { database }),
		settings: { ...READING, default_transaction_read_only: "on" },
	});
	const end = () => destroy(client);
	signal?.addEventListener("abort", end, { once: true });
	client.on("end", () => signal?.removeEventListener("abort", end));
	if (signal?.aborted) end();
	if (snapshot !== undefined) {
		await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
		await client.query(`SET TRANSACTION SNAPSHOT '${snapshot.replaceAll("'", "''")}'`);
	}
	return client;
}

/** The schemas that a move carries. */
export async function carriedSchemas(client: pg.Client): Promise<number[]> {
	const { rows } = await client.query<{ oid: number; name: string; owner: string }>(
		"SELECT oid, nspname AS name, pg_get_userbyid(nspowner) AS owner FROM pg_namespace",
	);
	return rows.filter(({ name, owner }) => !isSchemaLeftBehind(name, owner)).map(({ oid }) => oid);
}

/** Every table and materialized view that has rows of its own; of extensions those that they say are the application's. */
export async function listRelations(client: pg.Client): Promise<Relation[]> {
	const { rows } = await client.query<Relation & { relkind: string; extension: string | null }>(
		`SELECT e.extname AS extension, coalesce(e.extcondition[array_position(e.extconfig, c.oid)], '') AS condition, c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind, c.relispopulated AS populated,
			(pg_relation_size(c.oid) / current_setting('block_size')::int)::int AS pages, pg_table_size(c.oid)::float8 AS bytes,
			coalesce((SELECT json_agg(json_build_object('name', a.attname, 'base', b.base) ORDER BY a.attnum)
				FROM pg_attribute a, LATERAL (
					WITH RECURSIVE down AS (
						SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid
						UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t JOIN down ON t.oid = down.typbasetype
					) SELECT format_type(oid, NULL) AS base FROM down WHERE typtype <> 'd'
				) b WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' LEFT JOIN pg_extension e ON e.oid = d.refobjid
		WHERE c.relkind IN ('r', 'm') AND c.relnamespace = ANY ($1) AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))
		ORDER BY pg_table_size(c.oid) DESC, c.oid`,
		[await carriedSchemas(client)],
	);
	return rows
		.filter(({ extension }) => extension === null || !isExtensionLeftBehind(extension))
		.map(({ relkind, extension: _, ...relation }) => ({
			...relation,
			kind: relkind === "m" ? "materialized view" : "table",
		}));
}

/** SQL that sums one relation, or what has the same columns. */
export function summed(from: string, columns: readonly Column[], where = ""): string {
	const hash = `hashtextextended(ROW(${columns.map(columnText).join(", ")})::text COLLATE "C", 0)`;
	const sum = columns.length === 0 ? "0" : `coalesce(sum(${hash}), 0)`;
	return `SELECT count(*)::text AS rows, ${sum}::text AS sum FROM ${from} AS t${where}`;
}

/** A column as text that does not depend on the server's major: of `"char"` it does since 16. */
function columnText({ name, base }: Column): string {
	const column = `t.${quoteName(name)}`;
	return /^"char"(\[\])?$/.test(base) ? `${column}::${base}::int4${base.endsWith("[]") ? "[]" : ""}` : column;
}

/** What is read at once. */
interface Part {
	side: SideName;
	/** Its name in the journal. */
	name: string;
	/** Empty for large objects. */
	relation: string;
	kind: Relation["kind"];
	oid: number;
	sql: string;
	/** Evidence besides rows and sum. */
	bytes: number;
}

/** Both sides' sums, by the relation's name. */
export interface Sums {
	source: Map<string, ContentSum>;
	target: Map<string, ContentSum>;
	/** Ranges of large objects whose sums differ. */
	largeObjects: { objects: number; sum: string; unequal: LargeObjectRange[] };
}

interface LargeObjectRange {
	from: number;
	/** Exclusive; nothing for the last. */
	to: number | undefined;
}

/** What is summed. */
export interface SumOptions {
	source: Side;
	target: Side;
	steps: Steps;
	/** Sessions on each side. */
	jobs: number;
	/** What the rows of both sides are known by: sums and cuts that are there under another one are forgotten. */
	basis: string;
}

/**
 * Sums every table of both sides at once, in parts, each a step whose evidence is kept in the target's schema `move_copy`: a
 * verification that was killed goes on from there, and a finished one clears them (`clearSums`).
 */
export async function sumBothSides({ source, target, steps, jobs, basis }: SumOptions): Promise<Sums> {
	const [sourceReaders, targetReaders] = await Promise.all([openReaders(source, jobs), openReaders(target, jobs)]);
	const database = target.database === undefined ? {} : { database: target.database };
	const session = await connect(target.login, { ...database, settings: NO_TRIGGERS });
	try {
		const marker = await Marker.open(session);
		const [sourceReader] = sourceReaders as [pg.Client];
		const [targetReader] = targetReaders as [pg.Client];
		const [sourceRelations, targetRelations] = await Promise.all([
			listRelations(sourceReader),
			listRelations(targetReader),
		]);
		const cuts = await marker.takeUp(basis, steps, async () => ({
			relations: {
				...(await cut("source", sourceReader, sourceRelations)),
				...(await cut("target", targetReader, targetRelations)),
			},
			largeObjects: await largeObjectStarts(sourceReader),
		}));
		const ranges = rangesOf(cuts.largeObjects);
		const sourceParts = listParts("source", cuts, sourceRelations, targetRelations, ranges);
		const targetParts = listParts("target", cuts, targetRelations, sourceRelations, ranges);
		const found = new Map<Part, Evidence>();
		const runSide = (parts: Part[], readers: pg.Client[]) => {
			const queue = parts.values();
			return Promise.all(
				readers.map(async (reader) => {
					for (const part of queue) {
						await steps.checkpoint();
						found.set(part, await sumPart(part, reader, marker, steps));
					}
				}),
			);
		};
		await Promise.all([runSide(sourceParts, sourceReaders), runSide(targetParts, targetReaders)]);
		return {
			source: addUp(sourceParts, found),
			target: addUp(targetParts, found),
			largeObjects: compareRanges(ranges, sourceParts, targetParts, found),
		};
	} finally {
		await Promise.all([...sourceReaders, ...targetReaders, session].map((client) => client.end().catch(() => {})));
	}
}

function openReaders(side: Side, jobs: number): Promise<pg.Client[]> {
	return Promise.all(Array.from({ length: jobs }, () => openReader(side)));
}

function sumPart(part: Part, reader: pg.Client, marker: Marker, steps: Steps): Promise<Evidence> {
	return steps.step("verify", part.name, {
		look: () => marker.find(part.name),
		async act() {
			const started = performance.now();
			const { rows } = await reader.query<{ rows: string; sum: string }>(part.sql);
			const [answer] = rows as [{ rows: string; sum: string }];
			const ms = Math.round(performance.now() - started);
			await marker.write(part.name, { rows: Number(answer.rows), sum: answer.sum, bytes: part.bytes, ms }, steps);
		},
	});
}

type SideName = "source" | "target";
const letterOf = (side: SideName) => (side === "source" ? "s" : "t");

/** Cuts what is large into parts of pages. */
async function cut(side: SideName, client: pg.Client, relations: readonly Relation[]): Promise<Cuts["relations"]> {
	const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
	if (Number(rows[0]?.version) < RANGE_SCANS) return {};
	const whole = relations.filter(({ condition }) => condition === "");
	const cuts = whole.map(({ oid, pages, bytes }) => {
		const count = Math.max(1, Math.min(pages, Math.ceil(bytes / PART_BYTES)));
		return [`${letterOf(side)}.${oid}`, { count, pages: Math.ceil(pages / count) }] as const;
	});
	return Object.fromEntries(cuts.filter(([, { count }]) => count > 1));
}

/** A column that the other side does not have is left out here; its definition is the difference that is named. */
function listParts(
	side: SideName,
	cuts: Cuts,
	relations: readonly Relation[],
	others: readonly Relation[],
	ranges: readonly LargeObjectRange[],
): Part[] {
	const other = new Map(others.map((relation) => [relation.name, relation]));
	const letter = letterOf(side);
	const parts = relations
		.filter(({ populated }) => populated)
		.flatMap((relation): Part[] => {
			const shared = sharedColumns(relation, other.get(relation.name), side);
			// Both sides by the source's: the extension may be of another version on the target.
			const { condition } = (side === "target" ? other.get(relation.name) : undefined) ?? relation;
			const { count, pages } = cuts.relations[`${letter}.${relation.oid}`] ?? { count: 1, pages: 0 };
			return Array.from({ length: count }, (_, index) => ({
				side,
				name: `${letter}.${relation.oid}.${index}`,
				relation: relation.name,
				kind: relation.kind,
				oid: relation.oid,
				bytes: Math.round(relation.bytes / count),
				sql: summed(
					`ONLY ${relation.name}`,
					shared,
					condition === "" ? ctidRange(index * pages, index + 1 < count ? pages : undefined) : ` ${condition}`,
				),
			}));
		});
	const objects = ranges.map((range, index) => ({
		side,
		name: `${letter}.lo.${index}`,
		relation: "",
		kind: "table" as const,
		oid: index,
		bytes: 0,
		sql: `SELECT count(*)::text AS rows, coalesce(sum(${LARGE_OBJECT_HASH}), 0)::text AS sum
			FROM pg_largeobject_metadata m WHERE ${oidRange(range)}`,
	}));
	return [...parts, ...objects];
}

const LARGE_OBJECT_HASH = "hashtextextended(m.oid::text || ':' || encode(sha256(lo_get(m.oid)), 'hex'), 0)";

/** Columns by name, in the source's order and with its types, as both sides are read alike. */
export function sharedColumns(own: Relation, other: Relation | undefined, side: SideName): Column[] {
	const leading = side === "target" && other !== undefined ? other.columns : own.columns;
	const following = side === "target" && other !== undefined ? own.columns : (other ?? own).columns;
	const names = new Set(following.map(({ name }) => name));
	return leading.filter(({ name }) => names.has(name));
}

function ctidRange(from: number, pages: number | undefined): string {
	const lower = from === 0 ? [] : [`t.ctid >= '(${from},0)'`];
	const upper = pages === undefined ? [] : [`t.ctid < '(${from + pages},0)'`];
	const both = [...lower, ...upper];
	return both.length === 0 ? "" : ` WHERE ${both.join(" AND ")}`;
}

function oidRange({ from, to }: LargeObjectRange): string {
	return `m.oid >= ${from}${to === undefined ? "" : ` AND m.oid < ${to}`}`;
}

/** The same ranges for both sides, as large objects keep their ids; from the source's. */
async function largeObjectStarts(client: pg.Client): Promise<number[]> {
	const { rows } = await client.query<{ oid: string }>(
		`SELECT oid::text FROM (SELECT oid, row_number() OVER (ORDER BY oid) - 1 AS n FROM pg_largeobject_metadata) m
		WHERE n > 0 AND n % ${LARGE_OBJECTS_PER_PART} = 0 ORDER BY m.oid::text::int8`,
	);
	return [0, ...rows.map(({ oid }) => Number(oid))];
}

function rangesOf(starts: readonly number[]): LargeObjectRange[] {
	return starts.map((from, index) => ({ from, to: starts[index + 1] }));
}

function addUp(parts: readonly Part[], found: ReadonlyMap<Part, Evidence>): Map<string, ContentSum> {
	const sums = new Map<string, ContentSum>();
	for (const part of parts) {
		if (part.relation === "") {
			continue;
		}
		const { rows, sum } = found.get(part) as { rows: number; sum: string };
		const before = sums.get(part.relation) ?? { oid: part.oid, kind: part.kind, rows: 0, sum: "0" };
		sums.set(part.relation, {
			oid: part.oid,
			kind: part.kind,
			rows: before.rows + rows,
			sum: String(BigInt(before.sum) + BigInt(sum)),
		});
	}
	return sums;
}

function compareRanges(
	ranges: readonly LargeObjectRange[],
	sourceParts: readonly Part[],
	targetParts: readonly Part[],
	found: ReadonlyMap<Part, Evidence>,
): Sums["largeObjects"] {
	const ofRange = (parts: readonly Part[], index: number) => {
		const part = parts.find(({ relation, oid }) => relation === "" && oid === index) as Part;
		return found.get(part) as { rows: number; sum: string };
	};
	const pairs = ranges.map((range, index) => ({
		range,
		source: ofRange(sourceParts, index),
		target: ofRange(targetParts, index),
	}));
	return {
		objects: pairs.reduce((total, { source }) => total + source.rows, 0),
		sum: String(pairs.reduce((total, { source }) => total + BigInt(source.sum), 0n)),
		unequal: pairs
			.filter(({ source, target }) => source.rows !== target.rows || source.sum !== target.sum)
			.map(({ range }) => range),
	};
}

/** The large objects of a range by id, each with the hash of its content. */
export async function hashLargeObjects(client: pg.Client, range: LargeObjectRange): Promise<Map<string, string>> {
	const { rows } = await client.query<{ oid: string; hash: string }>(
		`SELECT m.oid::text AS oid, ${LARGE_OBJECT_HASH}::text AS hash FROM pg_largeobject_metadata m WHERE ${oidRange(range)}`,
	);
	return new Map(rows.map(({ oid, hash }) => [oid, hash]));
}
