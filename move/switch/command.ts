/** `switch` and `probe` as a person runs them: with the journal on the target, the engine on PATH, and a terminal. */
import type { Environment } from "../../aptible/api/environment.ts";
import type { Context } from "../../aptible/context.ts";
import { noteMarks, readCounters } from "../back/counters.ts";
import { pointStage, refuseStage } from "../point.ts";
import { runProbes } from "../probe/probes.ts";
import { findTargets } from "../probe/targets.ts";
import type { MoveSession, Way, Ways } from "../session.ts";
import { type MoveStage, readMoveStage } from "../stage.ts";
import { answering } from "./answer.ts";
import { pulumiEngine } from "./engine.ts";
import { lockOperator, type NightJournal, TargetJournal } from "./night-journal.ts";
import { type SwitchOptions, switchPhase } from "./switch.ts";

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
	return alone(way, async () => {
		const journal = new TargetJournal(way, moved);
		await journal.refuseWork();
		if (step.to === "live") for (const line of await refuseStage(context, moved)) tell(line);
		// Ctrl-C ends what the engine does, and the question; what comes then is this command's to say.
		const outlive = () => {};
		process.on("SIGINT", outlive);
		try {
			return await switchPhase(moved, step, {
				journal,
				engine: pulumiEngine(moved),
				ask,
				tell,
				// As the file has it by then, with the phase.
				probe: () => probeAll(context, readMoveStage(moved.name, moved.configFile), journal, tell),
				pointDomains: (side) => pointAll(context, readMoveStage(moved.name, moved.configFile), side, tell),
				async mark(run, phase) {
					const counted = await readCounters(ways, environment, moved);
					for (const line of await noteMarks(journal, run, phase, counted)) tell(line);
				},
				now: () => new Date(),
			});
		} finally {
			process.off("SIGINT", outlive);
		}
	});
}

/** @returns exit code */
export async function runProbe(
	{ context, way }: Pick<Reach, "context" | "way">,
	moved: MoveStage,
	{ tell }: Pick<CommandOptions, "tell">,
): Promise<number> {
	return alone(way, async () => {
		const isPassed = await probeAll(context, moved, new TargetJournal(way, moved), tell);
		tell(isPassed ? "each domain has passed" : "not each domain has passed, as above");
		return isPassed ? 0 : 1;
	});
}

function probeAll(
	context: Context,
	moved: MoveStage,
	journal: NightJournal,
	tell: (line: string) => void,
): Promise<boolean> {
	return runProbes(moved, { journal, find: () => findTargets(context, moved), tell });
}

/** Ctrl-C ends the wait alone: what is changed in DNS stays, and the command is run again. */
async function pointAll(
	context: Context,
	moved: MoveStage,
	to: "old" | "new",
	tell: (line: string) => void,
): Promise<void> {
	if (Object.keys(moved.stage.move?.domains ?? {}).length === 0) return;
	const gone = new AbortController();
	const end = () => gone.abort();
	process.on("SIGINT", end);
	try {
		await pointStage(context, moved, { to, tell, signal: gone.signal });
	} finally {
		process.off("SIGINT", end);
	}
}

/** Does something while no other operator is at a step. */
async function alone(way: Way, act: () => Promise<number>): Promise<number> {
	const isThere = await way.look(async (session) => session !== undefined);
	// Without a journal there is nobody to wait for, and the step itself says what comes first.
	if (!isThere) return act();
	const session: MoveSession = await way.connect("move");
	try {
		await lockOperator(session);
		return await act();
	} finally {
		await session.end().catch(() => {});
	}
}
