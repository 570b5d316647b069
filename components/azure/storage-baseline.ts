/**
 * The baseline for health information, item by item, as arguments of Azure's resources (facts/azure.md §2: CIS Microsoft Azure
 * Foundations 6.0.0, and HIPAA 45 CFR 164 as Prowler maps it). Plain values, so that each item has a test.
 */

import type { BlobServicePropertiesArgs } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import type { GetManagementPolicyResult } from "@pulumi/azure-native/storage/getManagementPolicy.js";
import type { ManagementPolicyArgs } from "@pulumi/azure-native/storage/managementPolicy.js";
import type { StorageAccountArgs } from "@pulumi/azure-native/storage/storageAccount.js";
import type * as pulumi from "@pulumi/pulumi";
import { readKeyUrl } from "../../config/azure/encryption-key.ts";
import type { Storage } from "../../config/azure/storage.ts";
import type { CorsRule } from "../../config/azure/storage-cors.ts";
import { ageRuleName, type LifecycleRule as LifecycleRuleConfig } from "../../config/azure/storage-lifecycle.ts";
import { sasPeriod } from "./storage-sas.ts";

/** A rule of a lifecycle, as Azure answers it. */
export type LifecycleRule = GetManagementPolicyResult["policy"]["rules"][number];

type Place = "resourceGroupName" | "accountName";

/** Days after which the portal reminds of a key's rotation (CIS 9.3.1.1). */
const keyDays = 90;

/** A rule of the firewall. The SDK gives it no default action. */
export interface IpRule {
	iPAddressOrRange: string;
	action: "Allow";
}

/** Arguments of the account. Its name, location and kind are for life. */
export function toAccountArgs(storage: Storage, ipRules: pulumi.Input<IpRule[]>): StorageAccountArgs {
	return {
		accountName: storage.account,
		resourceGroupName: storage.resourceGroup.name,
		location: storage.location,
		kind: "StorageV2",
		sku: { name: `Standard_${storage.redundancy}` },
		accessTier: "Hot",
		enableHttpsTrafficOnly: true,
		minimumTlsVersion: "TLS1_2",
		allowBlobPublicAccess: false,
		// Any SAS needs it. CIS 9.3.1.3 asks for false: docs/azure.md has the exception and the way out.
		allowSharedKeyAccess: storage.sharedKey,
		defaultToOAuthAuthentication: true,
		allowCrossTenantReplication: false,
		...(storage.copyFrom === "sameTenant" ? { allowedCopyScope: "AAD" } : {}),
		// CIS 9.3.2.2 asks for Disabled, which leaves no way in from AWS: docs/azure.md has the exception.
		publicNetworkAccess: "Enabled",
		networkRuleSet: {
			bypass: "AzureServices",
			defaultAction: "Deny",
			ipRules,
			virtualNetworkRules: storage.allowSubnets.map((virtualNetworkResourceId) => ({ virtualNetworkResourceId })),
		},
		isLocalUserEnabled: false,
		isSftpEnabled: false,
		...expiryPolicies(storage),
		...(storage.existing === undefined ? settledAtCreation : {}),
	};
}

/** What Azure takes at creation only: on a live account it is refused, or would replace the account. */
const settledAtCreation = {
	isHnsEnabled: false,
	encryption: {
		keySource: "Microsoft.Storage",
		requireInfrastructureEncryption: true,
		services: { blob: { enabled: true, keyType: "Account" }, file: { enabled: true, keyType: "Account" } },
	},
} satisfies Partial<StorageAccountArgs>;

/**
 * Arguments of a customer's own key, which take the place of those of the account.
 *
 * @param type identities of an account that is there: Azure's own for it stays
 */
export function toKeyArgs({ encryptionKey, existing }: Storage, type = ""): Partial<StorageAccountArgs> {
	if (encryptionKey === undefined) return {};
	return {
		identity: {
			type: type.includes("SystemAssigned") ? "SystemAssigned,UserAssigned" : "UserAssigned",
			userAssignedIdentities: [encryptionKey.identity],
		},
		encryption: {
			...(existing === undefined ? settledAtCreation.encryption : {}),
			keySource: "Microsoft.Keyvault",
			keyVaultProperties: readKeyUrl(encryptionKey.url),
			encryptionIdentity: { encryptionUserAssignedIdentity: encryptionKey.identity },
		},
	};
}

