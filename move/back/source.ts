/** Whether the old side is shut by a freeze, as the journal has it. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { isUndone, notesIn } from "../../packages/mover/journal/notes.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";

/** The stage's names of databases whose source is shut. */
export function shutSources(moved: MoveStage, lines: readonly JournalLine[]): string[] {
	return movedDatabases(moved).flatMap(({ handle }) => (notesIn(lines, handle).size > 0 ? [handle] : []));
}

/**
 * The stage's names of databases that the journal does not know to be open: a freeze of MySQL and Redis leaves nothing to undo, and one
 * that a person has made leaves no line.
 */
export function unopenedSources(moved: MoveStage, lines: readonly JournalLine[]): string[] {
	return movedDatabases(moved).flatMap(({ handle }) => {
		const last = lines.findLast(({ database, step }) => database === handle && (step === "freeze" || step === "thaw"));
		return last !== undefined && isUndone(last) ? [] : [handle];
	});
}

/** Whether a freeze has begun on a source that is not known to be open since. */
export function isFreezeBegun(moved: MoveStage, lines: readonly JournalLine[]): boolean {
	return unopenedSources(moved, lines).some((handle) =>
		lines.some(({ database, step }) => database === handle && step === "freeze"),
	);
}

/** Number of the last line of a thaw; 0 where there was none. */
export function lastThaw(lines: readonly JournalLine[]): number {
	return lines.findLast(({ step, state }) => step === "thaw" && state === "note")?.seq ?? 0;
}

/** Whether each source that is to be silent was found so since the last thaw. */
export function isProvedSilent(moved: MoveStage, lines: readonly JournalLine[]): boolean {
	const thawed = lastThaw(lines);
	return movedDatabases(moved).every(({ handle }) => {
		const last = lines.findLast(
			({ database, step, part, state }) =>
				database === handle && step === "freeze" && part === "silence" && state === "done",
		);
		return last !== undefined && last.seq > thawed && last.evidence.equal === true;
	});
}

/** Whether a source is shut. */
export function isSourceShut(moved: MoveStage, lines: readonly JournalLine[]): boolean {
	return shutSources(moved, lines).length > 0;
}
