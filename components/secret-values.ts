import type * as pulumi from "@pulumi/pulumi";
import { environmentKey, references } from "../wire/template.ts";

/** Values by the references that stand for them: `secrets.sessionKey`. */
export type Values = Readonly<Record<string, pulumi.Output<string>>>;

/** What a Command is given of the values: those that the texts of its spec refer to, and no other. */
export function chooseValues(texts: readonly string[], values: Values): Record<string, pulumi.Output<string>> {
	const needed = new Set(texts.flatMap(references));
	return Object.fromEntries(Object.entries(values).filter(([reference]) => needed.has(reference)));
}

/** The stage's secrets, which it has by their names, by reference. */
export function nameSecrets(secrets: Values): Record<string, pulumi.Output<string>> {
	return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value]));
}

/** Values that are no secret, by the variables in which a Command gets them. */
export function nameVariables(values: Values): Record<string, pulumi.Output<string>> {
	return Object.fromEntries(Object.entries(values).map(([reference, value]) => [environmentKey(reference), value]));
}
