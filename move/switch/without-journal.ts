/** The way on where the journal cannot be reached, or is lost: a person's own, outside of the switch. */
import { isNightStep, isServing, type MovePhase, runVariable, withoutJournal } from "../../wire/move.ts";
import { LookLeft, Unreachable } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { readPhaseText } from "./phase-text.ts";

/**
 * What a person types who has to go on all the same.
 *
 * @param file in which the phase stands
 * @param from undefined where that is not known
 */
export function describeWithoutJournal(file: string, from: MovePhase | undefined, to: MovePhase): string {
	const isNight = from === undefined || isNightStep({ phase: from }, { phase: to });
	const up = `${isNight ? `${runVariable}=${withoutJournal} ` : ""}pulumi up --stack STACK`;
	const after = to === "frozen" || to === "cancelled" ? "; then: npm run move -- point --to old --stack STACK" : "";
	return `where nobody else is at the move, and the stage has to go on to ${to} all the same: set phase: ${to} in ${file}, and: ${up}${after}`;
}

/** Where the target's database is down, a person may have to lead the stage back without it; on the way on nothing works without it. */
export function withWayOut(error: unknown, moved: MoveStage, to: MovePhase): unknown {
	if (!(error instanceof LookLeft || error instanceof Unreachable)) return error;
	const { file } = readPhaseText(moved);
	const out = isServing(to) ? "" : `; or, ${describeWithoutJournal(file, undefined, to)}`;
	return new Error(`the journal on the target's database cannot be reached: ${error.message}. Run it again${out}`, {
		cause: error,
	});
}
