/** `point` as a person runs it: in the phase that the stack is in, and while no other operator is at a step. */
import type { Context } from "../aptible/context.ts";
import { isServing, type MovePhase, nextPhase, tellStep } from "../wire/move.ts";
import { noteInJournal } from "./dns/point-line.ts";
import type { Side } from "./dns/pointing.ts";
import { findJournalHandle } from "./journal-place.ts";
import { OperatorLock } from "./operator-lock.ts";
import { pointStage, type StagePointing } from "./point.ts";
import { findEnvironment, type Way, Ways } from "./session.ts";
import type { MoveStage } from "./stage.ts";
import { type Engine, pulumiEngine } from "./switch/engine.ts";
import { TargetJournal } from "./switch/night-journal.ts";

/** What a person's own step stands on. */
export interface PointPorts {
	engine: Pick<Engine, "phase">;
	/** The way to the journal. */
	findWay(): Promise<Pick<Way, "connect" | "look">>;
	point(found: Pick<StagePointing, "isPreparing" | "note" | "signal">): Promise<unknown>;
}

/**
 * Leads each domain under `move.domains` to a side. On the way back it goes on where neither the stack nor the journal can be asked.
 *
 * @throws Error where the stack's phase is another, another operator is at a step, and what `pointStage` throws
 */
export async function runPoint(
	context: Context,
	moved: MoveStage,
	given: Pick<StagePointing, "to" | "tell" | "signal">,
): Promise<void> {
	let ways: Ways | undefined;
	try {
		await pointAlone(moved, given, {
			engine: pulumiEngine(moved),
			async findWay() {
				const environment = await findEnvironment(context, moved);
				const all = new Ways(context, environment, given.tell);
				ways = all;
				return all.to(await findJournalHandle(context, environment, moved, (one) => all.to(one)));
			},
			point: (found) => pointStage(context, moved, { ...given, ...found }),
		});
	} finally {
		await ways?.close();
	}
}

/** Does it in the phase that the stack is in, while no other operator is at a step. @throws as `runPoint` */
export async function pointAlone(
	moved: MoveStage,
	{ to, tell, signal }: Pick<StagePointing, "to" | "tell" | "signal">,
	{ engine, findWay, point }: PointPorts,
): Promise<void> {
	const made = await readPhase(engine, moved, { to, tell });
	refuseTypedPhase(to, made, moved);
	if (to === "old" && isServing(made)) {
		tell(`the stack is in the phase ${made} by its last update, so that services may run on Aptible still`);
	}
	const isPreparing = to === "old" && moved.stage.move?.phase === "prepare" && made !== "frozen";
	let way: Pick<Way, "connect" | "look"> | undefined;
	let isThere = false;
	try {
		way = await findWay();
		isThere = await way.look(async (session) => session !== undefined, { patienceMs: 0, signal });
	} catch (error) {
		if (to === "new") throw error;
		tell(`whether another operator is at a step is unknown: ${(error as Error).message}`);
	}
	if (way === undefined || !isThere) {
		await point({ isPreparing, signal });
		return;
	}
	const lock = new OperatorLock(way);
	try {
		await lock.hold();
		const note = noteInJournal(new TargetJournal(way, moved, lock), tell);
		// Servers are waited for longer than a tunnel may last.
		await lock.keep((lost) => point({ isPreparing, note, signal: AbortSignal.any([signal, lost]) }));
	} finally {
		await lock.release();
	}
}

/** Of the last update; undefined where there was none, and on the way back where nobody says. */
async function readPhase(
	engine: Pick<Engine, "phase">,
	{ stage }: MoveStage,
	{ to, tell }: Pick<StagePointing, "to" | "tell">,
): Promise<MovePhase | undefined> {
	try {
		return await engine.phase();
	} catch (error) {
		if (to === "new" || stage.move?.phase === "prepare") throw error;
		tell(`which phase the stack is in is unknown: ${(error as Error).message}`);
		return undefined;
	}
}

/**
 * Refuses to lead people to a side that does not serve, whatever the stage file says. On the way back an update may be what fails: there the
 * services themselves decide (`pointStage`).
 *
 * @param made the phase of the stack's last update
 */
export function refuseTypedPhase(to: Side, made: MovePhase | undefined, { stage, name }: MoveStage): void {
	const typed = stage.move?.phase ?? "prepare";
	if (to === "new" ? made === "live" : !isServing(made) || typed === "frozen") return;
	const isTyped = made !== typed && made !== undefined;
	throw new Error(
		`the stack ${name} is in the phase ${made ?? "none"} by its last update, and Pulumi.${name}.yaml has "${typed}"; point --to ${to} would lead people to a side that does not serve; first ` +
			(isTyped ? tellStep(made, nextPhase(made, [typed]), name) : `run \`pulumi up --stack ${name}\``),
	);
}
