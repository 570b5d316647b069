/** The phases of a move: their order, and what each step does on Aptible. */
import { z } from "zod";

/** In the order in which a move goes through them; `cancelled` ends one that does not get there. */
export const movePhases = ["prepare", "frozen", "trial", "live", "cancelled"] as const;
export const MovePhase = z.enum(movePhases);
export type MovePhase = z.infer<typeof MovePhase>;

/** Whether apps on Aptible work on what was copied. */
export function isServing(phase: MovePhase | undefined): boolean {
	return phase === "trial" || phase === "live";
}

/** What the claims record of a move, so that the next step is judged by the last one. */
export const MoveStep = z.strictObject({ phase: MovePhase });
export type MoveStep = z.infer<typeof MoveStep>;

/**
 * Phases that may follow each. Only `frozen` leads back: two sides must never be open to writes at once, so that Aptible's writers stop
 * before anything else goes on.
 */
const followers: Readonly<Record<MovePhase, readonly MovePhase[]>> = {
	prepare: ["prepare", "frozen", "cancelled"],
	frozen: ["frozen", "trial", "live", "prepare", "cancelled"],
	trial: ["trial", "live", "frozen"],
	live: ["live", "frozen"],
	cancelled: ["cancelled", "prepare"],
};

/**
 * The phase to go to next, on the shortest way to one of these.
 *
 * @param allowed none of them the phase itself
 */
export function nextPhase(from: MovePhase, allowed: readonly MovePhase[]): MovePhase {
	const ways: MovePhase[][] = followers[from].map((phase) => [phase]);
	for (const way of ways) {
		const last = way.at(-1) ?? from;
		if (allowed.includes(last)) return way[0] ?? last;
		if (way.length < movePhases.length) ways.push(...followers[last].map((phase) => [...way, phase]));
	}
	throw new Error(`no phase leads from ${from} to ${allowed.join(", ")}`);
}

/** Variable by which a switch of the phase tells its `pulumi up` the run of the journal that it belongs to. */
export const runVariable = "MEDSTACK_TO_APTIBLE_MOVE_RUN";
/** Its value where the journal is lost, typed by a person. */
export const withoutJournal = "without-journal";

/** Phases in which one side is shut and the other is not in use yet. */
const nightPhases: readonly MovePhase[] = ["frozen", "trial"];

/** Whether an update is a step of the night: it leads into a phase in which one side is shut, stays in one, or leads out of one. */
export function isNightStep(before: MoveStep | undefined, after: MoveStep | undefined): boolean {
	return [before, after].some((step) => step !== undefined && nightPhases.includes(step.phase));
}

/**
 * How a step is taken, for whoever is told to take it.
 *
 * @param stage name of the stage, for the command
 */
export function tellStep(from: MovePhase, to: MovePhase, stage: string): string {
	return isNightStep({ phase: from }, { phase: to })
		? `run \`npm run move -- switch ${to} --stack ${stage}\``
		: `set phase: ${to} and run \`pulumi up --stack ${stage}\``;
}

/** What each phase does to the services and doors of the stage, in Aptible's words. */
const effects: Readonly<Record<MovePhase, string>> = {
	prepare:
		"idle services go to 0 containers, apps get placeholders for the secrets that move.smoke names, moved databases get the mover's endpoint, their larger size and one restart",
	frozen: "every service goes to 0 containers; endpoints and sizes are those of prepare",
	trial: "every service but the idle ones runs as declared; endpoints and sizes are those of prepare",
	live: "every service runs as declared, the mover's endpoints go, databases keep their larger size",
	cancelled: "idle services stay at 0 containers, the mover's endpoints go, databases restart with their declared size",
};

/** What there is of the record of a verified copy; `closed` where it says that the move is over. */
export type RecordState = "none" | "open" | "closed";

/**
 * Why a move may not begin with this phase, where nothing of the stage was made yet; nothing where it may.
 *
 * @param stage name of the stage, for the command that goes on
 */
export function refuseFirstPhase(after: MoveStep | undefined, stage: string): string | undefined {
	if (after === undefined || after.phase === "prepare") return undefined;
	return (
		`move.phase: "${after.phase}" cannot be the first phase of a move: nothing of this stage was made with a move before; allowed: ` +
		`"prepare". Set phase: prepare and run \`pulumi up --stack ${stage}\`.`
	);
}

