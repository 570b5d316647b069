/** The way by hand, in MedStack's UI; the names are those of the stage file, as nothing else is known of the cluster. */
import type { MoveStage } from "../stage.ts";
import { type ServiceKind, type StopGroup, stopOrder } from "./order.ts";
import type { ClusterReport, SourceCluster } from "./port.ts";

const KINDS: Readonly<Record<ServiceKind, string>> = {
	reached: "what users reach",
	worker: "workers",
	scheduler: "schedulers, by their names",
};

/** @param why lines that come first: why it is done by hand */
export function manualCluster(moved: MoveStage, why: readonly string[] = []): SourceCluster {
	return {
		stop: async () => ({ lines: [...why, ...stopByHand(moved).lines], left: [] }),
		start: async () => ({ lines: [...why, ...startByHand(moved).lines], left: [] }),
	};
}

/** @param isLeft which services a person has to see to; default: each */
export function stopByHand(moved: MoveStage, isLeft: (name: string) => boolean = () => true): ClusterReport {
	const groups = leftOf(stopOrder(moved), isLeft);
	return {
		lines: [
			"in MedStack, Services, set the replicas of each of these to 0, in this order; the stage file's names stand for the services there:",
			...groups.map(({ kind, names }, index) => `  ${index + 1}. ${KINDS[kind]}: ${names.join(", ")}`),
			"  then every other service that has the database's login, and what people have open (pgAdmin, BI); leave the mover and the load balancer as they are",
		],
		left: groups.flatMap(({ names }) => names),
	};
}

/**
 * @param isLeft which services a person has to see to; default: each
 * @param counts replicas as they were noted, by the stage's names
 */
export function startByHand(
	moved: MoveStage,
	isLeft: (name: string) => boolean = () => true,
	counts: ReadonlyMap<string, number> = new Map(),
): ClusterReport {
	const groups = leftOf(stopOrder(moved).toReversed(), isLeft);
	const domains = Object.keys(moved.stage.move?.domains ?? {});
	const withCount = (name: string) => (counts.has(name) ? `${name} (${counts.get(name)})` : name);
	return {
		lines: [
			`in MedStack, Services, bring the replicas back, once ${domains.length === 0 ? "their domains resolve" : `${domains.join(", ")} resolve`} to its cluster, as it refuses a service whose domain does not:`,
			...groups.map(({ kind, names }, index) => `  ${index + 1}. ${KINDS[kind]}: ${names.map(withCount).join(", ")}`),
		],
		left: groups.flatMap(({ names }) => names),
	};
}

function leftOf(groups: readonly StopGroup[], isLeft: (name: string) => boolean): StopGroup[] {
	return groups
		.map(({ kind, names }) => ({ kind, names: names.filter(isLeft) }))
		.filter(({ names }) => names.length > 0);
}
