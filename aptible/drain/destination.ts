import { compare, type Difference } from "../../wire/difference.ts";

/** Where a drain sends, under the stage file's names. Declared, its values are templates; live, they are what Aptible shows. */
export type Destination = Readonly<Record<string, string | undefined>>;

/** Fills a template in; gives undefined where the secrets in it are not at hand. */
export type Fill = (template: string) => string | undefined;

/** Fields of which no value is ever printed. */
const secretFields: ReadonlySet<string> = new Set(["url", "token", "username", "password", "apiKey"]);

/** Fills nothing that has a secret in it. */
export const withoutSecrets: Fill = (template) => (template.includes("${") ? undefined : template);

/**
 * How a live destination differs from the declared one. A secret is only said to differ, and not even that where it cannot be
 * known (`hiddenFields`).
 *
 * @param live undefined where the token may see nothing of it
 */
export function destinationDifferences(
	declared: Destination,
	live: Destination | undefined,
	fill: Fill = withoutSecrets,
): Difference[] {
	if (live === undefined) return [];
	const unknown = new Set(hiddenFields(declared, live));
	return Object.entries(declared).flatMap(([field, template]) => {
		const shown = live[field];
		if (!secretFields.has(field)) return compare({ [field]: template }, { [field]: shown });
		const value = template === undefined ? undefined : fill(template);
		if (unknown.has(field) || value === shown || (template !== undefined && value === undefined)) return [];
		return [{ field, declared: template ?? "none", live: "another value" }];
	});
}

/** Declared fields that the token may not see, so that nobody can tell whether they are right. */
export function hiddenFields(declared: Destination, live: Destination | undefined): string[] {
	return Object.keys(declared).filter(
		(field) =>
			declared[field] !== undefined && (live === undefined || (secretFields.has(field) && live[field] === undefined)),
	);
}

/** The values of a live destination that must not be in any output. */
export function secretsOf(live: Destination | undefined): string[] {
	return [live?.url, live?.token, live?.password, live?.apiKey].flatMap((value) => value ?? []);
}
