import type { JournalLine, LineState } from "../../packages/mover/journal/line.ts";
import { JOURNAL_DATABASE } from "../../packages/mover/journal/schema.ts";
import { type OpenSwitch as OpenSwitchLine, readSwitches } from "../../packages/mover/journal/switches.ts";
import type { Evidence } from "../../packages/mover/steps.ts";
import { MovePhase } from "../../wire/move.ts";
import { refuseAnyWork } from "../guards.ts";
import { untilInterrupted } from "../interrupt.ts";
import { lastRun, noteByOperator } from "../operator-line.ts";
import type { OperatorLock } from "../operator-lock.ts";
import { LookLeft, type MoveSession, type Way } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { compareJournals } from "../work.ts";

export type OperatorStep = "switch" | "probe" | "point" | "mark" | "back" | "night" | "thaw";

/** What tells lines of one step apart. */
export interface LinePlace {
	/** The stage's name of the database. @default what is about all of them */
	database?: string;
	/** A word of the journal's. @default the step itself */
	part?: string;
}

/** The journal as a switch and a probe see it. */
export interface NightJournal {
	/** The run that a line is written for: the last one that a mover took up; undefined where none did. */
	run(): Promise<string | undefined>;
	/** All lines, in their order. */
	lines(): Promise<readonly JournalLine[]>;
	/** Writes a line on the server and into the file beside the stage. */
	write(run: string, step: OperatorStep, state: LineState, evidence: Evidence, at?: LinePlace): Promise<void>;
	/** @throws where work is wished for, whether or not a mover has it in hand, and where another operator is at a step */
	refuseOthers(): Promise<void>;
}

/** A switch that was begun, and of which nobody has said that it is done or given up. */
export interface OpenSwitch extends OpenSwitchLine {
	phase: MovePhase;
	from: MovePhase;
}

/** The switch that was killed, or whose update has failed; undefined where none is open. */
export function findOpenSwitch(lines: readonly JournalLine[]): OpenSwitch | undefined {
	return inPhases(readSwitches(lines).open);
}

/** The last open switch whose update may have begun, whichever was begun since: the stage is in its phase, in the one before it, or between them. */
export function findUpdatingSwitch(lines: readonly JournalLine[]): OpenSwitch | undefined {
	return inPhases(readSwitches(lines).updating);
}

function inPhases(open: OpenSwitchLine | undefined): OpenSwitch | undefined {
	return open && { ...open, phase: MovePhase.parse(open.phase), from: MovePhase.parse(open.from) };
}

/**
 * The phase that the stage is in by the journal: that of a switch whose update may have begun, else of the last one that was carried
 * through; undefined where there was none.
 */
export function phaseInJournal(lines: readonly JournalLine[]): MovePhase | undefined {
	const { updating, done } = readSwitches(lines);
	return MovePhase.optional().parse(updating?.phase ?? done);
}

/** The journal on the target, through a way to it. */
export class TargetJournal implements NightJournal {
	readonly #way: Pick<Way, "look">;
	readonly #moved: MoveStage;
	readonly #lock: Pick<OperatorLock, "hold"> | undefined;

	/** @param lock of the step, held for each line that is written; absent: the caller sees to it */
	constructor(way: Pick<Way, "look">, moved: MoveStage, lock?: Pick<OperatorLock, "hold">) {
		this.#way = way;
		this.#moved = moved;
		this.#lock = lock;
	}

	run(): Promise<string | undefined> {
		return this.#look(async (session) => session && lastRun(session));
	}

	lines(): Promise<readonly JournalLine[]> {
		return this.#look(async (session) => {
			return session === undefined ? [] : compareJournals(session, this.#moved);
		});
	}

	async write(
		run: string,
		step: OperatorStep,
		state: LineState,
		evidence: Evidence,
		{ database, part }: LinePlace = {},
	): Promise<void> {
		await this.#lock?.hold();
		await this.#look(async (session) => {
			if (session === undefined) throw new Error(JOURNAL_GONE);
			// Sent once more after a connection that ended, it stands there twice, which says the same.
			await noteByOperator(session, { step, database, part, state, evidence, run });
			await compareJournals(session, this.#moved);
		});
	}

	async refuseOthers(): Promise<void> {
		await this.#lock?.hold();
		await this.#look(async (session) => session && refuseAnyWork(session));
	}

	#look<T>(use: (session: MoveSession | undefined) => Promise<T>): Promise<T> {
		return lookUnlessLeft(this.#way, use);
	}
}

/** Longer than a restart of the target's database, and shorter than users mind. */
const PATIENCE_MS = 120_000;

const JOURNAL_GONE = `database ${JOURNAL_DATABASE} is gone from the target; run the command again, and where it stays gone see docs/move.md, "The phases"`;

/** As `Way.look`; Ctrl-C ends the wait for a target that does not answer. @throws LookLeft */
export async function lookUnlessLeft<T>(
	way: Pick<Way, "look">,
	use: (session: MoveSession | undefined) => Promise<T>,
): Promise<T> {
	return untilInterrupted(
		(signal) => way.look(use, { signal, patienceMs: PATIENCE_MS }),
		() => new LookLeft(),
	);
}
