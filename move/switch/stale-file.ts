/** The stage file is one machine's, and the phase is the stage's. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { isNightStep, runVariable, withoutJournal } from "../../wire/move.ts";
import type { MoveStage } from "../stage.ts";
import { phaseInJournal } from "./night-journal.ts";

/**
 * Refuses a stage file that is not of the phase that the journal has: another machine's switch was not pulled. Between phases that take
 * updates from everywhere the journal knows nothing.
 *
 * @throws with what to do
 */
export function refuseStaleFile(
	lines: readonly JournalLine[],
	{ stage, name }: Pick<MoveStage, "stage" | "name">,
): void {
	const [phase, made] = [stage.move?.phase, phaseInJournal(lines)];
	if (phase === undefined || made === undefined || made === phase) return;
	if (!isNightStep({ phase: made }, { phase })) return;
	if (process.env[runVariable] === withoutJournal) return;
	throw new Error(
		`Pulumi.${name}.yaml has move.phase: "${phase}", and by the journal the stage is in "${made}"; another machine has switched it: git pull first. Where the switch is this file's own: npm run move -- switch ${phase} --stack STACK. Where the phase was changed without the journal: npm run move -- switch ${phase} --again --stack STACK`,
	);
}
