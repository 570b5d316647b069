import { createHash, randomUUID } from "node:crypto";
import type pg from "pg";
import type { Steps } from "../steps.ts";
import { type Catalog, carriedRoles, databaseOwner, readCatalog, serverVersion, superusers } from "./catalog.ts";
import { type Login, withSession } from "./connection.ts";
import { type Counters, settleCopy } from "./counters.ts";
import { type Pin, readPin } from "./pins.ts";
import { type Owners, roleOnTarget } from "./rules.ts";
import {
	carriedSchemas,
	clearSums,
	hashLargeObjects,
	listRelations,
	openReader,
	type Relation,
	type Side,
	type Sums,
	sharedColumns,
	sumBothSides,
	sumQuery,
} from "./sums.ts";
import { quoteName } from "./target.ts";

/** What is to be proved equal. */
export interface VerifyOptions {
	source: Login;
	/** The target's server; its database, where it is there, tells who owns the copy. */
	target: Login;
	/** The copy: a database of the target's server. */
	into: string;
	steps: Steps;
	/** Sessions on each side. */
	jobs: number;
	/** The snapshot that the copy was made in, where the source goes on being written to. */
	snapshot?: string;
	/** A reading of the source's counters, where it does not; without one, no sums of an earlier try are used. */
	counters?: Counters;
	/** Ends with the reason why the run must, the snapshot's: no session of ours holds the source up then. */
	signal?: AbortSignal;
}

/** One thing that is not the same; definitions, counts and sums, never a row's values. */
export interface Difference {
	/** `table public.visits`, `large object 4711` ... */
	object: string;
	/** `missing`, `extra`, `rows`, `content`, `owner`, `definition` ... */
	what: string;
	source: string;
	target: string;
}

/** The proof. */
export interface Verification {
	equal: boolean;
	differences: Difference[];
	/** What is shown and not judged: the locale, where the target has none like the source's. */
	notes: Difference[];
	/** Of the source, by the table's oid there; large objects under `largeObjects`. */
	sums: Record<string, { rows: number; sum: string }>;
	/** SHA-256 over the sums. */
	hash: string;
	/** Both servers, and the databases that were compared. */
	sides: { source: Pin; target: Pin };
	/** Numbers of what was compared. */
	compared: { tables: number; rows: number; largeObjects: number; definitions: number; sequences: number };
}

const LISTED_LARGE_OBJECTS = 20;

/**
 * Compares a copy with its source: rows by sums, large objects, materialized views, sequences and every definition, in both
 * directions; what a rule leaves behind (`rules.ts`) is no difference.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
	const { steps } = options;
	const signal = AbortSignal.any([steps.signal, ...(options.signal === undefined ? [] : [options.signal])]);
	try {
		return await compare(options, signal);
	} catch (error) {
		throw signal.aborted ? signal.reason : error;
	}
}

async function compare(options: VerifyOptions, signal: AbortSignal): Promise<Verification> {
	const { steps, jobs } = options;
	const source: Side = {
		login: options.source,
		signal,
		...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
	};
	const target: Side = { login: options.target, database: options.into, signal };
	const sums = await sumBothSides({ source, target, steps, jobs, basis: await basisOf(options) });
	const [sourceClient, targetClient] = await Promise.all([openReader(source), openReader(target)]);
	try {
		const sourceVersion = await serverVersion(sourceClient);
		const owners = await readOwners(sourceClient, targetClient, options.target);
		const fixed = new Set(await superusers(targetClient));
		const roles = (await carriedRoles(sourceClient, owners)).filter((role) => !fixed.has(role));
		const [sourceCatalog, targetCatalog] = await Promise.all([
			readCatalog(sourceClient, { side: "source", owners, sourceVersion, roles }),
			readCatalog(targetClient, { side: "target", owners, sourceVersion, roles }),
		]);
		forgetOwnSettings(sourceCatalog, targetCatalog, owners);
		await printAlike(sourceCatalog, targetCatalog, target);
		const sequences = await compareSequences(sourceClient, targetClient, options.snapshot !== undefined);
		const largeObjects = await compareLargeObjects(sourceClient, targetClient, sums, owners);
		const found = [
			...compareCatalogs(sourceCatalog, targetCatalog),
			...compareTables(sums),
			...(await compareMaterializedViews(sourceClient, targetClient, sums)),
			...sequences.differences,
			...largeObjects,
		].sort((a, b) => a.object.localeCompare(b.object) || a.what.localeCompare(b.what));
		await clearSums(target);
		const sides = { source: await readPin(sourceClient), target: await readPin(targetClient) };
		const notes = found.filter(isShownOnly);
		const differences = found.filter((difference) => !isShownOnly(difference));
		return { ...summarize(sums, differences, sourceCatalog.size, sequences.count), notes, sides };
	} finally {
		await Promise.all([sourceClient, targetClient].map((client) => client.end().catch(() => {})));
	}
}

/** What the sums of a try rest on: under another one they are of other rows, or of another proof. */
async function basisOf({ target, into, steps, snapshot, counters }: VerifyOptions): Promise<string> {
	if (snapshot !== undefined) return `${steps.run} ${snapshot}`;
	if (counters === undefined) return randomUUID();
	const { writtenRows, statisticsSince } = counters;
	const both = [steps.run, writtenRows, statisticsSince, await settleCopy(target, into)];
	return createHash("sha256").update(JSON.stringify(both)).digest("hex");
}

