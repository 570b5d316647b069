/** The stack of an environment that is to be made: whether this token sees one of its name (docs/facts/aptible-api.md: `/stacks`). */
import { listStacks } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import { findNearestWord, suggest } from "../config/near-miss.ts";
import type { Stage } from "../config/stage.ts";
import { readRecorded } from "./recorded.ts";

/**
 * Reads the stacks, where the environment is not on Aptible yet: one that is never moves, and says so by itself.
 *
 * @returns why there is no such stack; undefined where there is, or nothing is to be made
 */
export async function findUnknownStack(context: Context, { environment }: Stage): Promise<string | undefined> {
	const recorded = await readRecorded();
	if (environment.adopt || recorded.some(({ kind }) => kind === "environment")) return undefined;
	const stacks = await listStacks(context.api);
	return describeUnknown(
		environment.stack,
		stacks.map(({ name }) => name),
	);
}

/** Says of a name that it is none of those that there are. */
export function describeUnknown(stack: string, names: readonly string[]): string | undefined {
	if (names.includes(stack)) return undefined;
	const sorted = [...names].sort();
	const near = suggest(findNearestWord(stack, sorted));
	return (
		`environment.stack: "${stack}" is not a stack that this token can see; there are: ${sorted.join(", ") || "none"}${near}. ` +
		"A dedicated one is made by Aptible's support, and a token of another organization does not see it: `aptible login`"
	);
}
