import type * as pulumi from "@pulumi/pulumi";
import { references } from "../wire/template.ts";

/** The secrets that the texts of a spec refer to, by their references (`secrets.siemUrl`). */
export function secretsIn(
	spec: object,
	secrets: Readonly<Record<string, pulumi.Output<string>>>,
): Record<string, pulumi.Output<string>> {
	const needed = new Set(Object.values(spec).flatMap((value) => (typeof value === "string" ? references(value) : [])));
	const named = Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value] as const);
	return Object.fromEntries(named.filter(([reference]) => needed.has(reference)));
}
