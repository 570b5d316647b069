import type { PropertyMap } from "../plugins/property-value.ts";
import { answerAccount, askedOfAccount } from "./account-answer.ts";
import { normalLocation, type RuleContext } from "./arm-values.ts";
import { blobServiceRules, managementPolicyRules } from "./blob-service-rules.ts";
import { recordSetRules, zoneRules } from "./dns-rules.ts";
import { diagnosticRules, lockRules, roleAssignmentRules, workspaceRules } from "./management-rules.ts";
import { accountRules, containerRules, resourceGroupRules } from "./storage-rules.ts";
import type { ArmStore } from "./store.ts";
import { isLocked, legalHoldRules, refuseRetentionRemoval, retentionRules } from "./worm-rules.ts";

/** A type of resource, as Azure Resource Manager and the provider treat it. */
export interface ArmType {
	/** Inputs that the provider's own types ask for; a test compares them with the package. */
	required: readonly string[];
	/** The input that names it, which real Pulumi would make up where it is left out; here it has to be given. */
	name: string;
	/** Id, without the subscription for what lies in a group. */
	id(inputs: PropertyMap, subscription: string): string;
	/** Inputs of which another value is another resource. */
	replaces: readonly string[];
	/** Whether every parent has exactly one, which a create takes over as it is. */
	singleton?: boolean;
	/** Refuses what Azure would refuse, by throwing ArmError. */
	rules(context: RuleContext): void;
	/** Refuses a removal by itself. What it lies in may still go. */
	refuseRemoval?(): void;
	/** Settings that Azure makes where a request has none; an import reads them as if somebody had asked for them. */
	defaults?: PropertyMap;
	/** Settings that Azure answers in another form than they are asked for. */
	answer?(inputs: PropertyMap): PropertyMap;
	/** Those settings as they are asked for. */
	asked?(state: PropertyMap): PropertyMap;
	/** What Azure answers beside the inputs. The same keys are unknown in a preview of a create. */
	outputs(inputs: PropertyMap, context: OutputContext): PropertyMap;
}

/** What Azure makes of itself. */
export interface OutputContext {
	/** Address of the emulated blob service. */
	blobUrl: string;
	store: ArmStore;
}

const text = (inputs: PropertyMap, key: string) => String(inputs[key] ?? "");
const inGroup = (inputs: PropertyMap, subscription: string, rest: string) =>
	`/subscriptions/${subscription}/resourceGroups/${text(inputs, "resourceGroupName")}/providers/${rest}`;
const account = (inputs: PropertyMap, subscription: string) =>
	inGroup(inputs, subscription, `Microsoft.Storage/storageAccounts/${text(inputs, "accountName")}`);
const container = (inputs: PropertyMap, subscription: string) =>
	`${account(inputs, subscription)}/blobServices/default/containers/${text(inputs, "containerName")}`;
const zone = (inputs: PropertyMap, subscription: string) =>
	inGroup(inputs, subscription, `Microsoft.Network/dnsZones/${text(inputs, "zoneName")}`);

const closedEncryption = { enabled: true, keyType: "Account" };

