/** How the costs of two stages differ, by object. */
import type { Band, CostLine } from "./estimate.ts";

/** An object that costs another amount, or is on one side alone. */
export interface CostChange {
	readonly object: string;
	readonly before: Band | undefined;
	readonly after: Band | undefined;
}

/** What differs, in the order of the new stage, and then what it no longer has. */
export function compareCosts(before: readonly CostLine[], after: readonly CostLine[]): CostChange[] {
	const centsOf = (lines: readonly CostLine[]) => new Map(lines.map(({ object, cents }) => [object, cents]));
	const [former, present] = [centsOf(before), centsOf(after)];
	return [...new Set([...present.keys(), ...former.keys()])]
		.map((object) => ({ object, before: former.get(object), after: present.get(object) }))
		.filter(({ before: one, after: other }) => one?.from !== other?.from || one?.to !== other?.to);
}
