import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { Storage } from "../../config/azure/storage.ts";

/**
 * Options of what holds files or names that others rely on: a protected resource cannot be deleted or replaced by Pulumi, and
 * stays in Azure when it leaves the program. Neither is for a stage that has to leave nothing behind.
 */
export function keepOptions(protect: boolean): Pick<CustomResourceOptions, "protect" | "retainOnDelete"> {
	return { protect, retainOnDelete: protect };
}

/**
 * Properties that a stage file has no key for. Azure removes what a request does not name, so an update sends what the state has of
 * them, which after an import is all that there was. `test/azure/unsaid.test.ts` compares each list with the SDK.
 */
export const unsaid = {
	account: [
		"azureFilesIdentityBasedAuthentication",
		"customDomain",
		"dnsEndpointType",
		"enableExtendedGroups",
		"enableNfsV3",
		"extendedLocation",
		"identity",
		"immutableStorageWithVersioning",
		"largeFileSharesState",
		"networkRuleSet.resourceAccessRules",
		"routingPreference",
		"tags",
	],
	/** What is settled at the creation of an account: an update that says it would be refused, or replace the account. */
	liveAccount: ["encryption", "isHnsEnabled"],
	/** The same, where a stage file has the key. */
	ownKeyAccount: ["encryption.requireInfrastructureEncryption", "encryption.services", "isHnsEnabled"],
	/** What only `keysRenewed` lets a stage file set on an account that existed. */
	oldKeys: ["keyPolicy", "sasPolicy"],
	blobService: [
		"automaticSnapshotPolicyEnabled",
		"changeFeed.retentionInDays",
		"cors",
		"defaultServiceVersion",
		"lastAccessTimeTrackingPolicy",
	],
	container: [
		"defaultEncryptionScope",
		"denyEncryptionScopeOverride",
		"enableNfsV3AllSquash",
		"enableNfsV3RootSquash",
		"immutableStorageWithVersioning",
		"metadata",
	],
	zone: ["registrationVirtualNetworks", "resolutionVirtualNetworks", "tags"],
	record: ["metadata"],
} as const;

/** Of what is kept, what people and Azure's policies change on a live resource, each with its name. */
export const watched = {
	account: {
		tags: "tags",
		"identity.type": "an identity",
		"identity.userAssignedIdentities.*": "an identity",
		"encryption.keySource": "encryption keys",
		"encryption.keyVaultProperties.keyName": "an encryption key",
		"encryption.keyVaultProperties.keyVaultUri": "the vault of an encryption key",
		"encryption.keyVaultProperties.keyVersion": "the version of an encryption key",
		"encryption.encryptionIdentity": "the identity of an encryption key",
		"networkRuleSet.resourceAccessRules": "trusted resources",
		largeFileSharesState: "large file shares",
		"customDomain.name": "a custom domain",
		azureFilesIdentityBasedAuthentication: "a login to file shares",
		enableExtendedGroups: "extended groups",
		immutableStorageWithVersioning: "immutability",
		isHnsEnabled: "a hierarchical namespace",
		routingPreference: "routing",
	},
	/** Watched where a stage file does not set them. */
	oldKeys: { "keyPolicy.keyExpirationPeriodInDays": "a key policy", sasPolicy: "a SAS policy" },
	blobService: {
		automaticSnapshotPolicyEnabled: "automatic snapshots",
		"changeFeed.retentionInDays": "the retention of the change feed",
		cors: "CORS rules",
		defaultServiceVersion: "a default version",
		lastAccessTimeTrackingPolicy: "access time tracking",
	},
	container: {
		defaultEncryptionScope: "an encryption scope",
		denyEncryptionScopeOverride: "an encryption scope",
		enableNfsV3AllSquash: "an NFS squash",
		enableNfsV3RootSquash: "an NFS squash",
		"immutableStorageWithVersioning.enabled": "immutability",
		metadata: "metadata",
	},
	zone: { tags: "tags" },
	record: { metadata: "metadata" },
} as const;

/**
 * Options that take a live resource over as it is. Pulumi updates what it has just imported to match the program
 * (pulumi#19339), which would close the firewall on an app that still runs; so everything is ignored, what the program does not
 * name included. The first update without these options is the one that changes it, and its preview shows what.
 */
export function importOptions(id: string): Pick<CustomResourceOptions, "import" | "ignoreChanges"> {
	return { import: id, ...untouched };
}

/** Options of a resource of which nothing changes. */
export const untouched = { ignoreChanges: ["*"] };

/** Options of what a managed account has beside it, which stays as it is when the account goes back to being imported. */
export function leaveOptions(existing: Storage["existing"]): Pick<CustomResourceOptions, "ignoreChanges"> {
	return existing === "import" ? untouched : {};
}
