/** What a group of services is to become, and why one of them is left to a person. */
import type { Match } from "./match.ts";
import type { ClusterService } from "./medstack-api.ts";

/** A service, and how many replicas it is to have. */
export interface Wanted {
	name: string;
	service: ClusterService;
	replicas: number;
}

/** Those of a group that can be changed; of the others it is said why not. */
export function wantedOf(
	matches: readonly Match[],
	names: readonly string[],
	replicasOf: (match: Match) => number | undefined,
	reasons: Map<string, string>,
): Wanted[] {
	return matches.flatMap((match) => {
		const { name, service } = match;
		if (!names.includes(name)) return [];
		const replicas = replicasOf(match);
		if (typeof service === "string") {
			reasons.set(name, service);
		} else if (service.replicas === undefined) {
			reasons.set(name, `MedStack's ${service.name} shows no number of replicas`);
		} else if (replicas !== undefined) {
			return [{ name, service, replicas }];
		} else if (service.replicas === 0) {
			reasons.set(name, `MedStack's ${service.name} is at 0, and its replicas are not noted`);
		}
		return [];
	});
}

/** What else runs there, and may have the database's login. */
export function othersOf(services: readonly ClusterService[], matches: readonly Match[]): string[] {
	const ours = new Set(matches.map(({ service }) => service));
	const others = services.filter((one) => !one.isKept && one.replicas !== 0 && !ours.has(one));
	if (others.length === 0) return [];
	return [
		`MedStack also runs ${others.map(({ name }) => name).join(", ")}, for which the stage file has no name; set to 0 by hand what has the database's login`,
	];
}

export function tellReasons(reasons: ReadonlyMap<string, string>): string[] {
	return [...reasons].map(([name, reason]) => `${name}: ${reason}`);
}
