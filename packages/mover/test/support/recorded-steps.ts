/** Steps that keep their lines with the times, as the journal does: what a forecast is made from. */
import type { TimedLine } from "../../forecast.ts";
import type { Steps } from "../../steps.ts";
import { memorySteps } from "./memory-steps.ts";

export interface RecordedSteps extends Steps {
	readonly lines: readonly TimedLine[];
}

/** @param onLine sees each line when it is noted */
export function recordedSteps(run: string, onLine: (line: TimedLine) => void = () => {}): RecordedSteps {
	const steps = memorySteps({ run });
	const lines: TimedLine[] = [];
	const note = (line: Omit<TimedLine, "at">) => {
		const noted = { at: new Date().toISOString(), ...line };
		lines.push(noted);
		onLine(noted);
	};
	return {
		...steps,
		lines,
		async step(step, part, actions) {
			note({ step, part, state: "begin", evidence: {} });
			const evidence = await steps.step(step, part, actions);
			note({ step, part, state: "done", evidence });
			return evidence;
		},
	};
}
