import type { AppFacts, AppSpec } from "../../wire/app.ts";
import type { Difference } from "../../wire/difference.ts";
import type { ConfigChanges } from "../cli/app.ts";
import { AptibleError } from "../client/errors.ts";

/**
 * What has to be sent to bring an app's live config to the declared one. Aptible merges what it is sent and deletes a key
 * that is set to the empty string (facts/terraform-provider.md §2.2), so removals are computed here: a key is removed when
 * it is not declared any more and was set from here before (`owned`). `foreign` keys are nobody's business but their owner's.
 */
export function planConfigChanges(
	declared: Readonly<Record<string, string>>,
	live: ReadonlyMap<string, string>,
	owned: readonly string[],
): { changes: ConfigChanges; foreign: string[] } {
	const rest = [...live.keys()].filter((key) => !Object.hasOwn(declared, key));
	return {
		changes: Object.fromEntries([
			...Object.entries(declared).filter(([key, value]) => live.get(key) !== value),
			...rest.filter((key) => owned.includes(key)).map((key) => [key, ""]),
		]),
		foreign: rest.filter((key) => !owned.includes(key)).sort(),
	};
}

/** The same changes as differences, which hold no value. */
export function diffConfig(changes: ConfigChanges, live: ReadonlyMap<string, string>): Difference[] {
	return Object.entries(changes).map(([key, value]) => ({
		field: `config.${key}`,
		declared: value === "" ? "none" : "as in the stage file",
		live: live.has(key) ? "another value" : "none",
	}));
}

/**
 * The config of an app, as the API shows it; none where it is hidden and nothing of it is compared.
 *
 * @throws AptibleError where this token may not see what is to be compared
 */
export function requireConfig(
	spec: Pick<AppSpec, "handle" | "config">,
	previous: Pick<AppFacts, "configKeys"> | undefined,
	shown: ReadonlyMap<string, string> | "hidden",
): ReadonlyMap<string, string> {
	if (shown !== "hidden") return shown;
	if (Object.keys(spec.config).length + (previous?.configKeys ?? []).length === 0) return new Map();
	throw new AptibleError(
		`app "${spec.handle}": this token may not see its config, so what of it differs is unknown. Give the token's role the ` +
			"permission `sensitive`, then run `pulumi up` again.",
	);
}
