/** Steps that keep nothing: what is done is known from the target alone, as after the loss of a journal. */
import type { Evidence, StepActions, StepName, Steps } from "../../steps.ts";

/** A moment in a step; a test may fail or kill its process there. */
export type Moment = "begin" | "acted" | "done";

export interface MemoryStepsOptions {
	run?: string;
	epoch?: number;
	signal?: AbortSignal;
	/** Sees each moment of a step that is not done yet. */
	onMoment?: (moment: Moment, name: StepName, part: string) => void | Promise<void>;
	/** Waits between two parts. */
	onCheckpoint?: () => void | Promise<void>;
}

/** What was done, in order, beside the steps themselves. */
export interface MemorySteps extends Steps {
	readonly acted: readonly string[];
}

export function memorySteps(options: MemoryStepsOptions = {}): MemorySteps {
	const { run = "r7", epoch = 1, signal = new AbortController().signal, onMoment, onCheckpoint } = options;
	const acted: string[] = [];
	return {
		run,
		epoch,
		signal,
		acted,
		async step(name: StepName, part: string, { look, act }: StepActions): Promise<Evidence> {
			signal.throwIfAborted();
			const found = await look();
			if (found !== undefined) return found;
			await onMoment?.("begin", name, part);
			await act();
			acted.push([name, part].join(" ").trim());
			await onMoment?.("acted", name, part);
			const evidence = await look();
			if (evidence === undefined) throw new Error(`step ${name} ${part} shows nothing after it was done`);
			await onMoment?.("done", name, part);
			return evidence;
		},
		async checkpoint() {
			signal.throwIfAborted();
			await onCheckpoint?.();
			signal.throwIfAborted();
		},
	};
}