/** Who reads the source, and who owns the database that the copy takes the place of. */
export async function readOwners(source: pg.Client, target: pg.Client, login: Login): Promise<Owners> {
	const { rows } = await source.query<{ admin: string }>("SELECT session_user AS admin");
	const database = decodeURIComponent(new URL(login.url).pathname.slice(1));
	const former = await target.query<{ owner: string }>(
		"SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1",
		[database],
	);
	return { admin: rows[0]?.admin ?? "", owner: former.rows[0]?.owner ?? (await databaseOwner(target)) };
}

/** How a database sorts text; the target may have no such locale, and `check` looks for what that breaks. */
function isShownOnly({ object, what }: Difference): boolean {
	return object === "database itself" && /^(collate|character type|provider|locale|rules)$/.test(what);
}

/** Settings that the owner has on its server beside those of the source's admin are the target's own. */
function forgetOwnSettings(source: Catalog, target: Catalog, { owner }: Owners): void {
	for (const [id, { kind, name }] of target) {
		if (kind === "setting" && name.endsWith(` of ${owner}`) && !source.has(id)) {
			target.delete(id);
		}
	}
}

function summarize(
	sums: Sums,
	differences: Difference[],
	definitions: number,
	sequences: number,
): Omit<Verification, "notes" | "sides"> {
	const tables = [...sums.source.values()].filter(({ kind }) => kind === "table").sort((a, b) => a.oid - b.oid);
	const { objects, sum } = sums.largeObjects;
	const all: Verification["sums"] = Object.fromEntries(tables.map((of) => [of.oid, { rows: of.rows, sum: of.sum }]));
	all.largeObjects = { rows: objects, sum };
	return {
		equal: differences.length === 0,
		differences,
		sums: all,
		hash: hashSums(all),
		compared: {
			tables: tables.length,
			rows: tables.reduce((total, { rows }) => total + rows, 0),
			largeObjects: objects,
			definitions,
			sequences,
		},
	};
}

/** SHA-256 over sums, in the order of their names. */
export function hashSums(sums: Verification["sums"]): string {
	const lines = Object.entries(sums)
		.map(([table, { rows, sum }]) => `${table} ${rows} ${sum}\n`)
		.sort();
	return createHash("sha256").update(lines.join("")).digest("hex");
}

