/** Objects whose last pass is missing where apps are about to start. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { findFreeze } from "../../packages/mover/journal/notes.ts";
import { placeOf } from "../../packages/mover/objects/configuration.ts";
import type { MoveStage } from "../stage.ts";

/**
 * One line where containers had no finished pass that began after the freeze that stands. It is no refusal: they may have been copied by
 * other means, which the journal does not know.
 */
export function warnOfObjects({ stage }: Pick<MoveStage, "stage">, lines: readonly JournalLine[]): string[] {
	const frozen = findFreeze(lines, Object.keys(stage.move?.databases ?? {}));
	const isAfter = (done: JournalLine) =>
		frozen !== undefined &&
		lines.some(({ seq, run, database, step, state }) => {
			const isItsOwn = run === done.run && database === done.database && step === "objects" && state === "begin";
			return isItsOwn && seq > frozen && seq < done.seq;
		});
	const isLast = ({ step, state, evidence }: JournalLine) =>
		step === "objects" && state === "done" && evidence.live === false;
	const passed = new Set(lines.filter((line) => isLast(line) && isAfter(line)).map(({ database }) => database));
	const missing = (stage.move?.objects ?? []).filter((name) => !passed.has(placeOf(name)));
	if (missing.length === 0) return [];
	return [
		`objects of ${missing.join(", ")}: no pass that began after the freeze is finished, and the apps would miss what MedStack has written last; unless they were copied by other means, answer with nothing, and first: npm run move -- objects --stack STACK`,
	];
}
