import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { getWorkspace } from "@pulumi/azure-native/operationalinsights/getWorkspace.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage, StorageLogs as StorageLogsConfig } from "../../config/azure/storage.ts";
import { type OwnNames, toTagArgs } from "./own-names.ts";
import { refuseLoss } from "./refuse-loss.ts";
import { logCategories } from "./storage-baseline.ts";
import { isDeclared, type LiveStorage } from "./storage-live.ts";
import { keepOptions, leaveOptions } from "./storage-options.ts";

/** Values of the `StorageLogs` component. */
export interface StorageLogsArgs {
	storage: Storage;
	/** The logs as the stage file describes them. */
	logs: StorageLogsConfig;
	/** Id of the account. */
	accountId: pulumi.Input<string>;
	/** What is made before a workspace. */
	dependsOn: pulumi.Resource[];
	live: LiveStorage | undefined;
	names: OwnNames;
}

/**
 * The log of every read, write and delete of a blob, in a workspace that is made in the account's own location unless one is
 * given. It holds names of blobs and addresses of callers, so that a made workspace is protected like the account.
 */
export class StorageLogs extends pulumi.ComponentResource {
	/** Id of the workspace. */
	readonly workspaceId: pulumi.Output<string>;

	constructor(name: string, args: StorageLogsArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:StorageLogs", name, {}, opts);
		const { storage, logs, accountId, live } = args;
		const { existing } = storage;
		const has = (type: string) => isDeclared({ existing, live }, { type, name });
		const workspace =
			logs.workspaceId ?? (has("operationalinsights:Workspace") ? this.#workspace(name, args).id : undefined);
		this.workspaceId = pulumi.output(workspace ?? "");
		if (has("monitor:DiagnosticSetting")) {
			new DiagnosticSetting(
				name,
				{
					name: "blob-access",
					resourceUri: pulumi.interpolate`${accountId}/blobServices/default`,
					workspaceId: this.workspaceId,
					logs: logCategories.map((category) => ({ category, enabled: true })),
					metrics: [{ category: "Transaction", enabled: true }],
				},
				{ parent: this, retainOnDelete: storage.protect, ...leaveOptions(existing) },
			);
		}
		this.registerOutputs({ workspaceId: this.workspaceId });
	}

	/** Depends on the account, where that is made, for the group that may be made with it. */
	#workspace(name: string, { storage, logs, dependsOn, names }: StorageLogsArgs): Workspace {
		return new Workspace(
			name,
			{
				resourceGroupName: storage.resourceGroup.name,
				location: storage.location,
				sku: { name: "PerGB2018" },
				retentionInDays: logs.retentionDays,
				...(logs.workspace === undefined ? {} : { workspaceName: logs.workspace }),
				...toTagArgs(storage.tags, { type: "operationalinsights:Workspace", name }, names),
			},
			{
				parent: this,
				dependsOn,
				...keepOptions(storage.protect),
				...this.#tagOptions(name, storage, logs),
				...leaveOptions(storage.existing),
			},
		);
	}

	/** Tags of others stay, and all of them where the stage file has none. */
	#tagOptions(
		name: string,
		{ tags, resourceGroup }: Storage,
		{ workspace }: StorageLogsConfig,
	): pulumi.CustomResourceOptions {
		if (tags === undefined || workspace === undefined) return { ignoreChanges: ["tags"] };
		return refuseLoss({
			name: `Workspace-${name}`,
			what: `the workspace "${workspace}"`,
			watched: { tags: "tags" },
			read: () => getWorkspace({ resourceGroupName: resourceGroup.name, workspaceName: workspace }),
		});
	}
}