/** Every object that is on one side alone, and every aspect that differs; not the parts of an object that is missing as a whole. */
export function compareCatalogs(source: Catalog, target: Catalog): Difference[] {
	const differences: Difference[] = [];
	const incomplete = new Set<string>();
	const alone = (own: Catalog, other: Catalog, what: "missing" | "extra") => {
		for (const [id, object] of own) {
			if (other.has(id)) {
				continue;
			}
			incomplete.add(object.parent ?? "");
			if (object.parent === undefined || other.has(object.parent) || !own.has(object.parent)) {
				const text = show(object.kind, object.name, object.attributes.get("definition") ?? "there");
				differences.push({
					object: id,
					what,
					...(what === "missing" ? { source: text, target: "" } : { source: "", target: text }),
				});
			}
		}
	};
	alone(source, target, "missing");
	alone(target, source, "extra");
	for (const [id, { kind, name, attributes }] of source) {
		const other = target.get(id);
		if (other === undefined) {
			continue;
		}
		for (const what of new Set([...attributes.keys(), ...other.attributes.keys()])) {
			const [mine, theirs] = [attributes.get(what) ?? "", other.attributes.get(what) ?? ""];
			// The order is another wherever a column is missing, which is named.
			if (mine !== theirs && !(what === "order of columns" && incomplete.has(id))) {
				differences.push({ object: id, what, source: show(kind, name, mine), target: show(kind, name, theirs) });
			}
		}
	}
	return differences;
}

/** A setting of an application's own may hold a secret. */
function show(kind: string, name: string, text: string): string {
	const isHidden = kind === "setting" && /^[^ ]+\./.test(name) && text !== "" && text !== "there";
	return isHidden ? `set (sha256 ${createHash("sha256").update(text).digest("hex").slice(0, 8)})` : text;
}

/**
 * Servers of different majors print the same view or rule in different words, so that the target parses and prints the source's
 * text too, in a transaction that is rolled back. What it cannot parse stays different.
 */
async function printAlike(source: Catalog, target: Catalog, { login, database }: Side): Promise<void> {
	const unlike = [...source].filter(([id, { kind, attributes }]) => {
		const other = target.get(id)?.attributes.get("definition");
		const isPrinted = kind === "view" || kind === "materialized view" || kind === "rule";
		return isPrinted && other !== undefined && other !== attributes.get("definition");
	});
	if (unlike.length === 0) {
		return;
	}
	await withSession(login, database === undefined ? {} : { database }, async (client) => {
		for (const [, { kind, name, attributes }] of unlike) {
			const definition = attributes.get("definition") ?? "";
			await client.query("BEGIN");
			const printed = await (kind === "rule"
				? printRule(client, name, definition)
				: printView(client, definition)
			).catch(() => definition);
			await client.query("ROLLBACK");
			attributes.set("definition", printed);
		}
	});
}

async function printView(client: pg.Client, definition: string): Promise<string> {
	await client.query(`CREATE TEMP VIEW moved AS ${definition}`);
	const { rows } = await client.query<{ text: string }>("SELECT pg_get_viewdef('pg_temp.moved'::regclass) AS text");
	return rows[0]?.text ?? definition;
}

async function printRule(client: pg.Client, name: string, definition: string): Promise<string> {
	await client.query(definition.replace(/^CREATE RULE/, "CREATE OR REPLACE RULE"));
	const { rows } = await client.query<{ text: string }>(
		`SELECT pg_get_ruledef(r.oid) AS text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE quote_ident(r.rulename) || ' of ' || format('%I.%I', n.nspname, c.relname) = $1`,
		[name],
	);
	return rows[0]?.text ?? definition;
}

/** Rows of what is on both sides; what is on one alone is a difference of the catalogs. */
function compareTables({ source, target }: Sums): Difference[] {
	return [...source].flatMap(([name, { kind, rows, sum }]): Difference[] => {
		const other = target.get(name);
		if (other === undefined || kind !== "table") {
			return [];
		}
		const object = `table ${name}`;
		if (rows !== other.rows) {
			return [{ object, what: "rows", source: String(rows), target: String(other.rows) }];
		}
		return sum === other.sum ? [] : [{ object, what: "content", source: `sum ${sum}`, target: `sum ${other.sum}` }];
	});
}

/**
 * A materialized view is right where it holds what its query gives now on the target, or what the source's holds: the source's
 * may be older than its own query.
 */
