/** Objects whose last pass is missing where apps are about to start. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { placeOf } from "../../packages/mover/objects/configuration.ts";
import type { MoveStage } from "../stage.ts";

/**
 * One line where containers had no finished pass in `frozen` since MedStack was in use. It is no refusal: they may have been copied by
 * other means, which the journal does not know.
 */
export function warnOfObjects({ stage }: Pick<MoveStage, "stage">, lines: readonly JournalLine[]): string[] {
	const thawed = lines.findLast(({ step }) => step === "thaw")?.seq ?? 0;
	const isLast = ({ seq, step, state, evidence }: JournalLine) =>
		seq > thawed && step === "objects" && state === "done" && evidence.live === false;
	const passed = new Set(lines.filter(isLast).map(({ database }) => database));
	const missing = (stage.move?.objects ?? []).filter((name) => !passed.has(placeOf(name)));
	if (missing.length === 0) return [];
	return [
		`objects of ${missing.join(", ")}: no pass in the phase frozen is finished, and the apps would miss what MedStack has written last; unless they were copied by other means, answer with nothing, and first: npm run move -- objects --stack STACK`,
	];
}
