/** What a service of MedStack's shows of itself, whose form is not documented (facts/move.md §7). Pure. */

/** Where a number of replicas may stand: first by the word of MedStack's UI, then as Docker and Compose have it. */
export const replicaPlaces: readonly (readonly string[])[] = [
	["replicas"],
	["replica_count"],
	["deploy", "replicas"],
	["mode", "replicated", "replicas"],
	["Spec", "Mode", "Replicated", "Replicas"],
];

/** By name or image, as the runbook has the mover made: whoever stops one of them has no way back. */
export function isLoadBalancerOrMover(name: string, image: unknown): boolean {
	const program = typeof image === "string" ? (image.split("/").at(-1)?.split(/[:@]/)[0] ?? "") : "";
	return [name, program].some((one) => /^(mover|traefik|load[-_ ]?balancer)$/i.test(one));
}
