/** In which order the old cluster's services stop: one list for the runbook, for the hand and for the API. */
import { listServices } from "../plan/stage-checks.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";

/** People reach it over an endpoint; it acts by itself; it adds to queues by itself. */
export type ServiceKind = "reached" | "worker" | "scheduler";

export interface StopGroup {
	kind: ServiceKind;
	/** `portal.worker`, by the alphabet. */
	names: readonly string[];
}

/** Names of services that add to queues by themselves. */
const ENQUEUES = /cron|sched|clock|beat/i;

/**
 * Groups of services in the order in which they stop; they start in the reverse one. Web first, then workers, then schedulers
 * (facts/move.md §4). Nobody adds to a queue that is to run empty, so that where there is one the workers stop last.
 */
export function stopOrder(moved: MoveStage): StopGroup[] {
	const services = listServices(moved.stage).map(({ name, hasEndpoint }) => ({
		name,
		kind: hasEndpoint ? "reached" : ENQUEUES.test(name) ? "scheduler" : "worker",
	}));
	const isDrained = movedDatabases(moved).some(({ drain }) => drain !== undefined);
	const kinds: ServiceKind[] = isDrained ? ["reached", "scheduler", "worker"] : ["reached", "worker", "scheduler"];
	return kinds
		.map((kind) => ({ kind, names: services.filter((one) => one.kind === kind).map(({ name }) => name) }))
		.filter(({ names }) => names.length > 0);
}
