/** Names that a stage file chooses itself: handles, process types, config keys, names of endpoints and secrets. */
import { lookUp } from "../wire/own.ts";
import { ownAptibleConfig, retiredConfig } from "./catalogue.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongName } from "./mistakes.ts";
import { handlePattern, handleText } from "./shared-fields.ts";

// No hyphen: the endpoint `b-c` of app `a` and the endpoint `c` of app `a-b` would be one Pulumi resource, `a-b-c`.
const endpointName = /^[A-Za-z0-9_]+$/;

function checkNames(
	place: Place,
	names: object | undefined,
	what: string,
	allowed: string,
	pattern: RegExp,
): Mistake[] {
	return Object.keys(names ?? {})
		.filter((name) => !pattern.test(name))
		.map((name) => wrongName([...place, name], `is not ${what}; allowed: ${allowed}`));
}

function checkConfigKeys(place: Place, config: object | undefined): Mistake[] {
	return Object.keys(config ?? {}).flatMap((key): Mistake[] => {
		const at = [...place, key];
		const setting = lookUp(retiredConfig, key);
		if (setting !== undefined) {
			return [wrongName(at, `is no config variable any more (Aptible, 2026-05-04); set ${setting} instead`)];
		}
		if (key.startsWith("APTIBLE_") && key !== ownAptibleConfig) {
			const exception = `of the names with APTIBLE_ only ${ownAptibleConfig} is yours to set`;
			return [wrongName(at, `is a name that Aptible sets itself; allowed: ${exception}; remove the line`)];
		}
		if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return [];
		return [wrongName(at, "is not the name of a variable; allowed: letters, digits and _, not a digit first")];
	});
}

/** Judges every name that a stage chooses. */
export function checkStageNames(draft: Draft): Mistake[] {
	return [
		...checkNames(["databases"], draft.databases, "a handle", handleText, handlePattern),
		...checkNames(["apps"], draft.apps, "a handle", handleText, handlePattern),
		...checkNames(
			["secrets"],
			draft.secrets,
			"the name of a secret",
			"letters and digits, a lower-case letter first",
			/^[a-z][A-Za-z0-9]*$/,
		),
		...Object.entries(draft.databases ?? {}).flatMap(([handle, database]) =>
			checkNames(
				["databases", handle, "endpoints"],
				database?.endpoints,
				"the name of an endpoint",
				"letters, digits and _",
				endpointName,
			),
		),
		...Object.entries(draft.shared ?? {}).flatMap(([name, group]) => checkConfigKeys(["shared", name], group)),
		...Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => [
			...checkConfigKeys(["apps", handle, "config"], app?.config),
			...checkNames(
				["apps", handle, "services"],
				app?.services,
				"a process type",
				"letters, digits, _ and -, no hyphen first",
				/^[A-Za-z0-9_][A-Za-z0-9_-]*$/,
			),
			...checkNames(
				["apps", handle, "endpoints"],
				app?.endpoints,
				"the name of an endpoint",
				"letters, digits and _",
				endpointName,
			),
		]),
	];
}
