/** The one line that a preview says of each change of a resource in Azure, by its type. */
import { lookUp } from "../wire/own.ts";
import { compareLists, refusedRemoval, step } from "./change.ts";
import { describeRecord, describeRemovedRecord, describeReplacedRecord, nameRecord } from "./dns.ts";
import { describeInputs, describeTags, type Inputs, listAt, textAt } from "./inputs.ts";
import {
	describeAccount,
	describeBlobService,
	describeContainer,
	describeLifecycle,
	describeReplacedAccount,
	describeReplacedContainer,
	removedAccount,
	removedContainer,
} from "./storage.ts";

/** A resource that stays or comes. */
export interface AzureChange {
	/** As the last update asked for it; undefined for a new resource. */
	before: Inputs | undefined;
	after: Inputs;
	/** What becomes of the one that was there, where this one takes its place. */
	replaced?: "deleted" | "kept" | undefined;
}

interface Kind {
	label(inputs: Inputs): string;
	/** @param before undefined for a new resource */
	change(before: Inputs | undefined, after: Inputs): string[];
	/** @default one whose deletion loses nothing */
	replacement?(before: Inputs, after: Inputs): string;
	removal(inputs: Inputs): string;
}

/**
 * What a change does, as `DNS record portal.acme.example: CNAME a.example => b.example, ...`.
 *
 * @param type as Pulumi names it: `azure-native:dns:RecordSet`
 * @returns undefined where there is nothing to say
 */
export function describeAzureChange(type: string, { before, after, replaced }: AzureChange): string | undefined {
	const { label, change, replacement } = kindOf(type);
	if (before !== undefined && replaced !== undefined) {
		if (replaced === "kept") return `${label(before)} ${stays}; ${label(after)} comes in its place`;
		return `${label(before)} ${replacement?.(before, after) ?? "is replaced"}`;
	}
	const parts = change(before, after);
	return parts.length === 0 ? undefined : `${label(after)}: ${parts.join("; ")}`;
}

/**
 * What goes with a recorded resource that is declared no more.
 *
 * @param keep why it stays in Azure
 */
export function describeAzureRemoval(type: string, inputs: Inputs, keep: "protected" | "retained" | undefined): string {
	const { label, removal } = kindOf(type);
	if (keep === undefined) return `${label(inputs)} ${removal(inputs)}`;
	return `${label(inputs)} ${keep === "protected" ? refusedRemoval : stays}`;
}

const stays = "leaves the stage file and stays in Azure as it is";

function kindOf(type: string): Kind {
	const name = type.replace("azure-native:", "");
	return (
		lookUp(kinds, name) ?? {
			label: () => `${name.split(":").at(-1)} in Azure`,
			change: (before, after) => changeOf(before, after, {}),
			removal: () => "IS DELETED",
		}
	);
}

function changeOf(before: Inputs | undefined, after: Inputs, words: Parameters<typeof describeInputs>[2]): string[] {
	return before === undefined ? ["new"] : describeInputs(before, after, words);
}

const ofAccount = (inputs: Inputs) => textAt(inputs, "accountName");
const ofContainer = (inputs: Inputs) => `container ${textAt(inputs, "containerName")} of ${ofAccount(inputs)}`;
const lastOf = (inputs: Inputs, path: string) => textAt(inputs, path).split("/").at(-1) ?? "";

/** Roles that the program gives (facts/azure.md §1). */
const roles: Readonly<Record<string, string>> = {
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "read",
	"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "read, write and delete",
};

const retentionDays = "immutabilityPeriodSinceCreationInDays";