async function compareMaterializedViews(source: pg.Client, target: pg.Client, sums: Sums): Promise<Difference[]> {
	const [own, others] = await Promise.all([listViews(target), listViews(source)]);
	const differences: Difference[] = [];
	for (const [name, view] of own) {
		const other = others.get(name);
		const held = sums.target.get(name);
		if (other === undefined || held === undefined) {
			continue;
		}
		if (isSame(held, sums.source.get(name))) {
			continue;
		}
		const columns = sharedColumns(view, other, "target");
		const { rows } = await target.query<{ rows: string; sum: string }>(
			sumQuery(`(${await viewQuery(target, view)})`, columns),
		);
		const [now] = rows as [{ rows: string; sum: string }];
		if (!isSame(held, { rows: Number(now.rows), sum: now.sum })) {
			const text = (of: { rows: number | string; sum: string }) => `${of.rows} rows, sum ${of.sum}`;
			differences.push({
				object: `materialized view ${name}`,
				what: "stale",
				source: text(now),
				target: text(held),
			});
		}
	}
	return differences;
}

async function listViews(client: pg.Client): Promise<Map<string, Relation>> {
	const relations = await listRelations(client);
	return new Map(relations.filter(({ kind }) => kind === "materialized view").map((view) => [view.name, view]));
}

async function viewQuery(client: pg.Client, { oid }: Relation): Promise<string> {
	const { rows } = await client.query<{ text: string }>("SELECT pg_get_viewdef($1::oid) AS text", [oid]);
	return (rows[0]?.text ?? "").replace(/;\s*$/, "");
}

function isSame(a: { rows: number; sum: string }, b: { rows: number; sum: string } | undefined): boolean {
	return a.rows === b?.rows && a.sum === b?.sum;
}

/** A sequence and the columns that take their values from it. */
export interface SequenceState {
	name: string;
	last: bigint;
	called: boolean;
	increment: bigint;
	cycle: boolean;
	/** `schema.table.column` with the value that is furthest in the sequence's direction. */
	columns: { name: string; furthest: bigint }[];
}

/** Whether a sequence's next value is one that a column has already, or has passed. */
export function isBehind({ last, called, increment, cycle, columns }: SequenceState): boolean {
	const next = called ? last + increment : last;
	return !cycle && columns.some(({ furthest }) => (increment > 0n ? next <= furthest : next >= furthest));
}

/**
 * Every sequence of the carried schemas, with the columns that own it or take their default from it.
 *
 * @param isPartial whether those are left out that the session may not read
 */
export async function readSequences(
	client: pg.Client,
	schemas: readonly number[],
	isPartial = false,
): Promise<Map<string, SequenceState>> {
	const { rows } = await client.query<{
		name: string;
		increment: string;
		cycle: boolean;
		columns: { table: string; column: string }[];
	}>(
		`SELECT format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS increment, s.seqcycle AS cycle,
			coalesce((SELECT json_agg(DISTINCT jsonb_build_object('table', format('%I.%I', tn.nspname, t.relname), 'column', a.attname)) FROM (
				SELECT d.refobjid AS table, d.refobjsubid AS number FROM pg_depend d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
				UNION SELECT ad.adrelid, ad.adnum FROM pg_depend d JOIN pg_attrdef ad ON ad.oid = d.objid
				WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
			) used JOIN pg_class t ON t.oid = used.table AND t.relkind IN ('r', 'p') JOIN pg_namespace tn ON tn.oid = t.relnamespace
			AND (NOT $2 OR (has_table_privilege(t.oid, 'SELECT') AND has_schema_privilege(tn.oid, 'USAGE') AND NOT row_security_active(t.oid)))
			JOIN pg_attribute a ON a.attrelid = used.table AND a.attnum = used.number AND a.atttypid = ANY ('{int2,int4,int8}'::regtype[])), '[]') AS columns
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
		WHERE c.relnamespace = ANY ($1) AND NOT EXISTS (SELECT FROM pg_depend d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
			AND (NOT $2 OR (has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(s.seqrelid, 'SELECT')))`,
		[schemas, isPartial],
	);
	const states = new Map<string, SequenceState>();
	for (const { name, increment, cycle, columns } of rows) {
		const state = await client.query<{ last: string; called: boolean }>(
			`SELECT last_value::text AS last, is_called AS called FROM ${name}`,
		);
		const [{ last, called }] = state.rows as [{ last: string; called: boolean }];
		const used: SequenceState["columns"] = [];
		for (const { table, column } of columns) {
			const furthest = await client.query<{ value: string | null }>(
				`SELECT ${increment.startsWith("-") ? "min" : "max"}(${quoteName(column)})::text AS value FROM ${table}`,
			);
			const value = furthest.rows[0]?.value ?? null;
			if (value !== null) {
				used.push({ name: `${table}.${column}`, furthest: BigInt(value) });
			}
		}
		states.set(name, { name, last: BigInt(last), called, increment: BigInt(increment), cycle, columns: used });
	}
	return states;
}

