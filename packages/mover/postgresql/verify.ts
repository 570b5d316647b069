import { createHash, randomUUID } from "node:crypto";
import type pg from "pg";
import { databaseIn } from "../address.ts";
import type { Notes } from "../engine.ts";
import type { Steps } from "../steps.ts";
import { type Catalog, carriedRoles, databaseOwner, readCatalog, serverVersion, superusers } from "./catalog.ts";
import { compareMaterializedViews, SHOWN_OF_VIEWS } from "./compare-matviews.ts";
import { type Login, withSession } from "./connection.ts";
import { type Counters, settleCopy } from "./counters.ts";
import type { Difference } from "./difference.ts";
import { type Pin, readPin } from "./pins.ts";
import { isExtensionLeftBehind, type Owners, roleOnTarget } from "./rules.ts";
import { clearSums } from "./sum-marks.ts";
import { carriedSchemas, hashLargeObjects, openReader, type Side, type Sums, sumBothSides } from "./sums.ts";
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
	counters?: Counters | undefined;
	/** What a freeze of the source has noted and nobody has undone; default: nothing. */
	notes?: Notes;
	/** Ends with the reason why the run must, the snapshot's: no session of ours holds the source up then. */
	signal?: AbortSignal;
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
			readCatalog(sourceClient, { side: "source", owners, sourceVersion, roles, notes: options.notes ?? new Map() }),
			readCatalog(targetClient, { side: "target", owners, sourceVersion, roles, notes: new Map() }),
		]);
		forgetOwnSettings(sourceCatalog, targetCatalog, owners);
		await printAlike(sourceCatalog, targetCatalog, target);
		const sequences = await compareSequences(sourceClient, targetClient, options.snapshot !== undefined);
		const largeObjects = await compareLargeObjects(sourceClient, targetClient, sums, owners);
		const found = [
			...compareCatalogs(sourceCatalog, targetCatalog),
			...compareTables(sums),
			...(await compareMaterializedViews({
				login: options.source,
				source: sourceClient,
				target: targetClient,
				sums,
				isOpen: options.snapshot !== undefined,
			})),
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
	const database = databaseIn(login.url);
	const former = await target.query<{ owner: string }>(
		"SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1",
		[database],
	);
	return { admin: rows[0]?.admin ?? "", owner: former.rows[0]?.owner ?? (await databaseOwner(target)) };
}

/** How a database sorts text, as the target may have no such locale (`check` looks for what that breaks), and views that no two refreshes make alike. */
function isShownOnly({ object, what }: Difference): boolean {
	if (object.startsWith("materialized view ") && SHOWN_OF_VIEWS.has(what)) return true;
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
				const definition = object.attributes.get("definition");
				const text = definition === undefined ? "there" : show(object.kind, object.name, "definition", definition);
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
				const shown = (text: string) => show(kind, name, what, text);
				differences.push({ object: id, what, source: shown(mine), target: shown(theirs) });
			}
		}
	}
	return differences;
}

/** Aspects that a person writes and that may quote anything: a secret in an option, a patient in a comment. */
const HIDDEN_KINDS: ReadonlySet<string> = new Set([
	"comment",
	"foreign server",
	"foreign data wrapper",
	"user mapping",
]);
/** Aspects whose literals are names alone. */
const SHOWN_ASPECTS: ReadonlySet<string> = new Set([
	"privileges",
	"owner",
	"options",
	"TOAST options",
	"values",
	"order of columns",
	"type",
]);

