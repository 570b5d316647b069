/** What the templates of a spec stand for, as far as that is at hand without asking Aptible again. */

import { databaseValue, type ResolvedValues } from "../aptible/app/values.ts";
import type { Context } from "../aptible/context.ts";
import type { LoadedStage } from "../config/load.ts";
import type { AppSpec } from "../wire/app.ts";
import { readDatabaseReference } from "../wire/references.ts";
import { fillTemplate } from "../wire/template.ts";
import type { Snapshot } from "./snapshot.ts";

/** The value of a reference (`secrets.sessionKey`); undefined where it is not at hand, and what needs it is not compared. */
export type Values = (reference: string) => string | undefined;

/** Config and credentials as far as the values for them are at hand. */
export function resolveKnown(
	snapshot: Snapshot,
	{ config, registry }: AppSpec,
	values: Values,
): { resolved: ResolvedValues; unknown: Set<string> } {
	const fill = filler(snapshot, values);
	const known: Record<string, string> = {};
	const unknown = new Set<string>();
	for (const [key, template] of Object.entries(config)) {
		const value = fill(template);
		if (value === undefined) unknown.add(key);
		else known[key] = value;
	}
	const [username, password] = [fill(registry?.username ?? ""), fill(registry?.password ?? "")];
	const credentials = registry && username !== undefined && password !== undefined ? { username, password } : undefined;
	return { resolved: { config: known, registry: credentials }, unknown };
}

/** Fills templates with the URLs of the snapshot's databases and their parts, and everything else from `values`. */
export function filler({ databases }: Snapshot, values: Values): (template: string) => string | undefined {
	const listed = databases.map((database) => database.listed);
	return (template) => {
		let isWhole = true;
		const filled = fillTemplate(template, (reference) => {
			const wanted = readDatabaseReference(reference);
			const value = wanted === undefined ? values(reference) : databaseValue(listed, wanted).value;
			if (value === undefined || value === "") isWhole = false;
			return value ?? "";
		});
		return isWhole ? filled : undefined;
	};
}

/** As drains and certificates are handed over, without the line feed that a secret from a file ends in. */
export function trimmed(fill: (template: string) => string | undefined): (template: string) => string | undefined {
	return (template) => fill(template)?.trim();
}

/** Secrets as plain text, which stays in this process: live values are compared with them. */
export async function plainValues(secrets: LoadedStage["secrets"], { redactor }: Context): Promise<Values> {
	const plain = new Map<string, string>();
	const reads = Object.entries(secrets).map(
		([name, secret]) =>
			new Promise<void>((resolve) => {
				secret.apply((value) => {
					plain.set(`secrets.${name}`, value);
					redactor.addUrl(value);
					resolve();
				});
			}),
	);
	await Promise.all(reads);
	return (reference) => plain.get(reference);
}
