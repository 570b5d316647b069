/** MedStack's services around a freeze: what runs in the old cluster has to be at 0, and comes back after a thaw. */
import type { MoveStage } from "./stage.ts";

/** A way to the services of the old cluster. */
export interface SourceCluster {
	/** Sets the services to 0, or says who does. @returns lines for a person */
	stop(): readonly string[];
	/** Brings them back. @returns lines for a person */
	start(): readonly string[];
}

/** The way by hand, in MedStack's UI; the names are those of the stage file, as nothing else is known of the cluster. */
export function manualCluster({ stage }: Pick<MoveStage, "stage">): SourceCluster {
	const services = Object.entries(stage.apps).flatMap(([app, { services, endpoints }]) =>
		Object.keys(services).map((service) => ({
			name: `${app}.${service}`,
			isWeb: Object.values(endpoints ?? {}).some((endpoint) => endpoint.service === service),
		})),
	);
	const named = (isWeb: boolean) => services.filter((one) => one.isWeb === isWeb).map(({ name }) => name);
	const groups = [
		{ what: "what users reach", names: named(true) },
		{ what: "workers and schedulers", names: named(false) },
	].filter(({ names }) => names.length > 0);
	const domains = Object.keys(stage.move?.domains ?? {});
	return {
		stop: () => [
			"in MedStack, Services, set the replicas of each of these to 0, in this order; the stage file's names stand for the services there:",
			...groups.map(({ what, names }, index) => `  ${index + 1}. ${what}: ${names.join(", ")}`),
			"  then every other service that has the database's login, and what people have open (pgAdmin, BI); leave the mover and the load balancer as they are",
		],
		start: () => [
			`in MedStack, Services, bring the replicas back, once ${domains.length === 0 ? "their domains resolve" : `${domains.join(", ")} resolve`} to its cluster, as it refuses a service whose domain does not:`,
			...groups.toReversed().map(({ what, names }, index) => `  ${index + 1}. ${what}: ${names.join(", ")}`),
		],
	};
}
