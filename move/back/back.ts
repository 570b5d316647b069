/** `back`: MedStack serves again, from wherever the night is. It may be killed anywhere and run again. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import type { MovePhase } from "../../wire/move.ts";
import { findNight } from "../night/steps.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { findUpdatingSwitch } from "../switch/night-journal.ts";
import { boundaryOf, describeSides } from "./describe.ts";
import { type AcceptedLoss, countLoss, describeLoss, refuseLoss } from "./loss.ts";
import { findOpenBack, findOpening } from "./opening.ts";
import { isDone } from "./parts.ts";
import { isFreezeBegun } from "./source.ts";
import { type BackPorts, type Begun, Unfinished, Walk } from "./walk.ts";

/**
 * Leads the stage back to MedStack: Aptible to `frozen`, the loss counted, DNS, its wait, the source opened, MedStack's services, and the
 * phase that is right afterwards. In this order, so that at no moment both sides are open to writes.
 *
 * @param accepted how many rows that were written on Aptible may be lost. @default none
 * @returns exit code: 1 where it was given up or is not at its end
 * @throws where nothing can be gone back from, with why
 */
export async function goBack(
	moved: MoveStage,
	{ accepted }: { accepted: AcceptedLoss | undefined },
	ports: BackPorts,
): Promise<number> {
	const { journal, engine, tell, ask, isSure, isOver } = ports;
	if (isOver) {
		throw new Error(
			"the move is closed, which is its point of no return: the mover's login is shut, and what MedStack has is old",
		);
	}
	const run = await journal.run();
	if (run === undefined) throw new Error("no mover has made a run yet: nothing was frozen, and MedStack serves");
	const lines = await journal.lines();
	const made = await engine.phase();
	const open = findOpenBack(lines);
	if (made === undefined) throw new Error(`stack ${moved.name} has no phase, as no update of it has ended`);
	if (made === "cancelled" && open === undefined) {
		throw new Error("the move was cancelled, and MedStack serves; next: npm run move -- close --stack STACK");
	}
	const opening = findOpening(
		lines,
		movedDatabases(moved).map(({ handle }) => handle),
		made,
	);
	if (!(await isAnythingLeft(moved, { lines, made, open, opening }, ports))) {
		throw new Error(
			"there is nothing to go back from: the stage is in prepare, no freeze stands, none of MedStack's services is noted as stopped, and nothing was opened on Aptible",
		);
	}
	for (const line of describeSides(made, lines, { open, opening })) tell(line);
	const boundary = boundaryOf(made, lines);
	const isCounted = isDone(open, "writes") && boundary !== "trial" && boundary !== "live";
	if (opening.opened.size > 0 && !isCounted) {
		const loss = countLoss(opening, await ports.count(), { isServing: true });
		tell(`going back now costs: ${describeLoss(loss)}`);
		const refusal = refuseLoss(loss, accepted);
		if (refusal !== undefined) {
			tell(`${refusal}. Nothing is changed`);
			return 1;
		}
	}
	if (!isSure && (await ask("To go back to MedStack, type back: ")).trim() !== "back") {
		tell("not answered with back; nothing is changed");
		return 1;
	}
	if (open === undefined) await journal.write(run, "back", "begin", { phase: made, accept: accepted ?? 0 });
	const way = new Walk(moved, { run, opening, open, accepted }, ports);
	try {
		if (!(await way.go())) return 1;
	} catch (error) {
		if (!(error instanceof Unfinished)) throw error;
		tell(error.message);
		return 1;
	}
	const phase = await engine.phase();
	await journal.write(run, "back", "done", phase === undefined ? {} : { phase });
	tell(`MedStack serves; the stage is in the phase ${phase}`);
	return 0;
}

/** Whether there is something to bring back: in `prepare` MedStack may be in use. */
async function isAnythingLeft(
	moved: MoveStage,
	{ lines, made, open, opening }: Pick<Begun, "open" | "opening"> & { lines: readonly JournalLine[]; made: MovePhase },
	{ areServicesNoted }: BackPorts,
): Promise<boolean> {
	if (made !== "prepare" || open !== undefined || opening.opened.size > 0) return true;
	if (findUpdatingSwitch(lines) !== undefined || isFreezeBegun(moved, lines)) return true;
	// Stopped by hand, they are noted nowhere else.
	const isStopped = findNight(lines)?.lines.some(({ part, state }) => part === "services" && state !== "note");
	return isStopped === true || areServicesNoted();
}