/**
 * Why one phase may not follow another, or why the block may not go; nothing where it may.
 *
 */
export function refuseMoveStep(
	before: MoveStep | undefined,
	after: MoveStep | undefined,
	{ stage, record }: { stage: string; record: RecordState },
): string | undefined {
	if (before === undefined) return refuseFirstPhase(after, stage);
	if (after === undefined) return refuseRemoval(before, { stage, isClosed: record === "closed" });
	const allowed = followers[before.phase];
	if (allowed.includes(after.phase)) return refuseFormerRecord(before, after, { stage, record });
	const words = allowed.filter((phase) => phase !== before.phase).map((phase) => JSON.stringify(phase));
	const next = allowed.includes("frozen") ? "frozen" : "prepare";
	return (
		`move.phase: "${after.phase}" cannot follow "${before.phase}", which is the phase of this stage now; allowed: ${words.join(", ")}. ` +
		`First ${tellStep(before.phase, next, stage)}.`
	);
}

/**
 * Why a step may not be taken with this record. One that is there before the source is frozen is of an earlier night, since when MedStack
 * was in use; one that is closed is of an earlier move.
 */
function refuseFormerRecord(
	before: MoveStep,
	{ phase }: MoveStep,
	{ stage, record }: { stage: string; record: RecordState },
): string | undefined {
	const isNight = before.phase === "prepare" && phase === "frozen";
	const isOpening = before.phase !== phase && isServing(phase);
	if (record === "none" || !(isNight || (isOpening && record === "closed"))) return undefined;
	const file = `Pulumi.${stage}.move.json`;
	const whose = record === "closed" ? "move, which is closed" : "copy, and MedStack may have been in use since then";
	const next = isNight
		? `npm run move -- switch frozen --stack ${stage}`
		: `npm run move -- copy --again --stack ${stage} (in the phase "frozen")`;
	return `move.phase: "${phase}" cannot follow "${before.phase}" while ${file} is the record of an earlier ${whose}. Remove it: git rm ${file}, then: ${next}`;
}

function refuseRemoval(
	{ phase }: MoveStep,
	{ stage, isClosed }: { stage: string; isClosed: boolean },
): string | undefined {
	if (phase === "cancelled" || (phase === "live" && isClosed)) return undefined;
	const isNext = followers[phase].includes("cancelled");
	const cancel = isNext
		? tellStep(phase, "cancelled", stage)
		: `${tellStep(phase, "frozen", stage)}, then \`npm run move -- switch cancelled --stack ${stage}\``;
	const end =
		phase === "live"
			? `run \`npm run move -- close --stack ${stage}\`, which notes closed: true in the record of the move`
			: `${cancel}, or go on to live and close the move`;
	return (
		`move: was removed in the phase "${phase}", and without it every service runs as declared; allowed: removal of a move that is ` +
		`closed, or in the phase "cancelled". Put the block back; to end the move, ${end}.`
	);
}

/**
 * What a step does, for whoever reads the preview; nothing where the phase stays.
 *
 * @param stage name of the stage, for the command that follows
 */
export function announceMoveStep(before: MoveStep | undefined, after: MoveStep | undefined, stage: string): string[] {
	if (before?.phase === after?.phase) return [];
	if (after === undefined) {
		const restarts = "; each moved database that has a larger size during the move restarts, production's too";
		return [`the move has ended: services and databases are as declared${before?.phase === "live" ? restarts : ""}`];
	}
	const from = before === undefined ? "the move begins with" : `the move goes from ${before.phase} to`;
	// The endpoints went with the phase before, and another one has another host name.
	const isOpenedAnew =
		(before?.phase === "live" && after.phase === "frozen") ||
		(before?.phase === "cancelled" && after.phase === "prepare");
	const anew = `; the mover's endpoints are made anew under other host names: then npm run move -- credentials --stack ${stage} --replace, and the service's secret anew`;
	return [`${from} ${after.phase}: ${effects[after.phase]}${isOpenedAnew ? anew : ""}`];
}
