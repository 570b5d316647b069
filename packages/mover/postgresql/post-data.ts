/** Step `post-data`: indexes, constraints and what else comes after the rows, in parallel as far as locks and order allow. */
import type { ClientBase } from "pg";
import { runJobs } from "../jobs.ts";
import { type Copying, jobsAllowed } from "./context.ts";
import { type Archive, type Item, itemsSql, refused, setSearchPath } from "./schema.ts";
import { isNotFound, withSearchPath } from "./search-path.ts";
import { quoteName } from "./target.ts";

/** Parts of the step that hold several items; the others are `CLASS.OID` of theirs. */
const ATTACHED = "1";
const REST = "2";
const EVENT_TRIGGERS = "3";

const INDEX_CLASS = 1259;
const CONSTRAINT_CLASS = 2606;

/** What an item builds on. */
interface Build {
	item: Item;
	part: string;
	/** The table that it belongs to, and the one that a foreign key refers to. */
	table: number;
	refersTo: number | undefined;
	/** Whether it needs the table for itself, as what alters a table does; plain indexes are built beside each other. */
	isExclusive: boolean;
	/** Whether a foreign key of a partitioned table or to one, which needs that table's indexes whole. */
	needsAttached: boolean;
	/** Bytes that it reads. */
	bytes: number;
}

/** Does all but the refresh of materialized views and event triggers, which come last. */
export async function copyPostData(copying: Copying, archive: Archive): Promise<void> {
	const items = archive.after;
	const builds = await readBuilds(copying, items);
	const failures: Error[] = [];
	const attempt = async (work: Promise<void>) =>
		work.catch((error) => void failures.push(namedOrThrown(copying, error)));
	const throwFailures = () => {
		if (failures.length === 0) return;
		if (failures.length === 1) throw failures[0];
		throw new Error(failures.map(({ message }) => message).join("\n"), { cause: failures[0] });
	};

	await build(
		copying,
		archive,
		builds.filter(({ needsAttached }) => !needsAttached),
		attempt,
	);
	throwFailures();
	const attached = items.filter(({ kind }) => kind === "INDEX ATTACH");
	await runGroup(copying, archive, attached, ATTACHED);
	await build(
		copying,
		archive,
		builds.filter(({ needsAttached }) => needsAttached),
		attempt,
	);
	throwFailures();
	const later = new Set(["INDEX ATTACH", "MATERIALIZED VIEW DATA", "EVENT TRIGGER"]);
	const built = new Set(builds.map(({ item }) => item));
	const rest = items.filter((item) => !built.has(item) && !later.has(item.kind) && !isOfEventTrigger(item));
	await runGroup(copying, archive, rest, REST);
}

/** A definition that the target refuses is collected with the others; all else ends the step. */
function namedOrThrown({ signal }: Copying, error: unknown): Error {
	const { code } = error as { code?: string };
	if (signal.aborted || code === undefined || !/^(0A|2[23]|3F|42|54)/.test(code)) throw error;
	return error as Error;
}

async function readBuilds({ snapshot }: Copying, items: readonly Item[]): Promise<Build[]> {
	const heavy = items.filter(
		({ kind }) => kind === "INDEX" || kind === "CONSTRAINT" || kind === "FK CONSTRAINT" || kind === "CHECK CONSTRAINT",
	);
	const oids = (classId: number) => heavy.filter((item) => item.classId === classId).map(({ oid }) => oid);
	const { rows } = await snapshot.client.query(
		`SELECT ${INDEX_CLASS} AS class, i.indexrelid::int8 AS oid, i.indrelid::int8 AS table, NULL::int8 AS refers_to,
			pg_catalog.pg_relation_size(i.indexrelid)::int8 AS bytes, false AS partitioned
		FROM pg_catalog.pg_index i WHERE i.indexrelid = ANY ($1)
		UNION ALL
		SELECT ${CONSTRAINT_CLASS}, c.oid::int8, c.conrelid::int8, NULLIF(c.confrelid, 0)::int8,
			CASE WHEN c.contype = 'f' THEN pg_catalog.pg_relation_size(c.conrelid) ELSE pg_catalog.pg_relation_size(c.conindid) END::int8,
			EXISTS (SELECT FROM pg_catalog.pg_class t WHERE t.oid IN (c.conrelid, c.confrelid) AND t.relkind = 'p')
		FROM pg_catalog.pg_constraint c WHERE c.oid = ANY ($2)`,
		[oids(INDEX_CLASS), oids(CONSTRAINT_CLASS)],
	);
	const found = new Map(rows.map((row) => [`${row.class}.${row.oid}`, row]));
	return heavy
		.flatMap((item): Build[] => {
			const part = `${item.classId}.${item.oid}`;
			const row = found.get(part);
			if (row === undefined) return [];
			return [
				{
					item,
					part,
					table: Number(row.table),
					refersTo: row.refers_to === null ? undefined : Number(row.refers_to),
					isExclusive: item.kind !== "INDEX",
					needsAttached: item.kind === "FK CONSTRAINT" && row.partitioned,
					bytes: Number(row.bytes ?? 0),
				},
			];
		})
		.sort((a, b) => b.bytes - a.bytes);
}

