import type * as pulumi from "@pulumi/pulumi";
import { references } from "../wire/template.ts";

/** Values by the references that stand for them: `secrets.sessionKey`. */
export type Values = Readonly<Record<string, pulumi.Output<string>>>;

/** What a Command is given of the values: those that the texts of its spec refer to, and no other. */
export function chooseSecrets(texts: readonly string[], values: Values): Record<string, pulumi.Output<string>> {
	const needed = new Set(texts.flatMap(references));
	return Object.fromEntries(Object.entries(values).filter(([reference]) => needed.has(reference)));
}

/** The stage's secrets, which it has by their names, by reference. */
export function nameSecrets(secrets: Values): Record<string, pulumi.Output<string>> {
	return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value]));
}
