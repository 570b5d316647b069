/** What a run found, for the operator's command: unlike the journal's lines it names tables and other objects, never rows. */
import type { Asks, Holder } from "./journal.ts";

export type ReportKind = "findings" | "verification" | "failure" | "sizes" | "watch" | "night";

/** What a forecast needs of a run beside its lines: a report of the kind `sizes`. */
export interface Sizes {
	/**
	 * Bytes of each table of the source, by its number, and by `CLASS.OID` of an index or a constraint those of its table; of each database
	 * of Redis; by what its parts begin with in the journal.
	 */
	tables: Readonly<Record<string, number>>;
	/** Memory of the target's container, as the hand-over file says. */
	containerMb: number | null;
}

export interface StoredReport {
	run: string;
	database: string;
	kind: ReportKind;
	at: Date;
	body: unknown;
}

/** Keeps what was found last for a database in a run. */
export async function storeReport(
	client: Asks,
	{ holder, epoch }: Holder,
	{ run, database, kind, body }: Omit<StoredReport, "at">,
): Promise<void> {
	await client.query(
		`INSERT INTO public.reports (run, database, kind, body) SELECT $1, $4, $5, $6
		WHERE EXISTS (SELECT FROM public.lease WHERE holder = $2 AND epoch = $3 FOR SHARE)
		ON CONFLICT (run, database, kind) DO UPDATE SET body = excluded.body, at = clock_timestamp()`,
		[run, holder, epoch, database, kind, JSON.stringify(body)],
	);
}

/** As `storeReport`, by whoever needs no lease: the operator's command, once no mover gets in. */
export async function replaceReport(
	client: Asks,
	{ run, database, kind, body }: Omit<StoredReport, "at">,
): Promise<void> {
	await client.query(
		`INSERT INTO public.reports (run, database, kind, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (run, database, kind) DO UPDATE SET body = excluded.body, at = clock_timestamp()`,
		[run, database, kind, JSON.stringify(body)],
	);
}

/** Removes what was found, as it is so no more. */
export async function clearReport(
	client: Asks,
	{ holder, epoch }: Holder,
	{ run, database, kind }: Pick<StoredReport, "run" | "database" | "kind">,
): Promise<void> {
	await client.query(
		`DELETE FROM public.reports WHERE run = $1 AND database = $4 AND kind = $5
		AND EXISTS (SELECT FROM public.lease WHERE holder = $2 AND epoch = $3 FOR SHARE)`,
		[run, holder, epoch, database, kind],
	);
}

/** What was found in a run. */
export async function readReports(client: Asks, run: string): Promise<StoredReport[]> {
	const { rows } = await client.query(
		"SELECT run, database, kind, at, body FROM public.reports WHERE run = $1 ORDER BY database, kind",
		[run],
	);
	return rows;
}
