import { createHash } from "node:crypto";

/** Where something is in Azure. */
interface Place {
	subscription: string;
	resourceGroup: string;
}

/** Id of an account, in the casing of the portal, which an import compares letter by letter (facts/azure.md §3). */
export function accountId({ subscription, resourceGroup }: Place, account: string): string {
	return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`;
}

/** Id of a container of an account. */
export function containerId(account: string, container: string): string {
	return `${account}/blobServices/default/containers/${container}`;
}

/** Id of a zone in Azure DNS. */
export function zoneId({ subscription, resourceGroup }: Place, domain: string): string {
	return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/dnsZones/${domain}`;
}

/** Id of a built-in role, seen from something in the same subscription. */
export function roleId(scope: string, role: string): string {
	return `/subscriptions/${scope.split("/")[2]}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}

/** A GUID that is always the same for the same text: Azure wants one as the name of a role assignment. */
export function guidOf(text: string): string {
	const hex = createHash("sha256").update(text).digest("hex");
	return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
		"-",
	);
}