/** The types that the program uses, by their tokens. The provider has some thousands more. */
export const ARM_TYPES: Readonly<Record<string, ArmType>> = {
	"azure-native:resources:ResourceGroup": {
		required: [],
		name: "resourceGroupName",
		id: (inputs, subscription) => `/subscriptions/${subscription}/resourceGroups/${text(inputs, "resourceGroupName")}`,
		replaces: ["resourceGroupName", "location"],
		rules: resourceGroupRules,
		outputs: (inputs) => ({
			name: text(inputs, "resourceGroupName"),
			type: "Microsoft.Resources/resourceGroups",
			properties: { provisioningState: "Succeeded" },
		}),
	},
	"azure-native:storage:StorageAccount": {
		required: ["kind", "resourceGroupName", "sku"],
		name: "accountName",
		id: account,
		replaces: ["accountName", "resourceGroupName", "location", "isHnsEnabled"],
		rules: accountRules,
		answer: answerAccount,
		asked: askedOfAccount,
		defaults: {
			accessTier: "Hot",
			allowBlobPublicAccess: false,
			enableHttpsTrafficOnly: true,
			encryption: { keySource: "Microsoft.Storage", services: { blob: closedEncryption, file: closedEncryption } },
			minimumTlsVersion: "TLS1_0",
			networkRuleSet: { bypass: "AzureServices", defaultAction: "Allow", ipRules: [], virtualNetworkRules: [] },
			tags: {},
		},
		outputs: (inputs, { blobUrl, store }) => {
			const name = text(inputs, "accountName");
			const { created } = store.keys(name) ?? store.makeKeys(name);
			return {
				name,
				type: "Microsoft.Storage/storageAccounts",
				provisioningState: "Succeeded",
				primaryLocation: normalLocation(inputs.location),
				primaryEndpoints: { blob: `${blobUrl}/${name}/` },
				keyCreationTime: { key1: created, key2: created },
			};
		},
	},
	"azure-native:storage:BlobContainer": {
		required: ["accountName", "resourceGroupName"],
		name: "containerName",
		id: container,
		replaces: ["accountName", "resourceGroupName", "containerName"],
		rules: containerRules,
		defaults: {
			defaultEncryptionScope: "$account-encryption-key",
			denyEncryptionScopeOverride: false,
			publicAccess: "None",
		},
		outputs: (inputs) => ({
			name: text(inputs, "containerName"),
			type: "Microsoft.Storage/storageAccounts/blobServices/containers",
			hasImmutabilityPolicy: false,
			hasLegalHold: false,
		}),
	},
	"azure-native:storage:BlobContainerImmutabilityPolicy": {
		required: ["accountName", "containerName", "resourceGroupName"],
		name: "immutabilityPolicyName",
		id: (inputs, subscription) =>
			`${container(inputs, subscription)}/immutabilityPolicies/${text(inputs, "immutabilityPolicyName")}`,
		replaces: ["accountName", "resourceGroupName", "containerName", "immutabilityPolicyName"],
		rules: retentionRules,
		refuseRemoval: refuseRetentionRemoval,
		outputs: (inputs, { store }) => ({
			name: "default",
			type: "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
			state: isLocked(inputs, store) ? "Locked" : "Unlocked",
			etag: '"8d0000000000001"',
		}),
	},
	"azure-native:storage:BlobContainerLegalHold": {
		required: ["accountName", "containerName", "resourceGroupName", "tags"],
		name: "containerName",
		id: (inputs, subscription) => `${container(inputs, subscription)}/legalHold`,
		replaces: ["accountName", "resourceGroupName", "containerName"],
		rules: legalHoldRules,
		outputs: () => ({}),
	},
	"azure-native:storage:BlobServiceProperties": {
		required: ["accountName", "resourceGroupName"],
		name: "blobServicesName",
		id: (inputs, subscription) => `${account(inputs, subscription)}/blobServices/${text(inputs, "blobServicesName")}`,
		replaces: ["accountName", "resourceGroupName", "blobServicesName"],
		singleton: true,
		rules: blobServiceRules,
		defaults: {
			cors: { corsRules: [] },
			deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false },
		},
		outputs: () => ({ name: "default", type: "Microsoft.Storage/storageAccounts/blobServices" }),
	},
	"azure-native:storage:ManagementPolicy": {
		required: ["accountName", "policy", "resourceGroupName"],
		name: "managementPolicyName",
		id: (inputs, subscription) =>
			`${account(inputs, subscription)}/managementPolicies/${text(inputs, "managementPolicyName")}`,
		replaces: ["accountName", "resourceGroupName", "managementPolicyName"],
		rules: managementPolicyRules,
		outputs: () => ({ name: "DefaultManagementPolicy", type: "Microsoft.Storage/storageAccounts/managementPolicies" }),
	},
	"azure-native:operationalinsights:Workspace": {
		required: ["resourceGroupName"],
		name: "workspaceName",
		id: (inputs, subscription) =>
			inGroup(inputs, subscription, `Microsoft.OperationalInsights/workspaces/${text(inputs, "workspaceName")}`),
		replaces: ["workspaceName", "resourceGroupName", "location"],
		rules: workspaceRules,
		outputs: (inputs) => ({ name: text(inputs, "workspaceName"), provisioningState: "Succeeded" }),
	},
	"azure-native:monitor:DiagnosticSetting": {
		required: ["resourceUri"],
		name: "name",
		id: (inputs) =>
			`${text(inputs, "resourceUri")}/providers/Microsoft.Insights/diagnosticSettings/${text(inputs, "name")}`,
		replaces: ["resourceUri", "name"],
		rules: diagnosticRules,
		outputs: () => ({ type: "Microsoft.Insights/diagnosticSettings" }),
	},
	"azure-native:authorization:ManagementLockByScope": {
		required: ["level", "scope"],
		name: "lockName",
		id: (inputs) => `${text(inputs, "scope")}/providers/Microsoft.Authorization/locks/${text(inputs, "lockName")}`,
		replaces: ["scope", "lockName"],
		rules: lockRules,
		outputs: (inputs) => ({ name: text(inputs, "lockName"), type: "Microsoft.Authorization/locks" }),
	},
	"azure-native:authorization:RoleAssignment": {
		required: ["principalId", "roleDefinitionId", "scope"],
		name: "roleAssignmentName",
		id: (inputs) =>
			`${text(inputs, "scope")}/providers/Microsoft.Authorization/roleAssignments/${text(inputs, "roleAssignmentName")}`,
		// Nothing of an assignment can be changed.
		replaces: ["scope", "roleAssignmentName", "principalId", "principalType", "roleDefinitionId"],
		rules: roleAssignmentRules,
		outputs: (inputs) => ({
			name: text(inputs, "roleAssignmentName"),
			type: "Microsoft.Authorization/roleAssignments",
		}),
	},
	"azure-native:dns:Zone": {
		required: ["resourceGroupName"],
		name: "zoneName",
		id: zone,
		replaces: ["zoneName", "resourceGroupName", "location"],
		rules: zoneRules,
		defaults: { tags: {}, zoneType: "Public" },
		outputs: (inputs) => ({
			name: text(inputs, "zoneName"),
			type: "Microsoft.Network/dnszones",
			nameServers: [1, 2, 3, 4].map(
				(number) => `ns${number}-09.azure-dns.${["com", "net", "org", "info"][number - 1]}.`,
			),
		}),
	},
	"azure-native:dns:RecordSet": {
		required: ["recordType", "resourceGroupName", "zoneName"],
		name: "relativeRecordSetName",
		id: (inputs, subscription) =>
			`${zone(inputs, subscription)}/${text(inputs, "recordType")}/${text(inputs, "relativeRecordSetName")}`,
		replaces: ["recordType", "resourceGroupName", "zoneName", "relativeRecordSetName"],
		rules: recordSetRules,
		outputs: (inputs) => {
			const name = text(inputs, "relativeRecordSetName");
			const fqdn = `${name === "@" ? "" : `${name}.`}${text(inputs, "zoneName")}.`;
			return {
				name,
				fqdn,
				provisioningState: "Succeeded",
				type: `Microsoft.Network/dnszones/${text(inputs, "recordType")}`,
			};
		},
	},
};

/** Functions that the program asks, and the arguments that the package's types ask for. */
export const ARM_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
	"azure-native:storage:listStorageAccountKeys": ["accountName", "resourceGroupName"],
	"azure-native:storage:listStorageAccountServiceSAS": ["accountName", "canonicalizedResource", "resourceGroupName"],
	"azure-native:storage:getStorageAccount": ["accountName", "resourceGroupName"],
	"azure-native:storage:getBlobContainer": ["accountName", "containerName", "resourceGroupName"],
	"azure-native:storage:getBlobServiceProperties": ["accountName", "blobServicesName", "resourceGroupName"],
	"azure-native:resources:getResourceGroup": ["resourceGroupName"],
	"azure-native:operationalinsights:getWorkspace": ["resourceGroupName", "workspaceName"],
	"azure-native:dns:getZone": ["resourceGroupName", "zoneName"],
	"azure-native:dns:getRecordSet": ["recordType", "relativeRecordSetName", "resourceGroupName", "zoneName"],
	"azure-native:storage:getManagementPolicy": ["accountName", "managementPolicyName", "resourceGroupName"],
};
