import { deepEqual, type PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { mapIn, mapsIn, normalLocation, type RuleContext } from "./arm-values.ts";
import { encryptionKeyRules } from "./key-rules.ts";
import { ACCOUNT_NAME, GROUP_NAME, hasSku, isContainerName, isIpRule, isRegion, MOST_IP_RULES } from "./limits.ts";

/** What Azure Resource Manager refuses of groups, accounts and what lies in them (facts/azure.md §2, §3). */

/** Fails unless the resource group is there. */
export function requireGroup({ id, store }: Pick<RuleContext, "id" | "store">): void {
	const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(id);
	if (group === null || store.find(group[0]) !== undefined) return;
	throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${group[1]}' could not be found.`);
}

/** Fails unless the account is there. */
export function requireAccount({ id, store }: RuleContext): void {
	const parent = /^.*\/storageAccounts\/[^/]+/i.exec(id)?.[0] ?? "";
	if (store.find(parent) !== undefined) return;
	throw new ArmError(
		404,
		"ParentResourceNotFound",
		`Failed to perform 'write' on resource(s) of '${id}': the parent resource '${parent}' could not be found.`,
	);
}

/** Fails where something has another name than the only one that there is. */
export function requireDefault({ inputs }: RuleContext, key: string): void {
	if (inputs[key] === "default") return;
	// The released provider then asks an address of Microsoft's own network (azure-native#2164).
	throw new ArmError(
		404,
		"ResourceNotFound",
		`The resource '${inputs[key]}' was not found: '${key}' has to be "default".`,
	);
}

export function resourceGroupRules({ inputs }: RuleContext): void {
	const name = String(inputs.resourceGroupName);
	if (!GROUP_NAME.test(name)) {
		throw new ArmError(
			400,
			"InvalidResourceGroup",
			`The provided resource group name '${name}' has invalid characters.`,
		);
	}
	if (inputs.location === undefined)
		throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
}

export function accountRules(context: RuleContext): void {
	const { inputs, before, id, store } = context;
	const name = String(inputs.accountName);
	if (!ACCOUNT_NAME.test(name)) {
		throw new ArmError(
			400,
			"AccountNameInvalid",
			`${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
		);
	}
	requireGroup(context);
	if (before === undefined && store.keys(name) !== undefined && store.find(id) === undefined) {
		throw new ArmError(409, "StorageAccountAlreadyTaken", `The storage account named ${name} is already taken.`);
	}
	checkSku(inputs, before);
	checkFirewall(mapIn(inputs, "networkRuleSet"));
	const infrastructure = (of: PropertyMap) => mapIn(of, "encryption").requireInfrastructureEncryption === true;
	if (before !== undefined && infrastructure(before) !== infrastructure(inputs)) {
		const message =
			"The property 'requireInfrastructureEncryption' was specified in the input, but it cannot be updated as it is read-only.";
		throw new ArmError(400, "InvalidRequestPropertyValue", message);
	}
	checkSettled(inputs, before);
	encryptionKeyRules(inputs, store);
	const { expirationAction, sasExpirationPeriod } = mapIn(inputs, "sasPolicy");
	if (expirationAction !== undefined && !/^\d+\.\d\d:\d\d:\d\d$/.test(String(sasExpirationPeriod))) {
		throw new ArmError(
			400,
			"InvalidValuesForRequestParameters",
			"Values for request parameters are invalid: sasExpirationPeriod.",
		);
	}
}

/** What an account is for life, and the one upgrade there is. */
function checkSettled(inputs: PropertyMap, before: PropertyMap | undefined): void {
	if (before === undefined) return;
	for (const key of ["isHnsEnabled", "enableNfsV3", "dnsEndpointType", "extendedLocation"]) {
		if (before[key] === undefined || inputs[key] === undefined || deepEqual(before[key], inputs[key])) continue;
		const message = `The property '${key}' was specified in the input, but it cannot be updated as it is read-only.`;
		throw new ArmError(400, "InvalidRequestPropertyValue", message);
	}
	const upgrades = ["Storage", "BlobStorage"].includes(String(before.kind)) && inputs.kind === "StorageV2";
	if (before.kind === inputs.kind || upgrades) return;
	const message = `The account kind '${before.kind}' cannot be updated to '${inputs.kind}'.`;
	throw new ArmError(400, "InvalidAccountKind", message);
}

function checkSku(inputs: PropertyMap, before: PropertyMap | undefined): void {
	const sku = String(mapIn(inputs, "sku").name);
	const location = normalLocation(inputs.location);
	if (!isRegion(location)) {
		const message = `The provided location '${location}' is not available for resource type 'Microsoft.Storage/storageAccounts'.`;
		throw new ArmError(400, "LocationNotAvailableForResourceType", message);
	}
	if (!hasSku(location, sku)) {
		throw new ArmError(400, "SkuNotAvailableInRegion", `The sku '${sku}' is not available in region '${location}'.`);
	}
	const zones = (of: string) => of.includes("ZRS");
	const old = before === undefined ? sku : String(mapIn(before, "sku").name);
	if (zones(old) !== zones(sku)) {
		throw new ArmError(
			409,
			"StorageAccountSkuConversion",
			`Changing '${old}' to '${sku}' is a conversion, which has to be asked for by itself.`,
		);
	}
}

/** The form that the firewall takes: IPv4, public, and neither /31 nor /32. */
function checkFirewall(rules: PropertyMap): void {
	const list = mapsIn(rules, "ipRules").map((rule) => String(rule.iPAddressOrRange));
	for (const address of list) {
		if (isIpRule(address)) continue;
		const message = `Values for request parameters are invalid: networkAcls.ipRule[*].value(${address}). IP rules take public IPv4 addresses and ranges, and no /31 or /32.`;
		throw new ArmError(400, "InvalidValuesForRequestParameters", message);
	}
	if (list.length > MOST_IP_RULES) {
		throw new ArmError(
			400,
			"NetworkAclsValidationFailure",
			`Too many IP rules: ${list.length}. At most ${MOST_IP_RULES} are allowed.`,
		);
	}
}

export function containerRules(context: RuleContext): void {
	requireAccount(context);
	const name = String(context.inputs.containerName);
	if (!isContainerName(name)) {
		throw new ArmError(
			400,
			"ContainerNameInvalid",
			`The specified resource name contains invalid characters: '${name}'.`,
		);
	}
	const account = context.store.find(/^.*\/storageAccounts\/[^/]+/i.exec(context.id)?.[0] ?? "");
	const access = context.inputs.publicAccess ?? "None";
	if (access !== "None" && account?.inputs.allowBlobPublicAccess !== true) {
		throw new ArmError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
	}
}
