/**
 * References of a stage file, in the config and the registry of an app: `${secrets.NAME}`, `${databases.NAME.url}` (or `urls.TYPE`) and
 * `${storage.NAME.ATTRIBUTE}`. The grammar of templates is `wire/template.ts`; here each reference is checked against the
 * stage.
 */

import { lookUp } from "../wire/own.ts";
import { fillTemplate, parseTemplate, readDatabaseReference, TemplateError } from "../wire/template.ts";
import { readStorageReference, type StorageReference, unknownStorageTarget } from "./azure/storage-references.ts";
import { credentialTypes } from "./catalogue.ts";
import type { Draft } from "./draft.ts";
import type { Mistake, Place } from "./mistakes.ts";
import { findNearestWord, suggest } from "./near-miss.ts";
import { listTemplates } from "./templates.ts";

/** What a reference points at. `name` is a name in the stage file. */
export type Reference =
	| { kind: "secret"; name: string }
	| { kind: "database"; name: string; credential: string | undefined }
	| StorageReference;

const kinds = ["secrets", "databases", "storage"];
/** Where the whole URL would do harm: a message about one of these offers none. */
const partsOfUrl =
	/^(host|hostname|port|user|username|pass|password|name|db|database|databaseName|path|jdbc|jdbcUrl)$/i;
const takeApart =
	"give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart";
const forms = "${secrets.NAME}, ${databases.NAME.url}, ${storage.NAME.sasToken}";

/** Reads one reference (`databases.main.url`), or says what is wrong with it. */
function readReference(reference: string): Reference | string {
	const [kind = "", ...rest] = reference.split(".");
	if (!kinds.includes(kind)) {
		return `refers to ${JSON.stringify(kind)}; allowed: ${forms}${suggest(findNearestWord(kind, kinds))}`;
	}
	if (kind === "secrets") {
		const name = rest.join(".");
		return name === "" ? `names no secret; allowed: ${forms}` : { kind: "secret", name };
	}
	if (kind === "storage") return readStorageReference(rest);
	const database = readDatabaseReference(reference);
	if (database !== undefined) return { kind: "database", name: database.database, credential: database.credential };
	const attribute = rest.at(-1) ?? "";
	if (rest.length < 2) return `names no attribute of a database; write \${databases.${attribute || "NAME"}.url}`;
	if (partsOfUrl.test(attribute)) return `asks for a part of a database's URL, and parts cannot be had; ${takeApart}`;
	const near = suggest(findNearestWord(attribute, ["url"]));
	return `refers to ${JSON.stringify(attribute)} of a database; allowed: url, urls.TYPE${near}`;
}

/** Says what is wrong with what stands before a reference. */
function wrongBefore(text: string, reference: Reference, draft: Draft): string | undefined {
	if (reference.kind !== "database" || !/jdbc:$/i.test(text)) return undefined;
	if (lookUp(draft.databases ?? {}, reference.name)?.type !== "postgresql") return undefined;
	return `stands after jdbc:, and pgjdbc takes no user in the URL; ${takeApart}`;
}

/** Says what is wrong with the credentials that a reference to a database names. */
function wrongCredential(
	{ name, credential }: { name: string; credential: string | undefined },
	draft: Draft,
): string | undefined {
	const type = lookUp(draft.databases ?? {}, name)?.type;
	const types = type === undefined ? undefined : lookUp(credentialTypes, type);
	if (types === undefined || credential === undefined || types.includes(credential)) return undefined;
	const near = suggest(findNearestWord(credential, types));
	return `refers to credentials that no ${type} database has; allowed: ${types.map((word) => `urls.${word}`).join(", ")}${near}`;
}

/** Says what is wrong with a reference that reads well, or nothing if it points at something. */
function unknownTarget(reference: Reference, draft: Draft): string | undefined {
	if (reference.kind === "storage") return unknownStorageTarget(reference, draft);
	const key = reference.kind === "secret" ? "secrets" : "databases";
	const block = draft[key];
	// Written, but not readable: whether the name is there cannot be said.
	if (block === undefined && key in draft) return undefined;
	const names = Object.keys(block ?? {});
	if (names.includes(reference.name)) {
		return reference.kind === "secret" ? undefined : wrongCredential(reference, draft);
	}
	const declared = names.length === 0 ? `no ${key} are declared` : `declared: ${names.join(", ")}`;
	const near = suggest(findNearestWord(reference.name, names));
	return `refers to a ${reference.kind} that is not under ${key}; ${declared}${near}`;
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
						wrongBefore(typeof before === "string" ? before : "", reference, draft));
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
