import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import type { Cloud } from "./cloud.ts";
import { ARM_FUNCTIONS, ARM_TYPES } from "./resource-types.ts";
import { signServiceSas } from "./service-sas.ts";
import type { ArmResource } from "./store.ts";
import { answerContainer } from "./worm-rules.ts";

/** Resources that a function of this name asks for. */
const GETTERS: Readonly<Record<string, string>> = {
	getBlobContainer: "azure-native:storage:BlobContainer",
	getBlobServiceProperties: "azure-native:storage:BlobServiceProperties",
	getRecordSet: "azure-native:dns:RecordSet",
	getManagementPolicy: "azure-native:storage:ManagementPolicy",
	getResourceGroup: "azure-native:resources:ResourceGroup",
	getStorageAccount: "azure-native:storage:StorageAccount",
	getWorkspace: "azure-native:operationalinsights:Workspace",
	getZone: "azure-native:dns:Zone",
};

/** Answers a function of the provider (an invoke), as Azure would. */
export function callFunction(token: string, args: PropertyMap, context: Cloud): PropertyMap {
	const required = ARM_FUNCTIONS[token];
	if (required === undefined) {
		throw new Error(
			`the sandbox's stand-in for azure-native has no function '${token}'; it has ${Object.keys(ARM_FUNCTIONS).join(", ")}`,
		);
	}
	const missing = required.filter((name) => args[name] === undefined || args[name] === null);
	if (missing.length > 0) throw new Error(`missing required arguments of ${token}: ${missing.join(", ")}`);
	const name = token.split(":")[2] ?? "";
	if (name === "listStorageAccountKeys") return listKeys(args, context);
	if (name === "listStorageAccountServiceSAS") return listServiceSas(args, context);
	const found = find(GETTERS[name] ?? "", args, context);
	return name === "getBlobContainer" ? { ...answer(found), ...answerContainer(found, context.store) } : answer(found);
}

function find(token: string, args: PropertyMap, cloud: Cloud): ArmResource {
	const id = ARM_TYPES[token]?.id(args, cloud.subscription) ?? "";
	const resource = cloud.find(token, id);
	if (resource === undefined) throw new ArmError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
	return resource;
}

function answer({ id, state }: ArmResource): PropertyMap {
	return { ...state, id };
}

function keysOf(args: PropertyMap, context: Cloud) {
	find("azure-native:storage:StorageAccount", args, context);
	const keys = context.store.keys(String(args.accountName));
	if (keys === undefined) throw new Error(`sandbox: no keys of account ${args.accountName}`);
	return keys;
}

function listKeys(args: PropertyMap, context: Cloud): PropertyMap {
	const { key1, key2, created } = keysOf(args, context);
	const one = (keyName: string, value: string) => ({ keyName, value, permissions: "Full", creationTime: created });
	return { keys: [one("key1", key1), one("key2", key2)] };
}

function listServiceSas(args: PropertyMap, context: Cloud): PropertyMap {
	const { key1, key2 } = keysOf(args, context);
	const { keyToSign = "key1", sharedAccessExpiryTime: expiry, sharedAccessStartTime: start } = args;
	const canonicalizedResource = String(args.canonicalizedResource);
	if (!canonicalizedResource.startsWith(`/blob/${args.accountName}/`)) {
		const message = `Values for request parameters are invalid: canonicalizedResource (${canonicalizedResource}).`;
		throw new ArmError(400, "InvalidValuesForRequestParameters", message);
	}
	if (keyToSign !== "key1" && keyToSign !== "key2") {
		throw new ArmError(
			400,
			"InvalidValuesForRequestParameters",
			`Values for request parameters are invalid: keyToSign (${keyToSign}).`,
		);
	}
	if (expiry === undefined && args.identifier === undefined) {
		throw new ArmError(
			400,
			"InvalidValuesForRequestParameters",
			"Values for request parameters are invalid: signedExpiry.",
		);
	}
	const optional = (key: string) => (args[key] === undefined ? undefined : String(args[key]));
	const token = signServiceSas(
		{
			canonicalizedResource,
			resource: optional("resource") ?? "c",
			permissions: optional("permissions") ?? "",
			start: start === undefined ? undefined : String(start),
			expiry: expiry === undefined ? undefined : String(expiry),
			protocols: optional("protocols"),
			ip: optional("iPAddressOrRange"),
			identifier: optional("identifier"),
		},
		keyToSign === "key2" ? key2 : key1,
	);
	return { serviceSasToken: token };
}
