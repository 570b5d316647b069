/**
 * References of a stage file, in the config and the registry of an app: `${secrets.NAME}`, `${databases.NAME.url}` (or `urls.TYPE`, or a
 * part of it), `${apps.NAME.endpoints.NAME.url}` and `${storage.NAME.ATTRIBUTE}`. The grammar of templates is `wire/template.ts`; here each
 * reference is checked against the stage.
 */

import { lookUp } from "../wire/own.ts";
import type { DatabaseReference, EndpointReference } from "../wire/references.ts";
import { fillTemplate, parseTemplate, TemplateError } from "../wire/template.ts";
import { readStorageReference, type StorageReference, unknownStorageTarget } from "./azure/storage-references.ts";
import { readDatabase, unknownDatabase, wrongBefore } from "./database-references.ts";
import type { Draft } from "./draft.ts";
import { readEndpoint, unknownEndpoint } from "./endpoint-references.ts";
import type { Mistake, Place } from "./mistakes.ts";
import { findNearestWord, suggest } from "./near-miss.ts";
import { listTemplates } from "./templates.ts";

/** What a reference points at. Names are those in the stage file. */
export type Reference =
	| { kind: "secret"; name: string }
	| ({ kind: "database" } & DatabaseReference)
	| ({ kind: "endpoint" } & EndpointReference)
	| StorageReference;

const kinds = ["secrets", "databases", "apps", "storage"];
const forms = "${secrets.NAME}, ${databases.NAME.url}, ${apps.NAME.endpoints.NAME.url}, ${storage.NAME.sasToken}";

/** Reads one reference (`databases.main.url`), or says what is wrong with it. */
function readReference(reference: string): Reference | string {
	const [kind = "", ...rest] = reference.split(".");
	if (kind === "secrets") {
		const name = rest.join(".");
		return name === "" ? `names no secret; allowed: ${forms}` : { kind: "secret", name };
	}
	if (kind === "storage") return readStorageReference(rest);
	if (kind === "databases") return readDatabase(reference);
	if (kind === "apps") return readEndpoint(reference);
	return `refers to ${JSON.stringify(kind)}; allowed: ${forms}${suggest(findNearestWord(kind, kinds))}`;
}

/** Says what is wrong with a reference that reads well, or nothing if it points at something. */
function unknownTarget(reference: Reference, draft: Draft): string | undefined {
	if (reference.kind === "storage") return unknownStorageTarget(reference, draft);
	if (reference.kind === "database") return unknownDatabase(reference, draft);
	if (reference.kind === "endpoint") return unknownEndpoint(reference, draft);
	// Written, but not readable: whether the name is there cannot be said.
	if (draft.secrets === undefined && "secrets" in draft) return undefined;
	const names = Object.keys(draft.secrets ?? {});
	if (names.includes(reference.name)) return undefined;
	const declared = names.length === 0 ? "no secrets are declared" : `declared: ${names.join(", ")}`;
	return `refers to a secret that is not under secrets; ${declared}${suggest(findNearestWord(reference.name, names))}`;
}

/** A template with its secrets in it and nothing for other references; undefined where it cannot be read. */
export function fillSecrets(template: string, draft: Draft): string | undefined {
	const lookup = (reference: string) => lookUp(draft.secrets ?? {}, reference.replace(/^secrets\./, "")) ?? "";
	try {
		return fillTemplate(template, lookup);
	} catch (error) {
		if (error instanceof TemplateError) return undefined;
		throw error;
	}
}

/** Checks every reference of one template. */
export function checkTemplate(place: Place, template: string | undefined, draft: Draft): Mistake[] {
	if (template === undefined) return [];
	try {
		return parseTemplate(template).flatMap((part, index, parts): Mistake[] => {
			if (typeof part === "string") return [];
			const reference = readReference(part.reference);
			const before = parts[index - 1];
			const wrong =
				typeof reference === "string"
					? reference
					: (unknownTarget(reference, draft) ??
						(reference.kind === "database" && typeof before === "string"
							? wrongBefore(before, reference, draft)
							: undefined));
			return wrong === undefined ? [] : [{ place, says: `"\${${part.reference}}" ${wrong}`, about: "nothing" }];
		});
	} catch (error) {
		if (error instanceof TemplateError) return [{ place, says: error.message, about: "nothing" }];
		throw error;
	}
}

/** Checks every reference of a stage but those of drains, of which more is asked (`config/drain-rules.ts`). */
export function checkReferences(draft: Draft): Mistake[] {
	return listTemplates(draft)
		.filter(({ place: [noun] }) => noun !== "logDrains" && noun !== "metricDrains")
		.flatMap(({ place, template }) => checkTemplate(place, template, draft));
}