/** What a difference shows of an aspect; code with a literal in it, and a setting of an application's own, by its hash alone. */
function show(kind: string, name: string, what: string, text: string): string {
	if (text === "") return text;
	const isOwnSetting = kind === "setting" && /^[^ ]+\./.test(name);
	const isFree =
		(HIDDEN_KINDS.has(kind) && what !== "owner" && what !== "privileges") ||
		what === "foreign options" ||
		what === "comment";
	const isCode = !SHOWN_ASPECTS.has(what) && kind !== "setting" && /['$]/.test(text);
	if (!isOwnSetting && !isFree && !isCode) return text;
	return `set (sha256 ${createHash("sha256").update(text).digest("hex").slice(0, 8)})`;
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
		extension: string | null;
	}>(
		`SELECT e.extname AS extension, format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS increment, s.seqcycle AS cycle,
			coalesce((SELECT json_agg(DISTINCT jsonb_build_object('table', format('%I.%I', tn.nspname, t.relname), 'column', a.attname)) FROM (
				SELECT d.refobjid AS table, d.refobjsubid AS number FROM pg_depend d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
				UNION SELECT ad.adrelid, ad.adnum FROM pg_depend d JOIN pg_attrdef ad ON ad.oid = d.objid
				WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
			) used JOIN pg_class t ON t.oid = used.table AND t.relkind IN ('r', 'p') JOIN pg_namespace tn ON tn.oid = t.relnamespace
			AND (NOT $2 OR (has_table_privilege(t.oid, 'SELECT') AND has_schema_privilege(tn.oid, 'USAGE') AND NOT row_security_active(t.oid)))
			JOIN pg_attribute a ON a.attrelid = used.table AND a.attnum = used.number AND a.atttypid = ANY ('{int2,int4,int8}'::regtype[])), '[]') AS columns
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
		LEFT JOIN pg_depend x ON x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e' LEFT JOIN pg_extension e ON e.oid = x.refobjid
		WHERE c.relnamespace = ANY ($1) AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))
			AND (NOT $2 OR (has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(s.seqrelid, 'SELECT')))`,
		[schemas, isPartial],
	);
	const states = new Map<string, SequenceState>();
	for (const { name, increment, cycle, columns, extension } of rows) {
		if (extension !== null && isExtensionLeftBehind(extension)) continue;
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
		await largeObjectRights(source, owners, (role) => roleOnTarget(role, owners)),
		await largeObjectRights(target, owners, (role) => role),
	];
	return [...new Set([...own.keys(), ...copied.keys()])]
		.filter((what) => own.get(what) !== copied.get(what))
		.map((what) => ({
			object: "large objects",
			what,
			source: own.get(what) ?? "none",
			target: copied.get(what) ?? "none",
		}));
}

/**
 * Who owns which large objects, and who may what with them: their number and the sum of their ids' hashes, by role and right. The rights
 * of the database's owner are all there are, so that they are not compared.
 */
async function largeObjectRights(
	client: pg.Client,
	{ owner }: Owners,
	nameOf: (role: string) => string,
): Promise<Map<string, string>> {
	const { rows } = await client.query<{ role: string; right: string; count: string; sum: string }>(
		`SELECT pg_get_userbyid(lomowner) AS role, '' AS right, count(*)::text AS count, sum(hashtextextended(oid::text, 0))::text AS sum
		FROM pg_largeobject_metadata GROUP BY 1
		UNION ALL SELECT CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END,
			count(*)::text, sum(hashtextextended(m.oid::text, 0))::text
		FROM pg_largeobject_metadata m, aclexplode(m.lomacl) a WHERE a.grantee <> m.lomowner GROUP BY 1, 2`,
	);
	const totals = new Map<string, { count: bigint; sum: bigint }>();
	for (const { role, right, count, sum } of rows) {
		const name = nameOf(role);
		if (right !== "" && name === owner) continue;
		const what = right === "" ? `owned by ${name}` : `${right} of ${name === "" ? "PUBLIC" : name}`;
		const before = totals.get(what) ?? { count: 0n, sum: 0n };
		totals.set(what, { count: before.count + BigInt(count), sum: before.sum + BigInt(sum) });
	}
	return new Map([...totals].map(([what, { count, sum }]) => [what, `${count}, ids ${sum}`]));
}
