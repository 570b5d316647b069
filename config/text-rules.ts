/** What no text of a stage may be: something else than was written, more than a program can be given, or an option where it is a value. */
import { type DrainKinds, logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import { settingEntries } from "../wire/endpoint-settings.ts";
import { isReadAsOption } from "../wire/option-value.ts";
import { lookUp } from "../wire/own.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { fillSecrets } from "./references.ts";

/** How Pulumi writes out what its YAML took for a date or a time: Go's `time.Time.String()` (facts/pulumi.md §9). */
const dateText = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)? [+-]\d{4} (?:[A-Z]{1,5}|[+-]\d{2,4})$/;

/** Bytes of one argument or variable (`NAME=VALUE` and the NUL behind it) on Linux: MAX_ARG_STRLEN. */
export const mostBytes = 131_072;

/** The variable in which a Command gets a secret begins with this (`wire/template.ts`). */
const secretPrefix = "SECRETS_";

const registryPrefix = "APTIBLE_PRIVATE_REGISTRY_";

/** Judges every key and text of a stage as it was handed over, but not those of `unread` blocks. */
export function checkTexts(raw: unknown, unread: ReadonlySet<string>): Mistake[] {
	const walk = (value: unknown, place: Place): Mistake[] => {
		if (typeof value === "string") return checkText(value, place);
		if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, [...place, index]));
		if (typeof value !== "object" || value === null) return [];
		return Object.entries(value).flatMap(([key, inner]) => {
			if (place.length === 0 && unread.has(key)) return [];
			const at = [...place, key];
			if (key !== "__proto__") return walk(inner, at);
			const says = "is a name that gets lost on its way through JavaScript; give it another";
			return [{ place: at, says, about: "nothing" }];
		});
	};
	return walk(raw, []);
}

function checkText(text: string, place: Place): Mistake[] {
	if (dateText.test(text)) {
		const says = 'is what YAML makes of a date without quotes; write it in quotes, such as "2026-11-20"';
		return [wrongValue(place, says)];
	}
	if (text.includes("\u0000")) {
		return [wrongValue(place, "holds a NUL character, which no program can be given; remove it")];
	}
	const name = `${place[0] === "secrets" ? secretPrefix : ""}${place.at(-1)}`;
	return isTooLong(name, text) ? [wrongValue(place, `is ${tooLong(text)}`)] : [];
}

/** Judges the length of texts that are short in the file, and long with their secrets. */
export function checkFilledTexts(draft: Draft): Mistake[] {
	const check = (place: Place, template: string | undefined, name = String(place.at(-1))): Mistake[] => {
		const text = template === undefined ? undefined : fillSecrets(template, draft);
		if (text === undefined || text === template || !isTooLong(name, text)) return [];
		return [{ place, says: `is ${tooLong(text, " with the secrets in it")}`, about: "nothing" }];
	};
	const checkAll = (place: Place, config: Readonly<Record<string, string | undefined>> | undefined) =>
		Object.entries(config ?? {}).flatMap(([key, template]) => check([...place, key], template));
	return [
		...Object.entries(draft.shared ?? {}).flatMap(([name, group]) => checkAll(["shared", name], group)),
		...Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => [
			...checkAll(["apps", handle, "config"], app?.config),
			...(["username", "password"] as const).flatMap((key) =>
				check(["apps", handle, "registry", key], app?.registry?.[key], `${registryPrefix}${key}`),
			),
		]),
	];
}

const readAsOption =
	"begins with a dash, or has a line that does, in a way that the aptible CLI reads as an option of its own; there is no way to write " +
	"it that the CLI would take; use another value";

const textSettings = settingEntries.flatMap(([name, { type }]) => (type === "text" ? [name] : []));

/** Judges the texts that go to the CLI as the value of an option. Config does not: it stands behind `--`. */
export function checkOptionValues(draft: Draft): Mistake[] {
	const sent: [place: Place, text: string | undefined][] = [
		...Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => [
			...(["username", "password"] as const).map((key): [Place, string | undefined] => {
				const template = app?.registry?.[key];
				return [["apps", handle, "registry", key], template && fillSecrets(template, draft)];
			}),
			...Object.entries(app?.endpoints ?? {}).flatMap(([name, endpoint]) =>
				textSettings.map((key): [Place, string | undefined] => [
					["apps", handle, "endpoints", name, key],
					endpoint?.[key] as string | undefined,
				]),
			),
		]),
		...Object.entries(draft.databases ?? {}).map(([handle, database]): [Place, string | undefined] => [
			["databases", handle, "version"],
			database?.version,
		]),
		...drainTexts("logDrains", logDrainKinds, draft),
		...drainTexts("metricDrains", metricDrainKinds, draft),
	];
	return sent.flatMap(([place, text]): Mistake[] =>
		text !== undefined && isReadAsOption(text) ? [{ place, says: readAsOption, about: "nothing" }] : [],
	);
}

function drainTexts(
	noun: "logDrains" | "metricDrains",
	kinds: DrainKinds,
	draft: Draft,
): [place: Place, text: string | undefined][] {
	return Object.entries(draft[noun] ?? {}).flatMap(([name, drain]) =>
		Object.entries(lookUp(kinds, drain?.kind ?? "")?.fields ?? {}).flatMap(([key, { form, cli }]) => {
			const text = (drain as Readonly<Record<string, unknown>> | undefined)?.[key];
			if (form !== "text" || cli === undefined || typeof text !== "string") return [];
			return [[[noun, name, key], text] satisfies [Place, string]];
		}),
	);
}

function isTooLong(name: string, text: string): boolean {
	return Buffer.byteLength(`${name}=${text}\u0000`) > mostBytes;
}

function tooLong(text: string, how = ""): string {
	const bytes = Buffer.byteLength(text);
	return `${bytes} bytes long${how}, and with its name it has to stay under ${mostBytes}, which is what Linux hands to a program; have the app read it from a file or from storage`;
}
