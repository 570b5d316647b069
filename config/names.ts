/** Names that a stage file chooses itself: handles, process types, config keys, names of endpoints and secrets. */
import { lookUp } from "../wire/own.ts";
import { ownAptibleConfig, retiredConfig } from "./catalogue.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongName } from "./mistakes.ts";
import { handlePattern, handleText } from "./shared-fields.ts";

/** The form of the names in a block. */
interface NameForm {
	readonly what: string;
	readonly allowed: string;
	readonly pattern: RegExp;
	/** Not taken though they have the form. */
	readonly not?: readonly RegExp[];
}

const handle: NameForm = { what: "a handle", allowed: handleText, pattern: handlePattern };
const secret: NameForm = {
	what: "the name of a secret",
	allowed: "letters and digits, a lower-case letter first",
	pattern: /^[a-z][A-Za-z0-9]*$/,
};
// No hyphen: the endpoint `b-c` of app `a` and the endpoint `c` of app `a-b` would be one Pulumi resource, `a-b-c`.
const endpoint: NameForm = {
	what: "the name of an endpoint",
	allowed: "letters, digits and _",
	pattern: /^[A-Za-z0-9_]+$/,
};
const processType: NameForm = {
	what: "a process type",
	allowed: "letters, digits, _ and -, no hyphen first",
	pattern: /^[A-Za-z0-9_][A-Za-z0-9_-]*$/,
};
/** Variables that Aptible sets itself. */
const reserved = new RegExp(`^APTIBLE_(?!${ownAptibleConfig.slice("APTIBLE_".length)}$)`);
const variable: NameForm = {
	what: "the name of a variable",
	allowed: "letters, digits and _, not a digit first",
	pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
	not: [reserved, new RegExp(`^(?:${Object.keys(retiredConfig).join("|")})$`)],
};

const role: NameForm = {
	what: "the name of a role",
	allowed: "its name in Aptible's dashboard, without a space at either end",
	pattern: /^\S(?:.*\S)?$/,
};

/** The form of the names in each block that has one, by its place. */
export const nameForms: Readonly<Record<string, NameForm>> = {
	databases: handle,
	apps: handle,
	secrets: secret,
	"environment.permissions": role,
	"databases.NAME.endpoints": endpoint,
	"shared.NAME": variable,
	"apps.NAME.config": variable,
	"apps.NAME.services": processType,
	"apps.NAME.endpoints": endpoint,
};

function checkNames(place: Place, names: object | undefined, { what, allowed, pattern }: NameForm): Mistake[] {
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
		if (reserved.test(key)) {
			const exception = `of the names with APTIBLE_ only ${ownAptibleConfig} is yours to set`;
			return [wrongName(at, `is a name that Aptible sets itself; allowed: ${exception}; remove the line`)];
		}
		if (variable.pattern.test(key)) return [];
		return [wrongName(at, `is not ${variable.what}; allowed: ${variable.allowed}`)];
	});
}

/** Judges every name that a stage chooses. */
export function checkStageNames(draft: Draft): Mistake[] {
	return [
		...checkNames(["databases"], draft.databases, handle),
		...checkNames(["apps"], draft.apps, handle),
		...checkNames(["secrets"], draft.secrets, secret),
		...checkNames(["environment", "permissions"], draft.environment?.permissions, role),
		...Object.entries(draft.databases ?? {}).flatMap(([name, database]) =>
			checkNames(["databases", name, "endpoints"], database?.endpoints, endpoint),
		),
		...Object.entries(draft.shared ?? {}).flatMap(([name, group]) => checkConfigKeys(["shared", name], group)),
		...Object.entries(draft.apps ?? {}).flatMap(([name, app]) => [
			...checkConfigKeys(["apps", name, "config"], app?.config),
			...checkNames(["apps", name, "services"], app?.services, processType),
			...checkNames(["apps", name, "endpoints"], app?.endpoints, endpoint),
		]),
	];
}
