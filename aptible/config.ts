import type { ConfigChanges } from "./cli/apps.ts";
import type { Difference } from "./difference.ts";

/**
 * What has to be sent to bring an app's live config to the declared one. Aptible merges what it is sent and deletes a key
 * that is set to the empty string (facts/terraform-provider.md §2.2), so removals are computed here: a key is removed when
 * it is not declared any more and was set from here before (`owned`). `foreign` keys are nobody's business but their owner's.
 */
export function configChanges(
	declared: Readonly<Record<string, string>>,
	live: ReadonlyMap<string, string>,
	owned: readonly string[],
): { changes: ConfigChanges; foreign: string[] } {
	const changes: Record<string, string> = {};
	for (const [key, value] of Object.entries(declared)) {
		if (live.get(key) !== value) changes[key] = value;
	}
	const foreign: string[] = [];
	for (const key of live.keys()) {
		if (key in declared) continue;
		if (owned.includes(key)) changes[key] = "";
		else foreign.push(key);
	}
	return { changes, foreign: foreign.sort() };
}

/** The same changes as differences, which hold no value. */
export function configDifferences(changes: ConfigChanges, live: ReadonlyMap<string, string>): Difference[] {
	return Object.entries(changes).map(([key, value]) => ({
		field: `config.${key}`,
		declared: value === "" ? "none" : "as in the stage file",
		live: live.has(key) ? "another value" : "none",
	}));
}
