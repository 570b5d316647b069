/** What freezes have noted in the journal, and nobody has undone. */
import type { Notes } from "../engine.ts";
import type { Evidence } from "../steps.ts";
import type { Asks } from "./journal.ts";
import type { JournalLine } from "./line.ts";

/** Whether a line says that a freeze is undone. */
export const isUndone = ({ step, state, evidence }: Pick<JournalLine, "step" | "state" | "evidence">) =>
	step === "thaw" && state === "note" && evidence.undone === true;

/**
 * What is to be undone on a database's source. Of a part that was noted more than once, how it was first counts: later it was what an
 * earlier freeze had made of it.
 *
 * @param lines in their order
 */
export function notesIn(
	lines: readonly Pick<JournalLine, "database" | "step" | "part" | "state" | "evidence">[],
	database: string,
): Notes {
	const notes = new Map<string, Evidence>();
	for (const line of lines) {
		if (line.database !== database) continue;
		if (isUndone(line)) notes.clear();
		const isNote = line.step === "freeze" && line.state === "note" && line.part !== "";
		if (isNote && !notes.has(line.part)) notes.set(line.part, line.evidence);
	}
	return notes;
}

/**
 * The line with which the freeze of all these databases was proven last.
 *
 * @param lines in their order
 * @returns its number; undefined where one of them is not frozen, or something of a freeze or a thaw came after its proof
 */
export function findFreeze(
	lines: readonly Pick<JournalLine, "seq" | "database" | "step" | "part" | "state" | "evidence">[],
	databases: readonly string[],
): number | undefined {
	let proven = 0;
	for (const name of databases) {
		const last = lines.findLast(({ database, step }) => database === name && (step === "freeze" || step === "thaw"));
		const isProof =
			last?.step === "freeze" && last.state === "note" && last.part === "" && last.evidence.blockers === 0;
		if (last === undefined || !isProof) return undefined;
		proven = Math.max(proven, last.seq);
	}
	return proven;
}

export async function readNotes(client: Asks, database: string): Promise<Notes> {
	const { rows } = await client.query(
		`SELECT database, step, part, state, evidence FROM public.journal
		WHERE database = $1 AND step IN ('freeze', 'thaw') AND state = 'note' ORDER BY journal.seq`,
		[database],
	);
	return notesIn(rows, database);
}
