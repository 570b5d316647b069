import assert from "node:assert/strict";
import type { Change } from "../../effects/change.ts";
import { describeChange } from "../../effects/effects.ts";

type Case = [says: string | undefined, before: object | undefined, after: object, rest?: Partial<Change<unknown>>];

/** Checks the line of each change of an object of a kind. */
export function check(kind: string, cases: readonly Case[]): void {
	for (const [says, before, after, rest] of cases) {
		const change = { before, after, values: [], unknown: [], drift: [], ...rest };
		assert.equal(describeChange(kind, change), says);
	}
}
