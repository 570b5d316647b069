import { ManagementLockByScope } from "@pulumi/azure-native/authorization/managementLockByScope.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { getStorageAccountOutput } from "@pulumi/azure-native/storage/getStorageAccount.js";
import { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { Storage } from "../config/storage.ts";
import { accountArgs, blobServiceArgs, lifecycleArgs } from "./storage-baseline.ts";
import { StorageContainer } from "./storage-container.ts";
import { firewallAddresses } from "./storage-firewall.ts";
import { accountId } from "./storage-ids.ts";
import { StorageLogs } from "./storage-logs.ts";
import { importOptions, keepOptions } from "./storage-options.ts";
import { type SasWindow, sasWindow } from "./storage-sas.ts";

/** Values of the `ObjectStorage` component. */
export interface ObjectStorageArgs {
	/** The storage as the stage file describes it. */
	storage: Storage;
	/** Addresses from which the stage's apps come, as Aptible gives them. */
	outboundIpAddresses: pulumi.Input<string[]>;
	/** The moment for which SAS tokens are made. */
	now: Date;
}

/**
 * A storage account in Azure with the baseline for health information, closed to all but the Aptible stack, and its
 * containers. Settings change in place; name and location are for life. What is protected stays in Azure when it leaves the
 * program. `existing` takes a live account as it is (`import`), tightens it (`managed`), or only uses it (`reference`).
 */
export class ObjectStorage extends pulumi.ComponentResource {
	/** Address of the blob service, with a slash at its end. */
	readonly endpoint: pulumi.Output<string>;
	/** Addresses that the firewall lets in, or should let in where the account is only referred to. */
	readonly allowedAddresses: pulumi.Output<string[]>;
	/** By their names in the stage file. */
	readonly containers: Readonly<Record<string, StorageContainer>>;
	/** Dates of the SAS tokens. */
	readonly sas: SasWindow;

	constructor(name: string, args: ObjectStorageArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:ObjectStorage", name, {}, opts);
		const { storage, outboundIpAddresses, now } = args;
		this.allowedAddresses = pulumi
			.output(outboundIpAddresses)
			.apply((outbound) => firewallAddresses(outbound, storage.allowFrom));
		this.sas = sasWindow(now, storage.sas.windowDays);
		const account = storage.existing === "reference" ? undefined : this.#account(name, storage);
		this.endpoint = (account ?? liveAccount(storage, this)).primaryEndpoints.apply(({ blob }) => blob);
		this.containers = mapValues(
			storage.containers,
			(container, key) =>
				new StorageContainer(
					`${name}-${key}`,
					{ storage, container, endpoint: this.endpoint, window: this.sas },
					{ parent: this, ...(account === undefined ? {} : { dependsOn: account }) },
				),
		);
		if (account !== undefined && storage.existing !== "import") this.#harden(name, storage, account);
		if (storage.allowAccountKey) void pulumi.log.warn(accountKeyWarning(storage), this);
		this.registerOutputs({ endpoint: this.endpoint, allowedAddresses: this.allowedAddresses });
	}

	/** What an app's references to storage stand for, by reference: `storage.documents.sasToken`. */
	valuesFor(app: string): Record<string, pulumi.Output<string>> {
		return Object.fromEntries(
			Object.entries(this.containers).flatMap(([key, { access }]) =>
				Object.entries(access.valuesFor(app)).map(([attribute, value]) => [`storage.${key}.${attribute}`, value]),
			),
		);
	}

	/** The account, in a group that is made with it unless it exists. */
	#account(name: string, storage: Storage): StorageAccount {
		const { resourceGroup, location, existing, subscription = "" } = storage;
		const keep = keepOptions(storage.protect);
		const group = resourceGroup.existing
			? undefined
			: new ResourceGroup(name, { resourceGroupName: resourceGroup.name, location }, { parent: this, ...keep });
		const ipRules = this.allowedAddresses.apply((addresses) =>
			addresses.map((iPAddressOrRange) => ({ iPAddressOrRange, action: "Allow" as const })),
		);
		const args = accountArgs(storage, ipRules);
		const id = accountId({ subscription, resourceGroup: resourceGroup.name }, storage.account);
		return new StorageAccount(name, args, {
			parent: this,
			...keep,
			...(group === undefined ? {} : { dependsOn: group }),
			...(existing === "import" ? importOptions(id, args, ["accountName", "resourceGroupName", "location"]) : {}),
		});
	}

	/** Everything of the baseline that is not the account itself. Each is the only one of its kind that an account has. */
	#harden(name: string, storage: Storage, account: StorageAccount): void {
		const place = { resourceGroupName: storage.resourceGroup.name, accountName: account.name };
		// What stays in Azure keeps its soft delete and its versions: a delete would put Azure's defaults back.
		const keep = { parent: this, retainOnDelete: storage.protect };
		const service = new BlobServiceProperties(name, { ...place, ...blobServiceArgs(storage) }, keep);
		const lifecycle = new ManagementPolicy(
			name,
			{ ...place, ...lifecycleArgs(storage) },
			{ ...keep, dependsOn: service },
		);
		const logs =
			storage.logs === undefined
				? []
				: [new StorageLogs(name, { storage, logs: storage.logs, account }, { parent: this })];
		if (!storage.lock) return;
		// After everything else, so that it is the first to go: Azure deletes nothing below a lock.
		const dependsOn = [service, lifecycle, ...logs, ...Object.values(this.containers)];
		new ManagementLockByScope(
			name,
			{ scope: account.id, lockName: "keep", level: "CanNotDelete", notes: "Files of a live product. Set by Pulumi." },
			{ parent: this, dependsOn },
		);
	}
}

/** The account that others manage; asking for it fails where it is not there. */
function liveAccount(storage: Storage, parent: pulumi.Resource) {
	return getStorageAccountOutput(
		{ accountName: storage.account, resourceGroupName: storage.resourceGroup.name },
		{ parent },
	);
}

function accountKeyWarning({ account }: Storage): string {
	return (
		`storage.allowAccountKey lets apps hold a key of the whole account "${account}": it reads, writes and deletes every file, ` +
		"in all containers, until it is renewed. A SAS of one container is enough for all but a few frameworks (docs/azure.md)."
	);
}
