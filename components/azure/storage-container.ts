import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import { getBlobContainer, getBlobContainerOutput } from "@pulumi/azure-native/storage/getBlobContainer.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage, StorageContainer as StorageContainerConfig } from "../../config/azure/storage.ts";
import type { RecordedResource } from "../../drift/recorded.ts";
import { lookUp } from "../../wire/own.ts";
import { refuseLoss } from "./refuse-loss.ts";
import { StorageAccess } from "./storage-access.ts";
import { containerId, guidOf, roleId } from "./storage-ids.ts";
import { type LiveStorage, takeOver } from "./storage-live.ts";
import { keepOptions, unsaid, watched } from "./storage-options.ts";
import type { SasWindow } from "./storage-sas.ts";
import type { Worm } from "./storage-worm.ts";

/** Values of the `StorageContainer` component. */
export interface StorageContainerArgs {
	storage: Storage;
	/** The container as the stage file describes it. */
	container: StorageContainerConfig;
	/** Address of the account's blob service, with a slash at its end. */
	endpoint: pulumi.Output<string>;
	/** Dates of its SAS tokens. */
	window: SasWindow;
	/** The account, where it was there before the program. */
	live: LiveStorage | undefined;
	/** Retention and legal holds, where the stage has some. */
	worm: Worm | undefined;
	/** What the state has of Azure. */
	recorded: readonly RecordedResource[];
}

/** Built-in roles for blobs (facts/azure.md §1). There is none that writes and does not delete. */
const readerRole = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const contributorRole = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

/**
 * A container, closed to the public, and the ways into it. Its name is for life. Protected like its account, and left in Azure
 * then; ways in always go with the program.
 */
export class StorageContainer extends pulumi.ComponentResource {
	/** Address of the container. */
	readonly url: pulumi.Output<string>;
	/** Token of the container's own access level; absent where the account takes none. */
	readonly sasToken: pulumi.Output<string> | undefined;
	/** How apps get in. */
	readonly access: StorageAccess;

	constructor(name: string, args: StorageContainerArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:StorageContainer", name, {}, opts);
		const { storage, container, endpoint, window } = args;
		const resource = storage.existing === "reference" ? undefined : makeContainer(name, args, this);
		const dependsOn = resource === undefined ? [] : [resource];
		if (resource !== undefined) {
			args.worm?.declare(name, { storage, container, live: args.worm.live, recorded: args.recorded }, this, resource);
		}
		this.access = new StorageAccess({ storage, container, endpoint, window, dependsOn, parent: this });
		this.url = pulumi.interpolate`${endpoint}${container.name}`;
		this.sasToken = this.access.sasToken;
		if (Object.keys(container.principals).length > 0) {
			admitPrincipals(name, container, resource?.id ?? liveContainer(args, this).id, this);
		}
		this.registerOutputs({ url: this.url, sasToken: this.sasToken });
	}
}

function makeContainer(name: string, args: StorageContainerArgs, parent: pulumi.Resource): BlobContainer {
	const { storage, container, live } = args;
	const { resourceGroup, account, existing } = storage;
	const id = containerId(live?.id ?? "", container.name);
	return new BlobContainer(
		name,
		{
			resourceGroupName: resourceGroup.name,
			accountName: account,
			containerName: container.name,
			publicAccess: "None",
		},
		{
			parent,
			...keepOptions(storage.protect),
			...takeOver({ existing, live }, { type: "storage:BlobContainer", name, id }, unsaid.container),
			...refuseLoss({
				name: `BlobContainer-${name}`,
				what: `the container "${container.name}"`,
				watched: watched.container,
				read: () =>
					getBlobContainer({
						resourceGroupName: resourceGroup.name,
						accountName: account,
						containerName: container.name,
					}),
			}),
		},
	);
}

function liveContainer({ storage, container }: StorageContainerArgs, parent: pulumi.Resource) {
	const { resourceGroup, account } = storage;
	return getBlobContainerOutput(
		{ resourceGroupName: resourceGroup.name, accountName: account, containerName: container.name },
		{ parent },
	);
}

/** Lets Entra principals in, each with the role that comes nearest to its access level. */
function admitPrincipals(
	name: string,
	container: StorageContainerConfig,
	scope: pulumi.Output<string>,
	parent: pulumi.Resource,
): void {
	for (const [key, principalId] of Object.entries(container.principals)) {
		const access = lookUp(container.accessByApp, key) ?? container.access;
		const role = access === "read" ? readerRole : contributorRole;
		if (access !== "read" && access !== "readWriteDelete") {
			void pulumi.log.warn(
				`storage: principal "${key}" of container "${container.name}" can also delete: Azure has no role for ${access}`,
				parent,
			);
		}
		new RoleAssignment(
			`${name}-${key}`,
			{
				scope,
				principalId,
				principalType: "ServicePrincipal",
				roleDefinitionId: scope.apply((id) => roleId(id, role)),
				roleAssignmentName: guidOf(`${name} ${principalId} ${role}`),
			},
			{ parent, deleteBeforeReplace: true },
		);
	}
}
