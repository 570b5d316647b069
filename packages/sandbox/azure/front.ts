import type { IncomingMessage, ServerResponse } from "node:http";
import { isMap, type PropertyMap } from "../plugins/property-value.ts";
import { isAdmitted } from "./limits.ts";
import type { ArmStore } from "./store.ts";

/** Header with the address that a request is to count as coming from. Without it, it comes from the Aptible stack. */
export const sourceHeader = "x-sandbox-source-address";

/** First addresses of the emulated Aptible's stacks. */
const aptibleAddresses = ["203.0.113.10", "203.0.113.20", "203.0.113.30", "203.0.113.40"];

/** Header of what Azure Resource Manager does itself, on which neither firewall nor shared-key switch has a say. */
export const armHeader = "x-sandbox-arm";

/**
 * What Azure checks before the blob service sees a request, and Azurite does not: the firewall, and whether keys and SAS tokens
 * are let in at all.
 *
 * @returns the code and text of the refusal; nothing where the request may go on
 */
export function refusalOf(request: IncomingMessage, store: ArmStore): { code: string; message: string } | undefined {
	if (request.headers[armHeader] !== undefined) return undefined;
	const account = request.url?.split(/[/?]/)[1] ?? "";
	const resource = store
		.ofType("azure-native:storage:StorageAccount")
		.find(({ inputs }) => inputs.accountName === account);
	if (resource === undefined) return undefined;
	const source = request.headers[sourceHeader];
	const sources = typeof source === "string" ? [source] : aptibleAddresses;
	if (!sources.some((address) => isLetIn(resource.inputs.networkRuleSet, address))) {
		return { code: "AuthorizationFailure", message: "This request is not authorized to perform this operation." };
	}
	if (resource.inputs.allowSharedKeyAccess === false) {
		const message = "Key based authentication is not permitted on this storage account.";
		return { code: "KeyBasedAuthenticationNotPermitted", message };
	}
	return undefined;
}

function isLetIn(rules: PropertyMap[string] | undefined, source: string): boolean {
	if (!isMap(rules) || rules.defaultAction !== "Deny") return true;
	const list = Array.isArray(rules.ipRules) ? rules.ipRules : [];
	return isAdmitted(
		list.filter(isMap).map((rule) => String(rule.iPAddressOrRange)),
		source,
	);
}

/** Refuses a request as the blob service would. */
export function refuse(response: ServerResponse, { code, message }: { code: string; message: string }): void {
	response.writeHead(403, { "content-type": "application/xml", "x-ms-error-code": code });
	response.end(
		`<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
	);
}
