/** The rules of `config/phi.ts` on a stage file, whether it has `phi` or not. */
import type { Draft } from "../config/draft.ts";
import type { Mistake } from "../config/mistakes.ts";
import { phiRules } from "../config/phi.ts";

/** The one rule about a value that may be in a secret. */
export const metricDrainUrl = "metricDrains.NAME.url";

/** What in a file is against the rules of a key. */
export function mistakesOf(draft: Draft, key: string): Mistake[] {
	return phiRules
		.filter((rule) => rule.key === key)
		.flatMap(({ judgedBy }) => (typeof judgedBy === "function" ? judgedBy(draft) : []));
}

/** Places of a file that are against the rules of a key or not, which nobody sees without the passphrase: the address is in a secret. */
export function hiddenOf({ metricDrains }: Draft, key: string): string[] {
	if (key !== metricDrainUrl) return [];
	return Object.entries(metricDrains ?? {}).flatMap(([name, drain]) =>
		drain !== undefined && "url" in drain && /^\s*\$\{\s*secrets\./.test(drain.url ?? "") ? [name] : [],
	);
}
