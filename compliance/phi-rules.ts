/** The rules of `config/phi.ts` on a stage file, whether it has `phi` or not. */
import type { Draft } from "../config/draft.ts";
import type { Mistake } from "../config/mistakes.ts";
import { phiRules } from "../config/phi.ts";

/** What in a file is against the rules of a key. */
export function mistakesOf(draft: Draft, key: string): Mistake[] {
	return phiRules
		.filter((rule) => rule.key === key)
		.flatMap(({ judgedBy }) => (typeof judgedBy === "function" ? judgedBy(draft) : []));
}
