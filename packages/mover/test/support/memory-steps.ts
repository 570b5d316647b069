import type { Evidence, StepActions, StepName, Steps } from "../../steps.ts";

/** Steps that keep their journal in memory. */
export class MemorySteps implements Steps {
	readonly run: string;
	readonly epoch: number;
	readonly signal = new AbortController().signal;
	readonly lines: { step: StepName; part: string; state: "begin" | "done"; evidence?: Evidence }[] = [];
	/** Number of steps after which the holder dies. */
	failAfter = Number.POSITIVE_INFINITY;

	constructor(run = "r1", epoch = 1) {
		this.run = run;
		this.epoch = epoch;
	}

	async step(step: StepName, part: string, actions: StepActions): Promise<Evidence> {
		if (this.lines.filter(({ state }) => state === "done").length >= this.failAfter) {
			throw new Error("killed");
		}
		let evidence = await actions.look();
		if (evidence === undefined) {
			this.lines.push({ step, part, state: "begin" });
			await actions.act();
			evidence = await actions.look();
		}
		if (evidence === undefined) {
			throw new Error(`step ${step} ${part} was done, and its look shows nothing`);
		}
		this.lines.push({ step, part, state: "done", evidence });
		return evidence;
	}

	async checkpoint(): Promise<void> {}
}