/** Azure refuses both on an account whose keys are older than their creation times (facts/azure.md §3). */
function expiryPolicies({ existing, keysRenewed, sas }: Storage): Partial<StorageAccountArgs> {
	if (existing !== undefined && !keysRenewed) return {};
	return {
		keyPolicy: { keyExpirationPeriodInDays: keyDays },
		sasPolicy: { expirationAction: "Block", sasExpirationPeriod: sasPeriod(sas.windowDays) },
	};
}

/** Arguments of the blob service, which every account has exactly one of. */
export function toBlobServiceArgs(storage: Storage): Omit<BlobServicePropertiesArgs, Place> {
	const { softDeleteDays, restoreDays, versioning, changeFeed, cors } = storage;
	return {
		// Any other name is a 404 (azure-native#4022).
		blobServicesName: "default",
		isVersioningEnabled: versioning,
		changeFeed: { enabled: changeFeed },
		deleteRetentionPolicy: { enabled: true, days: softDeleteDays, allowPermanentDelete: false },
		containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays },
		restorePolicy: restoreDays === 0 ? { enabled: false } : { enabled: true, days: restoreDays },
		...(cors === undefined ? {} : { cors: { corsRules: sortByName(cors).map(toCorsRule) } }),
	};
}

/** In the order in which Pulumi hands over a block anyway. */
function sortByName(cors: Readonly<Record<string, CorsRule>>): CorsRule[] {
	return Object.entries(cors)
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.map(([, rule]) => rule);
}

function toCorsRule({ origins, methods, headers, exposedHeaders, maxAgeSeconds }: CorsRule) {
	return {
		allowedOrigins: origins,
		allowedMethods: methods,
		allowedHeaders: headers,
		exposedHeaders,
		maxAgeInSeconds: maxAgeSeconds,
	};
}

/**
 * Arguments of the lifecycle: without it, versions add up for ever.
 *
 * @param found rules that an account has that is taken over; those of others stay beside the program's
 * @param former names of rules that the stage file had
 */
export function toLifecycleArgs(
	storage: Storage,
	found: readonly LifecycleRule[] = [],
	former: readonly string[] = [],
): Omit<ManagementPolicyArgs, Place> {
	const ours = ownRules(storage);
	const kept = found.flatMap((rule) => {
		const own = ours.find(({ name }) => name === rule.name);
		return own === undefined && former.includes(rule.name) ? [] : [own ?? rule];
	});
	const added = ours.filter(({ name }) => !found.some((rule) => rule.name === name));
	return {
		// Any other name is a 404 on an address of Microsoft's own network (azure-native#2164).
		managementPolicyName: "default",
		policy: { rules: [...kept, ...added] },
	};
}

/** The rules of the stage file, that for all blobs first. */
export function ownRules({ lifecycle }: Storage): LifecycleRule[] {
	const { deleteVersionsAfterDays, rules = {} } = lifecycle;
	return [
		toRule(ageRuleName, { ...lifecycle, deleteVersionsAfterDays, prefixes: [] }),
		...Object.entries(rules).map(([name, rule]) => toRule(name, rule)),
	];
}

/** What happens to blobs with time. */
function toRule(name: string, rule: LifecycleRuleConfig): LifecycleRule {
	const { prefixes, coolAfterDays, coldAfterDays, archiveAfterDays, deleteAfterDays, deleteVersionsAfterDays } = rule;
	const after = (key: string, days: number | undefined) =>
		days === undefined ? {} : { [key]: { daysAfterModificationGreaterThan: days } };
	const baseBlob = {
		...after("tierToCool", coolAfterDays),
		...after("tierToCold", coldAfterDays),
		...after("tierToArchive", archiveAfterDays),
		...after("delete", deleteAfterDays),
	};
	const old =
		deleteVersionsAfterDays === undefined
			? undefined
			: { delete: { daysAfterCreationGreaterThan: deleteVersionsAfterDays } };
	return {
		name,
		enabled: true,
		type: "Lifecycle",
		definition: {
			filters: { blobTypes: ["blockBlob"], ...(prefixes.length === 0 ? {} : { prefixMatch: prefixes }) },
			actions: {
				...(Object.keys(baseBlob).length === 0 ? {} : { baseBlob }),
				...(old === undefined ? {} : { snapshot: old, version: old }),
			},
		},
	};
}

/** Categories of the log of every read, write and delete (164.312(b)). */
export const logCategories = ["StorageRead", "StorageWrite", "StorageDelete"];
