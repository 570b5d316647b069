/** How a stage file refers to what was found: the one place that knows the forms (docs/configuration/README.md, references). */

/** A part of a database's connection. */
export type DatabasePart = "url" | "host" | "port" | "user" | "password" | "name" | "jdbcUrl";

/** @param credential type of credentials that are not the default ones, such as Redis' encrypted ones */
export function databaseReference(handle: string, part: DatabasePart, credential?: string): string {
	if (credential === undefined) return `\${databases.${handle}.${part}}`;
	return part === "url"
		? `\${databases.${handle}.urls.${credential}}`
		: `\${databases.${handle}.${credential}.${part}}`;
}

export function endpointReference(app: string, endpoint: string, part: "url" | "host"): string {
	return `\${apps.${app}.endpoints.${endpoint}.${part}}`;
}