async function build(
	copying: Copying,
	archive: Archive,
	builds: readonly Build[],
	attempt: (work: Promise<void>) => Promise<void>,
): Promise<void> {
	const open = new Set(builds);
	await runJobs({
		items: builds,
		allowed: () => jobsAllowed(copying),
		checkpoint: () => copying.steps.checkpoint(),
		mayBegin: (item, running) => mayBegin(item, running, open),
		work: async (one) => {
			await attempt(runItems(copying, archive, [one.item], one.part));
			open.delete(one);
		},
	});
}

/** Beside those that run, and after what it refers to is unique. */
function mayBegin(one: Build, running: ReadonlySet<Build>, open: ReadonlySet<Build>): boolean {
	const tablesOf = ({ table, refersTo }: Build) => (refersTo === undefined ? [table] : [table, refersTo]);
	for (const other of running) {
		const isShared = !one.isExclusive && !other.isExclusive;
		if (!isShared && tablesOf(one).some((table) => tablesOf(other).includes(table))) return false;
	}
	if (one.refersTo === undefined) return true;
	return ![...open].some((other) => other !== one && other.refersTo === undefined && other.table === one.refersTo);
}

/** Items that take no time, in one transaction. */
async function runGroup(copying: Copying, archive: Archive, items: readonly Item[], part: string): Promise<void> {
	if (items.length === 0) return;
	await copying.steps.checkpoint();
	await runItems(copying, archive, items, part);
}

/** In one transaction with its marker; once more with the source's search path where a function does not find what it calls. */
async function runItems(copying: Copying, archive: Archive, items: readonly Item[], part: string): Promise<void> {
	const { database, steps } = copying;
	const act = async () => {
		const sql = await itemsSql(copying, archive, items);
		await withSearchPath(copying, (searchPath) =>
			database.write("post-data", part, async (client) => {
				const text = setSearchPath(sql, searchPath);
				await client.query(text).catch((error) => {
					throw nameItem(copying, items, error, text);
				});
				return { items: items.length };
			}),
		);
	};
	await steps.step("post-data", part, { look: () => database.done("post-data", part), act });
}

/** An error that says which item it is about, and how to fix a function that counts on a search path. */
function nameItem({ targetVersion }: Copying, items: readonly Item[], error: unknown, sql: string): Error {
	const [only] = items;
	const what = items.length === 1 && only !== undefined ? `${only.kind.toLowerCase()} ${only.label}` : "a definition";
	const named = refused(`the target refuses ${what}`, error, sql);
	if (!isNotFound(error)) return named;
	const since = targetVersion >= 170000 ? ", which PostgreSQL 17 does not give it while an index is built" : "";
	named.message += `; a function in it counts on a search path${since}: on the source, ALTER FUNCTION ... SET search_path = ...`;
	return named;
}

const isOfEventTrigger = ({ kind, label }: Item) => kind === "COMMENT" && label.startsWith("- EVENT TRIGGER ");

/** Creates event triggers once nothing else is defined, as each fires at every definition; they are the database owner's. */
export async function copyEventTriggers(copying: Copying, archive: Archive): Promise<void> {
	const items = archive.after.filter((item) => item.kind === "EVENT TRIGGER" || isOfEventTrigger(item));
	if (items.length === 0) return;
	const { database, targetVersion, owners } = copying;
	await database.step("post-data", EVENT_TRIGGERS, async (client) => {
		// No trigger of those that are made first fires for the others.
		if (targetVersion >= 170000) await client.query("SET LOCAL event_triggers = off");
		await client.query("SET LOCAL session_replication_role = replica");
		const sql = await itemsSql(copying, archive, items, ["--no-owner"]);
		await client.query(sql).catch((error) => {
			throw refused("the target refuses an event trigger", error, sql);
		});
		await giveEventTriggers(client, owners.owner);
		return { items: items.length };
	});
}

/** An event trigger's owner is a superuser. */
async function giveEventTriggers(client: ClientBase, owner: string): Promise<void> {
	const { rows: superuser } = await client.query("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = $1", [
		owner,
	]);
	if (superuser[0]?.rolsuper !== true) return;
	const { rows } = await client.query("SELECT evtname AS name FROM pg_catalog.pg_event_trigger WHERE oid >= 16384");
	for (const { name } of rows)
		await client.query(`ALTER EVENT TRIGGER ${quoteName(name)} OWNER TO ${quoteName(owner)}`);
}
