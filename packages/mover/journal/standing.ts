/** What stands in the place of the stage's databases, as the journal has it. */
import type { Asks } from "./journal.ts";

/** A run that is swapped in. */
export interface Standing {
	run: string;
	/** Of a source that is frozen, or a rehearsal that is kept. */
	command: "copy" | "rehearse";
}

/** The last run that was swapped in whole; undefined where there is none, it was put back, or one of its databases is not in its place. */
export async function readStanding(client: Asks): Promise<Standing | undefined> {
	// Of each database that the run has checked, the last word on its swap.
	const { rows } = await client.query(
		`SELECT run, (SELECT command FROM public.wishes WHERE wishes.run = last.run AND command IN ('copy', 'rehearse') LIMIT 1) AS command,
			NOT EXISTS (SELECT FROM public.journal AS checked WHERE checked.run = last.run AND checked.step = 'check'
				AND 'done' IS DISTINCT FROM (SELECT state FROM public.journal AS swap WHERE swap.run = last.run
					AND swap.step = 'swap' AND swap.database = checked.database ORDER BY swap.seq DESC LIMIT 1)) AS stands
		FROM public.journal AS last WHERE step = 'swap' AND (state = 'done' OR evidence ? 'undone') ORDER BY last.seq DESC LIMIT 1`,
	);
	const [last] = rows;
	return last?.stands === true && last.command !== null ? { run: last.run, command: last.command } : undefined;
}

/** Whether the last word on a database's swap in a run is that it is done. */
export async function isSwapDone(client: Asks, run: string, database: string): Promise<boolean> {
	const { rows } = await client.query(
		"SELECT state FROM public.journal WHERE run = $1 AND database = $2 AND step = 'swap' ORDER BY journal.seq DESC LIMIT 1",
		[run, database],
	);
	return rows[0]?.state === "done";
}

/** Whether a swap of a run has failed, or was put back. */
export async function hasSwapFailed(client: Asks, run: string): Promise<boolean> {
	const { rows } = await client.query(
		"SELECT FROM public.journal WHERE run = $1 AND step = 'swap' AND (state = 'failed' OR evidence ? 'undone') LIMIT 1",
		[run],
	);
	return rows.length > 0;
}

/** The last run whose copy is there and not swapped in. */
export async function copiedRun(client: Asks): Promise<string | undefined> {
	const { rows } = await client.query(
		`SELECT run FROM public.wishes WHERE command = 'copy' AND state = 'failed'
		AND run IN (SELECT run FROM public.journal WHERE step = 'create-database' AND state = 'done')
		ORDER BY wishes.id DESC LIMIT 1`,
	);
	return rows[0]?.run;
}

/** Runs whose copies were begun and are not removed, by what was wished for and how that ended. */
export async function runsWithCopies(
	client: Asks,
	commands: readonly string[],
	states: readonly string[],
): Promise<string[]> {
	const { rows } = await client.query(
		`SELECT DISTINCT run FROM public.wishes WHERE command = ANY ($1) AND state = ANY ($2)
		AND run NOT IN (SELECT run FROM public.journal WHERE step = 'drop' AND state = 'done')
		AND run IN (SELECT run FROM public.journal WHERE step = 'create-database')`,
		[commands, states],
	);
	return rows.map(({ run }) => run as string);
}

/**
 * Databases of a run that is in its place in which URLs were rewritten since: they are not as their sources any more. What was rolled
 * back does not count; a connection that ended may have ended after the commit.
 */
export async function readRewritten(client: Asks, run: string): Promise<string[]> {
	const { rows } = await client.query(
		`SELECT DISTINCT database FROM public.journal AS note WHERE step = 'rewrite' AND state = 'note' AND evidence ->> 'run' = $1
		AND NOT EXISTS (SELECT FROM public.journal AS failed WHERE failed.run = note.run AND failed.database = note.database
			AND failed.seq > note.seq AND failed.step = 'rewrite' AND failed.state = 'failed' AND failed.evidence ->> 'reason' = 'failed')
		ORDER BY database`,
		[run],
	);
	return rows.map(({ database }) => database as string);
}
