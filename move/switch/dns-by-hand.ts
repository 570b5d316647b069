/** What a person changes in DNS after a switch. */
import { oldName } from "../plan/alias.ts";
import type { ProbeTargets } from "../probe/targets.ts";
import type { MoveStage } from "../stage.ts";

/** To Aptible. @returns lines for a person; none where no domain moves */
export function describeWayThere({ targets, unknown }: ProbeTargets): string[] {
	const lines = [
		...targets.map(({ domain, address }) => `${domain}: CNAME ${address.host}`),
		...unknown.map(({ line }) => line),
	];
	return withHead("at your DNS host, have each of these lead to Aptible, and wait for its TTL:", lines);
}

/** To MedStack: nothing is asked for it. @returns lines for a person; none where no domain moves */
export function describeWayBack({ stage }: Pick<MoveStage, "stage">): string[] {
	const lines = Object.entries(stage.move?.domains ?? {}).map(
		([domain, { from }]) =>
			`${domain}: the CNAME ${oldName(domain)} where that was made before, else as it was, to ${from}`,
	);
	return withHead("at your DNS host, have each of these lead to MedStack, and wait for its TTL:", lines);
}

function withHead(head: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : [head, ...lines.map((line) => `  ${line}`)];
}
