import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

type Variables = Readonly<NodeJS.ProcessEnv>;

/** Ways to log in that the azure-native provider takes from its environment, each with what it needs. */
const ways = [
	["a client secret", ["ARM_CLIENT_SECRET"]],
	["a certificate", ["ARM_CLIENT_CERTIFICATE_PATH"]],
	["OpenID Connect", ["ARM_USE_OIDC"]],
	["a managed identity", ["ARM_USE_MSI"]],
] as const;

const ids = ["ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_CLIENT_ID"];

function isSet(variables: Variables, name: string): boolean {
	const setting = name
		.replace(/^ARM_/, "")
		.toLowerCase()
		.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
	return Boolean(variables[name]) || pulumi.runtime.getConfig(`azure-native:${setting}`) !== undefined;
}

/** Whether the Azure CLI is there, with whose login the provider does when nothing else is set. */
function hasAzureCli({ PATH = "" }: Variables): boolean {
	return PATH.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, "az")));
}

/** What is missing to get into Azure; empty where the provider can try (facts/pulumi.md §7: order of its ways). */
export function findMissingCredentials(variables: Variables): string[] {
	if (isSet(variables, "ARM_USE_DEFAULT_AZURE_CREDENTIAL")) return [];
	const begun = ways.find(([, names]) => names.some((name) => isSet(variables, name)));
	if (begun === undefined && !ids.some((name) => isSet(variables, name)) && hasAzureCli(variables)) return [];
	const needed = begun?.[0] === "a managed identity" ? ["ARM_SUBSCRIPTION_ID"] : ids;
	const missing = needed.filter((name) => !isSet(variables, name));
	return begun === undefined ? [...missing, "ARM_CLIENT_SECRET (or another way to log in)"] : missing;
}

/**
 * Fails before any resource of Azure is declared where there is no way in, with all that is missing at once: the provider
 * itself would only say that `az` is not there.
 *
 * @param what the blocks of the stage file that need Azure
 * @throws pulumi.RunError that names what is missing.
 */
export function requireAzure(what: string, variables: Variables = process.env): void {
	const missing = findMissingCredentials(variables);
	if (missing.length === 0) return;
	throw new pulumi.RunError(
		[
			`this stage has ${what} in Azure, and there is no login to Azure. Not set:`,
			...missing.map((name) => `  ${name}`),
			"Set them for a service principal, or install the Azure CLI and run `az login`. A stage without storage and dns needs neither.",
		].join("\n"),
	);
}
