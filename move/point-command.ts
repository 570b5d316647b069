/** `point` as a person runs it: in the phase that the stack is in, and while no other operator is at a step. */
import type { Context } from "../aptible/context.ts";
import { JOURNAL_DATABASE } from "../packages/mover/journal/schema.ts";
import { type MovePhase, nextPhase, tellStep } from "../wire/move.ts";
import { noteInJournal } from "./dns/point-line.ts";
import type { Side } from "./dns/pointing.ts";
import { findJournalHandle } from "./journal-place.ts";
import { pointStage, type StagePointing } from "./point.ts";
import { findEnvironment, type MoveSession, type Way, Ways } from "./session.ts";
import type { MoveStage } from "./stage.ts";
import { type Engine, pulumiEngine } from "./switch/engine.ts";
import { lockOperator, TargetJournal } from "./switch/night-journal.ts";

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
	const { to, tell } = given;
	const made = await readPhase(pulumiEngine(moved), moved, given);
	refuseTypedPhase(to, made, moved);
	const isPreparing = to === "old" && moved.stage.move?.phase === "prepare" && made !== "frozen";
	let ways: Ways | undefined;
	let held: { way: Way; session: MoveSession } | undefined;
	try {
		try {
			const environment = await findEnvironment(context, moved);
			const all = new Ways(context, environment, tell);
			ways = all;
			const way = all.to(await findJournalHandle(context, environment, moved, (one) => all.to(one)));
			const session = await openJournal(way);
			held = session && { way, session };
		} catch (error) {
			if (to === "new") throw error;
			tell(`whether another operator is at a step is unknown: ${(error as Error).message}`);
		}
		if (held !== undefined) await lockOperator(held.session);
		const journal = held && new TargetJournal(held.way, moved);
		await pointStage(context, moved, { ...given, isPreparing, ...(journal && { note: noteInJournal(journal, tell) }) });
	} finally {
		await held?.session.end().catch(() => {});
		await ways?.close();
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
 * Refuses to lead people to a side that does not serve, whatever the stage file says.
 *
 * @param made the phase of the stack's last update
 */
export function refuseTypedPhase(to: Side, made: MovePhase | undefined, { stage, name }: MoveStage): void {
	const isOnAptible = made === "trial" || made === "live";
	if (to === "new" ? made === "live" : !isOnAptible) return;
	const typed = stage.move?.phase ?? "prepare";
	const isTyped = made !== typed && made !== undefined;
	throw new Error(
		`the stack ${name} is in the phase ${made ?? "none"} by its last update, and Pulumi.${name}.yaml has "${typed}"; point --to ${to} would lead people to a side that does not serve; first ` +
			(isTyped ? tellStep(made, nextPhase(made, [typed]), name) : `run \`pulumi up --stack ${name}\``),
	);
}

/** A session in the journal's database; undefined where no mover has made it yet. */
async function openJournal(way: Way): Promise<MoveSession | undefined> {
	try {
		return await way.connect(JOURNAL_DATABASE);
	} catch (error) {
		if ((error as { code?: unknown }).code === NO_SUCH_DATABASE) return undefined;
		throw error;
	}
}

const NO_SUCH_DATABASE = "3D000";
