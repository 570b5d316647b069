import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStorage } from "./azure/object-storage.ts";

/** What an app's references to secrets and storage stand for, by reference. Databases are Aptible's own to look up. */
export function valuesFor(
	app: string,
	secrets: Readonly<Record<string, pulumi.Output<string>>>,
	storage: ObjectStorage | undefined,
): Record<string, pulumi.Output<string>> {
	const named = Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value] as const);
	return { ...Object.fromEntries(named), ...storage?.valuesFor(app) };
}
