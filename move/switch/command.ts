/** `switch` and `probe` as a person runs them: with the journal on the target, the engine on PATH, and a terminal. */
import type { Environment } from "../../aptible/api/environment.ts";
import type { Context } from "../../aptible/context.ts";
import { noteMarks, readCounters } from "../back/counters.ts";
import { noteInJournal } from "../dns/point-line.ts";
import { untilInterrupted } from "../interrupt.ts";
import { OperatorLock } from "../operator-lock.ts";
import { isDnsAsked, pointStage, refuseStage } from "../point.ts";
import { runProbes } from "../probe/probes.ts";
import { findTargets } from "../probe/targets.ts";
import type { Way, Ways } from "../session.ts";
import { type MoveStage, readMoveStage } from "../stage.ts";
import { agreeToUnknown, answering } from "./answer.ts";
import { pulumiEngine } from "./engine.ts";
import { lookUnlessLeft, type NightJournal, TargetJournal } from "./night-journal.ts";
import { type SwitchOptions, switchPhase } from "./switch.ts";
import { withWayOut } from "./without-journal.ts";

export interface CommandOptions {
	tell: (line: string) => void;
	/** Answers a question with what it asks for, where nobody is asked. */
	isSure: boolean;
}

/** How the stage, its journal and its databases are reached. */
export interface Reach {
	context: Context;
	environment: Environment;
	/** To the journal. */
	way: Way;
	ways: Ways;
}

/** @returns exit code */
export async function runSwitch(
	{ context, environment, way, ways }: Reach,
	moved: MoveStage,
	step: SwitchOptions,
	{ tell, isSure }: CommandOptions,
): Promise<number> {
	const ask = answering(step.to, isSure);
	const act = async (lock: OperatorLock | undefined) => {
		const journal = new TargetJournal(way, moved, lock);
		const engine = pulumiEngine(moved);
		if (isDnsAsked(step.to, step.to === "frozen" ? await engine.phase() : undefined)) {
			const unknown = await refuseStage(context, moved);
			if (step.to === "frozen") for (const line of unknown) tell(line);
			else if (!(await agreeToUnknown(unknown, { ask, tell }))) return 1;
		}
		// Ctrl-C ends what the engine does, the question, and a wait for the journal; what comes then is this command's to say.
		const outlive = () => {};
		process.on("SIGINT", outlive);
		try {
			return await switchPhase(moved, step, {
				journal,
				engine,
				ask,
				tell,
				// As the file has it by then, with the phase.
				probe: () => probeAll(context, readMoveStage(moved.name, moved.configFile), { journal, tell }),
				pointDomains: (side) =>
					pointAll(context, readMoveStage(moved.name, moved.configFile), side, { tell, journal, lock }),
				async mark(run, phase) {
					const counted = await readCounters(ways, environment, moved);
					for (const line of await noteMarks(journal, run, phase, counted)) tell(line);
				},
			});
		} finally {
			process.off("SIGINT", outlive);
		}
	};
	return alone(way, act).catch((error: unknown) => {
		throw withWayOut(error, moved, step.to);
	});
}

export interface ProbeOptions {
	tell: (line: string) => void;
	/** Domains that a person has tested by hand. */
	accept: readonly string[];
}

/** @returns exit code */
export async function runProbe(
	{ context, way }: Pick<Reach, "context" | "way">,
	moved: MoveStage,
	{ tell, accept }: ProbeOptions,
): Promise<number> {
	return alone(way, async (lock) => {
		const journal = new TargetJournal(way, moved, lock);
		const isPassed = await probeAll(context, moved, { journal, tell, accept });
		tell(isPassed ? "each domain has passed" : "not each domain has passed, as above");
		if (moved.stage.move?.phase === "prepare") tell("before live they are to pass once more, in trial");
		return isPassed ? 0 : 1;
	});
}

function probeAll(
	context: Context,
	moved: MoveStage,
	ports: { journal: NightJournal; tell: (line: string) => void; accept?: readonly string[] },
): Promise<boolean> {
	return runProbes(moved, { ...ports, find: () => findTargets(context, moved) });
}

/** Ctrl-C ends the wait alone: what is changed in DNS stays, and the command is run again. */
async function pointAll(
	context: Context,
	moved: MoveStage,
	to: "old" | "new",
	{ tell, journal, lock }: { tell: (line: string) => void; journal: NightJournal; lock: OperatorLock | undefined },
): Promise<void> {
	if (Object.keys(moved.stage.move?.domains ?? {}).length === 0) return;
	const point = (signal: AbortSignal) =>
		pointStage(context, moved, { to, tell, signal, note: noteInJournal(journal, tell) });
	await untilInterrupted((gone) =>
		lock === undefined ? point(gone) : lock.keep((lost) => point(AbortSignal.any([gone, lost]))),
	);
}

/** Does something while no other operator is at a step. */
async function alone(way: Way, act: (lock: OperatorLock | undefined) => Promise<number>): Promise<number> {
	// Without a journal there is nobody to wait for, and the step itself says what comes first.
	if (!(await lookUnlessLeft(way, async (session) => session !== undefined))) return act(undefined);
	const lock = new OperatorLock(way);
	try {
		await lock.hold();
		return await act(lock);
	} finally {
		await lock.release();
	}
}
