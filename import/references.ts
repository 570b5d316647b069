/** How a stage file refers to what was found: the one place that knows the forms (docs/configuration/README.md, references). */

/** A part of a database's connection. */
export type DatabasePart = "url" | "host" | "port" | "user" | "password" | "name" | "jdbcUrl";

export function databaseReference(handle: string, part: DatabasePart): string {
	return `\${databases.${handle}.${part}}`;
}

/** The URL of other credentials than the default: Redis' encrypted ones, which phi asks for (facts/aptible.md §3.3). */
export function credentialUrl(handle: string, type: string): string {
	return `\${databases.${handle}.urls.${type}}`;
}

export function endpointReference(app: string, endpoint: string, part: "url" | "host"): string {
	return `\${apps.${app}.endpoints.${endpoint}.${part}}`;
}

/** Text that is no reference. */
export function literal(text: string): string {
	return text.replaceAll("${", () => "$${");
}

/**
 * A config value with the forms that the loader does not know yet replaced by one that it knows.
 *
 * Until `config/references.ts` reads them, what is checked and what a test brings up goes through here.
 */
export function asLoadedToday(value: string): string {
	return value
		.replace(/\$\{databases\.([^{}]+)\.(?:host|port|user|password|name|jdbcUrl)\}/g, "to-come")
		.replace(/\$\{apps\.[^{}]+\}/g, "to-come");
}
