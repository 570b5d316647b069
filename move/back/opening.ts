/** What the journal says of Aptible's side since it was last opened: whether it may have been written to, and by which marks that is counted. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import type { Evidence } from "../../packages/mover/steps.ts";
import type { MovePhase } from "../../wire/move.ts";

type Line = Pick<JournalLine, "database" | "step" | "part" | "state" | "evidence">;

export interface Opening {
	/** Databases that apps on Aptible may have written to since their copy. */
	opened: ReadonlySet<string>;
	/** Counters of each before it was opened. */
	marks: ReadonlyMap<string, Evidence>;
	/** Counters of each before users were led to it. */
	liveMarks: ReadonlyMap<string, Evidence>;
	/** Whether DNS may lead to Aptible. */
	isLed: boolean;
}

/**
 * Reads it from the journal. What was written in a trial stays when Aptible is closed and opened once more, so that the first marks count
 * until another copy takes the database's place, or MedStack serves again.
 *
 * @param handles the databases that move
 * @param made the phase of the stage: it may have been opened without a switch, and has no marks then
 */
export function findOpening(lines: readonly Line[], handles: readonly string[], made: MovePhase | undefined): Opening {
	const opened = new Set<string>();
	const marks = new Map<string, Evidence>();
	const liveMarks = new Map<string, Evidence>();
	let isLed = false;
	const forget = () => {
		for (const one of [opened, marks, liveMarks]) one.clear();
	};
	const open = (phase: unknown) => {
		if (phase !== "trial" && phase !== "live") return;
		for (const handle of handles) opened.add(handle);
		if (phase === "live") isLed = true;
	};
	for (const { database, step, part, state, evidence } of lines) {
		const { phase } = evidence;
		if (step === "mark") {
			const kept = phase === "live" ? liveMarks : marks;
			if (!kept.has(database)) kept.set(database, evidence);
		}
		if (step === "switch" && state === "begin") open(evidence.from);
		if (step === "switch" && state === "note") open(phase);
		if (step === "back" && state === "begin" && part === "") open(phase);
		if (step === "switch" && state === "done" && phase === "prepare") forget();
		if (step === "swap" && state === "done") for (const one of [opened, marks, liveMarks]) one.delete(database);
		if (step === "back" && state === "done") {
			if (part === "domains") isLed = false;
			if (part === "") forget();
		}
	}
	open(made);
	return { opened, marks, liveMarks, isLed };
}

/** A way back that was begun and is not at its end. */
export interface OpenBack {
	/** When it was begun. */
	at: string;
	/** Its lines. */
	lines: readonly JournalLine[];
}

/** Refuses what must not be done beside a way back. @throws where one was begun and is not at its end */
export function refuseOpenBack(lines: readonly JournalLine[]): void {
	const back = findOpenBack(lines);
	if (back === undefined) return;
	throw new Error(
		`a way back to MedStack was begun at ${back.at} and is not at its end; end it first: npm run move -- back --stack STACK`,
	);
}

/** The way back that was killed or left; undefined where none is open. */
export function findOpenBack(lines: readonly JournalLine[]): OpenBack | undefined {
	let open: { at: string; lines: JournalLine[] } | undefined;
	for (const line of lines) {
		if (line.step !== "back") continue;
		if (line.part === "" && line.state === "begin") open ??= { at: line.at, lines: [] };
		else if (line.part === "") open = undefined;
		else open?.lines.push(line);
	}
	return open;
}
