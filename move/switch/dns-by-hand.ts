/** What a person changes in DNS after a switch. */
import type { ProbeTargets } from "../probe/targets.ts";

/** @returns lines for a person; none where no domain moves */
export function describePointing({ targets, unknown }: ProbeTargets, side: "new" | "old"): string[] {
	if (targets.length + unknown.length === 0) return [];
	return [
		`at your DNS host, have each of these lead to ${side === "new" ? "Aptible" : "MedStack"}, and wait for its TTL:`,
		...targets.map(
			({ domain, address, from }) =>
				`  ${domain}: ${side === "new" ? `CNAME ${address.host}` : `as before, to ${from}`}`,
		),
		...unknown.map(({ line }) => `  ${line}`),
	];
}
