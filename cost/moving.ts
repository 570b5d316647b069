/** What Aptible costs while a move goes on, and MedStack beside it. */
import { applyMove } from "../config/move-phases.ts";
import type { Stage } from "../config/stage.ts";
import { type MovePhase, movePhases } from "../wire/move.ts";
import { type Band, estimate, sum } from "./estimate.ts";

/** A phase of the move, and what a month in it would cost. */
export interface PhaseCost {
	readonly phase: MovePhase;
	readonly cents: Band;
}

/**
 * What each phase would cost a month; nothing of a stage that moves nothing.
 *
 * @param declared the stage without the block `move`
 */
export function priceMove({ move }: Pick<Stage, "move">, declared: Stage): PhaseCost[] {
	if (move === undefined) return [];
	return movePhases.map((phase) => ({
		phase,
		cents: sum(estimate(applyMove({ ...declared, move: { ...move, phase } }))),
	}));
}

/** Cents a month by which the databases cost more while the mover has its endpoints and they their larger size. */
export function moreWhileOpen({ move }: Pick<Stage, "move">, declared: Stage): number {
	if (move === undefined) return 0;
	const { databases } = applyMove({ ...declared, move: { ...move, phase: "trial" } });
	const ofDatabases = (one: Stage["databases"]) => sum(estimate({ apps: {}, databases: one })).from;
	return ofDatabases(databases) - ofDatabases(declared.databases);
}
