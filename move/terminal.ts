import type { Output } from "./progress.ts";

/** Where a command talks with the person who runs it. */
export interface Terminal extends Output {
	/** Writes what is beside the step's result: mistakes, warnings. */
	complain: (text: string) => void;
	/** Ends when the person goes away, which from then on ends no command by itself. */
	untilGone: () => AbortSignal;
}
