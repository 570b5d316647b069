/** Switches of the stage's phase, as the journal has them. */
import type { JournalLine } from "./line.ts";

/** A switch that was begun, and of which nobody has said that it is done or given up. */
export interface OpenSwitch {
	phase: string;
	/** The phase before it. */
	from: string;
	/** Whether its `pulumi up` may have begun. */
	hasUpdate: boolean;
}

export interface Switches {
	/** The last that is open. One to another phase that was given up since leaves it open. */
	open: OpenSwitch | undefined;
	/** The last that is open and whose update may have begun: the stage is in its phase, in the one before it, or between them. */
	updating: OpenSwitch | undefined;
	/** The phase of the last one that was carried through. */
	done: string | undefined;
}

/** @param lines in their order */
export function readSwitches(lines: readonly Pick<JournalLine, "step" | "state" | "evidence">[]): Switches {
	const open: OpenSwitch[] = [];
	let done: string | undefined;
	for (const { step, state, evidence } of lines) {
		if (step !== "switch") continue;
		const last = open.at(-1);
		if (state === "begin" && last?.phase !== evidence.phase) {
			open.push({ phase: String(evidence.phase), from: String(evidence.from), hasUpdate: false });
		}
		if (state === "note" && last !== undefined) last.hasUpdate = true;
		if (state === "failed" && evidence.reason === "refused" && last?.hasUpdate === false) open.pop();
		if (state === "done") {
			done = String(evidence.phase);
			open.length = 0;
		}
	}
	return { open: open.at(-1), updating: open.findLast(({ hasUpdate }) => hasUpdate), done };
}

/** Whether apps on Aptible may work on what was copied. @param lines as those of `readSwitches` */
export function mayServe(lines: Parameters<typeof readSwitches>[0]): boolean {
	const { updating, done } = readSwitches(lines);
	const phases = updating === undefined ? [done] : [updating.from, updating.phase];
	return phases.some((phase) => phase === "trial" || phase === "live");
}
