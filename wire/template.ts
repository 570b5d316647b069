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

/** Plain text as a template has it. */
export function literal(plain: string): string {
	return plain.replaceAll("${", () => "$${");
}

/** A template with some of its references replaced by plain text, which does not end in `$`; where none is, it stays as it is written. */
export function replaceReferences(text: string, replace: (reference: string) => string | undefined): string {
	return rewriteReferences(text, (reference) => {
		const plain = replace(reference);
		return plain === undefined ? undefined : literal(plain);
	});
}

/** The same with templates in the place of references. */
export function rewriteReferences(text: string, rewrite: (reference: string) => string | undefined): string {
	if (references(text).every((reference) => rewrite(reference) === undefined)) return text;
	return parseTemplate(text)
		.map((part) => (typeof part === "string" ? literal(part) : (rewrite(part.reference) ?? `\${${part.reference}}`)))
		.join("");
}

/**
 * The environment variable in which a Command hands over the value of a reference: `secrets.sessionKey` goes as
 * `SECRETS_sessionKey`. The names of secrets and containers are letters and digits, so that no two of their references share a variable; the
 * host name of an endpoint keeps its dots, as handles may have anything else: `APPS_gateway.endpoints.internal.host`.
 */
export function environmentKey(reference: string): string {
	const [kind = "", ...names] = reference.split(".");
	const name = names.join(kind === "apps" ? "." : "_");
	return [kind.toUpperCase(), ...(name === "" ? [] : [name])].join("_");
}