async function compareSequences(
	source: pg.Client,
	target: pg.Client,
	isLive: boolean,
): Promise<{ differences: Difference[]; count: number }> {
	const [own, copied] = [
		await readSequences(source, await carriedSchemas(source)),
		await readSequences(target, await carriedSchemas(target)),
	];
	const text = ({ last, called }: SequenceState) => `${last}${called ? "" : ", not yet given out"}`;
	const differences = [...own].flatMap(([name, state]): Difference[] => {
		const copy = copied.get(name);
		if (copy === undefined) {
			return [];
		}
		// A sequence is in no snapshot: that of a live source may be ahead of the rows that were copied.
		if (!isLive && text(state) !== text(copy)) {
			return [{ object: `sequence ${name}`, what: "value", source: text(state), target: text(copy) }];
		}
		if (isBehind(copy) && !isBehind(state)) {
			const [column] = copy.columns;
			return [
				{
					object: `sequence ${name}`,
					what: "behind its column",
					source: text(state),
					target: `${text(copy)}, and ${column?.name} has gone further`,
				},
			];
		}
		return [];
	});
	return { differences, count: own.size };
}

/** Where a range's sums differ, its objects one by one; where they agree, their owners and rights. */
async function compareLargeObjects(
	source: pg.Client,
	target: pg.Client,
	{ largeObjects }: Sums,
	owners: Owners,
): Promise<Difference[]> {
	const differences: Difference[] = [];
	for (const range of largeObjects.unequal) {
		const [own, copied] = await Promise.all([hashLargeObjects(source, range), hashLargeObjects(target, range)]);
		for (const id of new Set([...own.keys(), ...copied.keys()])) {
			const [mine, theirs] = [own.get(id), copied.get(id)];
			if (mine !== theirs) {
				const what = mine === undefined ? "extra" : theirs === undefined ? "missing" : "content";
				differences.push({ object: `large object ${id}`, what, source: mine ?? "", target: theirs ?? "" });
			}
		}
	}
	if (differences.length > LISTED_LARGE_OBJECTS) {
		const more = differences.length - LISTED_LARGE_OBJECTS;
		return [
			...differences.slice(0, LISTED_LARGE_OBJECTS),
			{ object: "large objects", what: `${more} more`, source: "", target: "" },
		];
	}
	if (differences.length > 0) {
		return differences;
	}
	const [own, copied] = [
		await largeObjectOwners(source, (role) => roleOnTarget(role, owners)),
		await largeObjectOwners(target, (role) => role),
	];
	return [...new Set([...own.keys(), ...copied.keys()])]
		.filter((owner) => own.get(owner) !== copied.get(owner))
		.map((owner) => ({
			object: "large objects",
			what: `owned by ${owner}`,
			source: own.get(owner) ?? "none",
			target: copied.get(owner) ?? "none",
		}));
}

/** Who owns which large objects: their number and the sum of their ids' hashes, by owner. */
async function largeObjectOwners(client: pg.Client, name: (role: string) => string): Promise<Map<string, string>> {
	const { rows } = await client.query<{ owner: string; count: string; sum: string }>(
		`SELECT pg_get_userbyid(lomowner) AS owner, count(*)::text AS count, sum(hashtextextended(oid::text, 0))::text AS sum
		FROM pg_largeobject_metadata GROUP BY 1`,
	);
	const totals = new Map<string, { count: bigint; sum: bigint }>();
	for (const { owner, count, sum } of rows) {
		const before = totals.get(name(owner)) ?? { count: 0n, sum: 0n };
		totals.set(name(owner), { count: before.count + BigInt(count), sum: before.sum + BigInt(sum) });
	}
	return new Map([...totals].map(([owner, { count, sum }]) => [owner, `${count}, ids ${sum}`]));
}
