import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { PropertyMap } from "../plugins/property-value.ts";

/** Inputs of the provider that say how to log in, each with its variable (facts/pulumi.md §7). */
const SETTINGS = {
	subscriptionId: "ARM_SUBSCRIPTION_ID",
	tenantId: "ARM_TENANT_ID",
	clientId: "ARM_CLIENT_ID",
	clientSecret: "ARM_CLIENT_SECRET",
	clientCertificatePath: "ARM_CLIENT_CERTIFICATE_PATH",
	useOidc: "ARM_USE_OIDC",
	useMsi: "ARM_USE_MSI",
} as const;

/**
 * The subscription to work in. With nothing set, the released provider goes by the login of the Azure CLI, and cannot be
 * configured without one; so it is here.
 *
 * @throws Error when there is no login.
 */
export function subscriptionOf(settings: PropertyMap, variables: NodeJS.ProcessEnv = process.env): string {
	const setting = (name: keyof typeof SETTINGS) => settings[name] ?? (variables[SETTINGS[name]] || undefined);
	const byPrincipal = ["clientSecret", "clientCertificatePath", "useOidc"] as const;
	const needed = byPrincipal.some((name) => setting(name) !== undefined)
		? (["subscriptionId", "tenantId", "clientId"] as const)
		: setting("useMsi") === undefined
			? undefined
			: (["subscriptionId"] as const);
	if (needed === undefined) {
		const found = (variables.PATH ?? "").split(path.delimiter).some((folder) => existsSync(path.join(folder, "az")));
		throw new Error(
			found
				? "the sandbox's Azure has no use for the login of the Azure CLI: it sets ARM_CLIENT_SECRET itself, and that has been unset"
				: "could not find `az`: the Azure CLI is not installed, and no ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, ARM_USE_OIDC or ARM_USE_MSI is set",
		);
	}
	const missing = needed.filter((name) => setting(name) === undefined).map((name) => SETTINGS[name]);
	if (missing.length > 0) throw new Error(`the login to Azure is not complete; not set: ${missing.join(", ")}`);
	return String(setting("subscriptionId"));
}
