/** What stands in the place of the stage's databases, as the journal has it. */
import type { Asks } from "./journal.ts";

/** A run that is swapped in. */
export interface Standing {
	run: string;
	/** Of a source that is frozen, or a rehearsal that is kept. */
	command: "copy" | "rehearse";
}

/** The last run that was swapped in; undefined where there is none, or it was put back. */
export async function readStanding(client: Asks): Promise<Standing | undefined> {
	const { rows } = await client.query(
		`SELECT journal.run, wishes.command, journal.state = 'done' AS stands FROM public.journal
		JOIN public.wishes ON wishes.run = journal.run AND wishes.command IN ('copy', 'rehearse')
		WHERE journal.step = 'swap' AND (journal.state = 'done' OR journal.evidence ? 'undone') ORDER BY journal.seq DESC LIMIT 1`,
	);
	const [last] = rows;
	return last?.stands === true ? { run: last.run, command: last.command } : undefined;
}
