/**
 * Templates: text of a stage file with references in it, such as `redis://${databases.cache.url}`. They cross the process
 * line as they stand, so that a preview shows what the file says, and no secret is in the spec.
 */

/** A template that cannot be read. */
export class TemplateError extends Error {
	override name = "TemplateError";
}

/** A stretch of plain text, or one reference (`databases.main.url`). */
export type TemplatePart = string | { reference: string };

/**
 * Splits a template into text and references. `$${` stands for a literal `${`.
 *
 * @throws TemplateError when a `${` is never closed.
 */
export function parseTemplate(text: string): TemplatePart[] {
	const parts: TemplatePart[] = [];
	let literal = "";
	let position = 0;
	while (position < text.length) {
		if (text.startsWith("$${", position)) {
			literal += "${";
			position += 3;
		} else if (text.startsWith("${", position)) {
			const end = text.indexOf("}", position);
			if (end < 0) {
				throw new TemplateError('"${" is never closed; write ${kind.name...}, or $${ for a literal "${"');
			}
			if (literal !== "") parts.push(literal);
			literal = "";
			parts.push({ reference: text.slice(position + 2, end).trim() });
			position = end + 1;
		} else {
			literal += text[position];
			position += 1;
		}
	}
	if (literal !== "") parts.push(literal);
	return parts;
}

/** The references of a template, in order. */
export function references(text: string): string[] {
	return parseTemplate(text).flatMap((part) => (typeof part === "string" ? [] : [part.reference]));
}

/** A template with each reference replaced by what `lookup` gives for it. */
export function fillTemplate(text: string, lookup: (reference: string) => string): string {
	return parseTemplate(text)
		.map((part) => (typeof part === "string" ? part : lookup(part.reference)))
		.join("");
}

/** A database that a template refers to, and which of its credentials: the default ones, unless a type is named. */
export interface DatabaseReference {
	database: string;
	credential: string | undefined;
}

/** A template with some of its references replaced by plain text, which does not end in `$`; where none is, it stays as it is written. */
export function replaceReferences(text: string, replace: (reference: string) => string | undefined): string {
	if (references(text).every((reference) => replace(reference) === undefined)) return text;
	const literal = (plain: string) => plain.replaceAll("${", () => "$${");
	return parseTemplate(text)
		.map((part) => {
			if (typeof part === "string") return literal(part);
			const plain = replace(part.reference);
			return plain === undefined ? `\${${part.reference}}` : literal(plain);
		})
		.join("");
}

/** Reads `databases.main.url` and `databases.cache.urls.redis+ssl`; anything else is none. */
export function readDatabaseReference(reference: string): DatabaseReference | undefined {
	// A handle may have dots of its own, so that what follows the last ones counts.
	const [, database, credential] = /^databases\.(.+)\.(?:url|urls\.([^.]+))$/.exec(reference) ?? [];
	return database === undefined ? undefined : { database, credential };
}

/**
 * The environment variable in which a Command hands over the value of a reference: `secrets.sessionKey` goes as
 * `SECRETS_sessionKey`. The names in a reference are letters and digits, so no two references share a variable.
 */
export function environmentKey(reference: string): string {
	const [kind = "", ...names] = reference.split(".");
	return [kind.toUpperCase(), ...names].join("_");
}
