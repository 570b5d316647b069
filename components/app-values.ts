import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStorage } from "./azure/object-storage.ts";
import { nameSecrets } from "./secret-values.ts";

/** What an app's references to secrets and storage stand for, by reference. Databases are Aptible's own to look up. */
export function valuesFor(
	app: string,
	secrets: Readonly<Record<string, pulumi.Output<string>>>,
	storage: ObjectStorage | undefined,
): Record<string, pulumi.Output<string>> {
	return { ...nameSecrets(secrets), ...storage?.valuesFor(app) };
}
