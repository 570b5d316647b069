/**
 * References of a stage file: `${secrets.NAME}` and `${databases.NAME.url}`, in the config and the registry of an app. The
 * grammar of templates is `aptible/template.ts`; here each reference is checked against the stage.
 */
import { parseTemplate, TemplateError } from "../aptible/template.ts";
import type { Draft, Mistake, Place } from "./mistakes.ts";
import { didYouMean, nearestWord } from "./near-miss.ts";

/** What a reference points at. `name` is a name in the stage file. */
export type Reference = { kind: "secret"; name: string } | { kind: "database"; name: string; attribute: "url" };

const kinds = ["secrets", "databases"];
const forms = "${secrets.NAME}, ${databases.NAME.url}";

/** Reads one reference (`databases.main.url`), or says what is wrong with it. */
function readReference(reference: string): Reference | string {
	const [kind = "", ...rest] = reference.split(".");
	if (!kinds.includes(kind)) {
		return `refers to ${JSON.stringify(kind)}; allowed: ${forms}${didYouMean(nearestWord(kind, kinds))}`;
	}
	if (kind === "secrets") {
		const name = rest.join(".");
		return name === "" ? `names no secret; allowed: ${forms}` : { kind: "secret", name };
	}
	// The handle of a database may have dots of its own, so the attribute is what follows the last one.
	const attribute = rest.at(-1) ?? "";
	const name = rest.slice(0, -1).join(".");
	if (name === "") return `names no attribute of a database; write \${databases.${attribute || "NAME"}.url}`;
	if (attribute !== "url") {
		return `refers to ${JSON.stringify(attribute)} of a database; allowed: url; write \${databases.${name}.url}`;
	}
	return { kind: "database", name, attribute };
}

/** Says what is wrong with a reference that reads well, or nothing if it points at something. */
function unknownTarget(reference: Reference, draft: Draft): string | undefined {
	const key = reference.kind === "secret" ? "secrets" : "databases";
	const block = draft[key];
	// Written, but not readable: whether the name is there cannot be said.
	if (block === undefined && key in draft) return undefined;
	const names = Object.keys(block ?? {});
	if (names.includes(reference.name)) return undefined;
	const declared = names.length === 0 ? `no ${key} are declared` : `declared: ${names.join(", ")}`;
	const near = didYouMean(nearestWord(reference.name, names));
	return `refers to a ${reference.kind} that is not under ${key}; ${declared}${near}`;
}

function checkTemplate(place: Place, template: string | undefined, draft: Draft): Mistake[] {
	if (template === undefined) return [];
	try {
		return parseTemplate(template).flatMap((part): Mistake[] => {
			if (typeof part === "string") return [];
			const reference = readReference(part.reference);
			const wrong = typeof reference === "string" ? reference : unknownTarget(reference, draft);
			return wrong === undefined ? [] : [{ place, says: `"\${${part.reference}}" ${wrong}`, about: "nothing" }];
		});
	} catch (error) {
		if (error instanceof TemplateError) return [{ place, says: error.message, about: "nothing" }];
		throw error;
	}
}

/** Checks every reference of a stage. */
export function checkReferences(draft: Draft): Mistake[] {
	return Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => [
		...checkTemplate(["apps", handle, "registry", "username"], app?.registry?.username, draft),
		...checkTemplate(["apps", handle, "registry", "password"], app?.registry?.password, draft),
		...Object.entries(app?.config ?? {}).flatMap(([key, template]) =>
			checkTemplate(["apps", handle, "config", key], template, draft),
		),
	]);
}