const kinds: Readonly<Record<string, Kind>> = {
	"resources:ResourceGroup": {
		label: (inputs) => `resource group ${textAt(inputs, "resourceGroupName")}`,
		change(before, after) {
			if (before === undefined) return [`new, in ${textAt(after, "location")}`];
			return describeInputs(before, after, { tags: describeTags });
		},
		replacement: (_, after) => `IS REPLACED by ${textAt(after, "resourceGroupName")}: all that is in it goes with it`,
		removal: () => "IS DELETED with all that is in it",
	},
	"storage:StorageAccount": {
		label: (inputs) => `storage account ${ofAccount(inputs)}`,
		change: describeAccount,
		replacement: describeReplacedAccount,
		removal: () => removedAccount,
	},
	"storage:BlobServiceProperties": {
		label: (inputs) => `blob service of ${ofAccount(inputs)}`,
		change: describeBlobService,
		removal: () => "goes back to Azure's own settings: what is deleted or overwritten from now on IS LOST",
	},
	"storage:ManagementPolicy": {
		label: (inputs) => `lifecycle of ${ofAccount(inputs)}`,
		change: describeLifecycle,
		removal: () => "IS DELETED: no file is moved or deleted by its age any more",
	},
	"storage:BlobContainer": {
		label: ofContainer,
		change: describeContainer,
		replacement: describeReplacedContainer,
		removal: () => removedContainer,
	},
	"storage:BlobContainerImmutabilityPolicy": {
		label: (inputs) => `retention of ${ofContainer(inputs)}`,
		change(before, after) {
			if (before === undefined) return [`no file is changed or deleted for ${textAt(after, retentionDays)} days`];
			return describeInputs(before, after, { [retentionDays]: (was, is) => [`${step(was, is)} days`] });
		},
		removal: () => "IS DELETED: files may be changed and deleted",
	},
	"storage:BlobContainerLegalHold": {
		label: (inputs) => `legal hold of ${ofContainer(inputs)}`,
		change(before, after) {
			const [was, is] = [before, after].map((inputs) => listAt(inputs, "tags").map(String));
			const changed = compareLists(was ?? [], is ?? []);
			return changed.length === 0 ? [] : [changed.join(", ")];
		},
		removal: () => "IS DELETED: files may be changed and deleted",
	},
	"authorization:ManagementLockByScope": {
		label: (inputs) => `lock of ${lastOf(inputs, "scope")}`,
		change: (before, after) =>
			before === undefined ? ["new, Azure refuses to delete it"] : changeOf(before, after, {}),
		removal: () => "IS DELETED: Azure no longer refuses to delete it",
	},
	"authorization:RoleAssignment": {
		label: (inputs) => `principal ${textAt(inputs, "principalId")} on ${lastOf(inputs, "scope")}`,
		change: (_, after) => [`may ${mayOf(after)}`],
		replacement: (_, after) => `may ${mayOf(after)} from now on`,
		removal: () => "may do NOTHING any more",
	},
	"monitor:DiagnosticSetting": {
		label: () => "log of each read, write and delete of a file",
		change: (before, after) => changeOf(before, after, {}),
		removal: () => "ENDS",
	},
	"operationalinsights:Workspace": {
		label: (inputs) => `log workspace ${textAt(inputs, "workspaceName")}`,
		change: (before, after) =>
			changeOf(before, after, {
				retentionInDays: (was, is) => [`logs are kept for ${step(was, is)} days`],
				tags: describeTags,
			}),
		replacement: () => "IS REPLACED by an empty one: its logs go with it",
		removal: () => "IS DELETED with its logs",
	},
	"dns:Zone": {
		label: (inputs) => `DNS zone ${textAt(inputs, "zoneName")}`,
		change(before, after) {
			if (before === undefined) return ["new, and unused until the registrar names its name servers"];
			return describeInputs(before, after, { tags: describeTags });
		},
		replacement: (before, after) =>
			`IS REPLACED by ${textAt(after, "zoneName")}: no name of ${textAt(before, "zoneName")} resolves any more`,
		removal: (inputs) => `IS DELETED with all its records: no name of ${textAt(inputs, "zoneName")} resolves any more`,
	},
	"dns:RecordSet": {
		label: (inputs) => `DNS record ${nameRecord(inputs)}`,
		change: describeRecord,
		replacement: describeReplacedRecord,
		removal: describeRemovedRecord,
	},
};

function mayOf(inputs: Inputs): string {
	return roles[lastOf(inputs, "roleDefinitionId")] ?? "do what its role says";
}
