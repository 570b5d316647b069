/** Materialized views in a proof: what the copy holds is what the source holds, or what the source's own query gives. */
import type pg from "pg";
import { isConnectionError } from "../journal/errors.ts";
import type { Login } from "./connection.ts";
import type { Difference } from "./difference.ts";
import { natureOf, readPlainSettings, type Settings, settingsOfView, useSettings } from "./refresh-settings.ts";
import { listRelations, type Relation, type Sums, sharedColumns, summed } from "./sums.ts";

/** What a note of a view is called: the source's is older than its own query, or no two refreshes are the same. */
export const SHOWN_OF_VIEWS: ReadonlySet<string> = new Set(["refreshed", "refreshed at another time"]);

interface Content {
	rows: number;
	sum: string;
}

/** Both sides' sessions, and what their views hold. */
export interface ViewOptions {
	/** The source's. */
	login: Login;
	source: pg.Client;
	target: pg.Client;
	sums: Sums;
	/** Whether the source's session has a transaction open: its snapshot's. */
	isOpen: boolean;
}

/**
 * Compares each view's content. Where the copy's is not the source's, the source computes its query once more, under the settings that
 * it is refreshed under.
 */
export async function compareMaterializedViews({
	login,
	source,
	target,
	sums,
	isOpen,
}: ViewOptions): Promise<Difference[]> {
	const [own, copied] = [await listViews(source), await listViews(target)];
	const differences: Difference[] = [];
	let plain: Settings | undefined;
	for (const [name, view] of own) {
		const [there, held, former] = [copied.get(name), sums.target.get(name), sums.source.get(name)];
		if (there === undefined || held === undefined || former === undefined || isSame(held, former)) continue;
		plain ??= await readPlainSettings(login);
		const now = await compute(source, { view, there, isOpen }, await settingsOfView(source, plain, name));
		const { changing, readsSettings } = await natureOf(source, name);
		const difference = (what: string, from: string, to = text(held)) =>
			differences.push({ object: `materialized view ${name}`, what, source: from, target: to });
		const isNow = now !== undefined && isSame(held, now);
		// Nobody refreshes it like that, whatever the query says.
		if (held.rows === 0 && former.rows > 0 && (readsSettings || !isNow)) {
			const fix = readsSettings ? "; it reads a setting of the session: ALTER DATABASE ... SET it on the source" : "";
			difference("empty", text(former), `${text(held)}${fix}`);
		} else if (isNow) difference("refreshed", text(former), `${text(held)}, as the source's query gives now`);
		else if (changing.length > 0)
			difference("refreshed at another time", text(former), `${text(held)}: ${changing.join(", ")}`);
		else difference("content", now === undefined ? text(former) : `${text(now)} by its query`);
	}
	return differences;
}

const text = ({ rows, sum }: Content) => `${rows} rows, sum ${sum}`;

async function listViews(client: pg.Client): Promise<Map<string, Relation>> {
	const relations = await listRelations(client);
	return new Map(relations.filter(({ kind }) => kind === "materialized view").map((view) => [view.name, view]));
}

function isSame(a: Content, b: Content): boolean {
	return a.rows === b.rows && a.sum === b.sum;
}

/**
 * What a view's query gives on the source, whose transaction it leaves as it was; nothing where the login may not run it. Its rows are
 * made under the view's settings, all of them before the first is printed under the session's own, as the sums are.
 */
async function compute(
	client: pg.Client,
	{ view, there, isOpen }: { view: Relation; there: Relation; isOpen: boolean },
	settings: Settings,
): Promise<Content | undefined> {
	const { rows } = await client.query<{ query: string }>("SELECT pg_catalog.pg_get_viewdef($1::oid) AS query", [
		view.oid,
	]);
	const query = String(rows[0]?.query).replace(/;\s*$/, "");
	const names = [...settings.keys(), "row_security"];
	const { rows: own } = await client.query<{ value: string }>(
		"SELECT coalesce(pg_catalog.current_setting(s.name, true), '') AS value FROM pg_catalog.unnest($1::text[]) AS s (name)",
		[names],
	);
	await client.query(isOpen ? "SAVEPOINT computed" : "BEGIN READ ONLY");
	try {
		await useSettings(client, new Map([...settings, ["row_security", "on"]]));
		const { rows: found } = await client.query<{ rows: string; sum: string }>(
			`WITH made AS MATERIALIZED (${query}),
			printed AS MATERIALIZED (SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, true)) AS settings
				FROM (SELECT pg_catalog.count(*) FROM made) AS whole, unnest($1::text[], $2::text[]) AS s (name, value))
			${summed("made", sharedColumns(view, there, "source"), " WHERE (SELECT settings FROM printed) > 0")}`,
			[names, own.map(({ value }) => value)],
		);
		return { rows: Number(found[0]?.rows), sum: String(found[0]?.sum) };
	} catch (error) {
		// Another role's tables, a policy that would filter, a function that does not find what it calls.
		if (isConnectionError(error)) throw error;
		return undefined;
	} finally {
		await client.query(isOpen ? "ROLLBACK TO SAVEPOINT computed" : "ROLLBACK");
	}
}
