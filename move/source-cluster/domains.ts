/** MedStack changes no service whose domain leads elsewhere, and a service that comes back there must not do so beside one on Aptible. */
import { isIPv4 } from "node:net";
import type { MoveStage } from "../stage.ts";

/**
 * Looks at the domains of a service that go over to Aptible (facts/move.md §0).
 *
 * @param name of the service: `portal.web`
 * @param resolve IPv4 addresses of a name; throws where none can be found out
 * @returns why it must not come back yet; undefined where it may
 */
export async function refuseDomains(
	{ stage }: Pick<MoveStage, "stage">,
	name: string,
	resolve: (name: string) => Promise<readonly string[]>,
): Promise<string | undefined> {
	const { move } = stage;
	const [app = "", service] = name.split(/\.(.*)/s);
	const own = Object.values(stage.apps[app]?.endpoints ?? {}).filter((endpoint) => endpoint.service === service);
	for (const endpoint of own) {
		const domain = "domain" in endpoint ? endpoint.domain : undefined;
		const moved = domain === undefined ? undefined : move?.domains[domain];
		if (domain === undefined || moved === undefined) continue;
		try {
			const cluster = [
				...(move?.from.addresses ?? []),
				...(isIPv4(moved.from) ? [moved.from] : await resolve(moved.from)),
			];
			const found = await resolve(domain);
			if (found.length > 0 && found.every((address) => cluster.includes(address))) continue;
			const where = found.length === 0 ? "no address" : found.join(", ");
			return `${domain} resolves to ${where}, and MedStack's cluster is ${cluster.join(", ")}; change the record back to ${moved.from} and wait for its TTL`;
		} catch (error) {
			return `where ${domain} leads is not known (${(error as Error).message})`;
		}
	}
	return undefined;
}
