import { ManagementLockByScope } from "@pulumi/azure-native/authorization/managementLockByScope.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { getBlobServiceProperties } from "@pulumi/azure-native/storage/getBlobServiceProperties.js";
import { getStorageAccount, getStorageAccountOutput } from "@pulumi/azure-native/storage/getStorageAccount.js";
import { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage } from "../../config/azure/storage.ts";
import { ageRuleName } from "../../config/azure/storage-lifecycle.ts";
import { mapValues } from "../../config/map-values.ts";
import { keepAllBut, type OwnNames, toRecord, toTagArgs } from "./own-names.ts";
import { refuseLoss } from "./refuse-loss.ts";
import { toAccountArgs, toBlobServiceArgs, toKeyArgs, toLifecycleArgs } from "./storage-baseline.ts";
import { StorageContainer } from "./storage-container.ts";
import { collectFirewallAddresses } from "./storage-firewall.ts";
import { blobServiceId, isDeclared, isRecorded, type LiveStorage, lifecycleId, takeOver } from "./storage-live.ts";
import { StorageLogs } from "./storage-logs.ts";
import { keepOptions, leaveOptions, unsaid, watched } from "./storage-options.ts";
import { type SasWindow, sasWindow } from "./storage-sas.ts";
import type { Worm } from "./storage-worm.ts";
import { groupOptions } from "./tagged-group.ts";

/** Values of the `ObjectStorage` component. */
export interface ObjectStorageArgs {
	/** The storage as the stage file describes it. */
	storage: Storage;
	/** Addresses from which the stage's apps come, as Aptible gives them. */
	outboundIpAddresses: pulumi.Input<string[]>;
	/** The moment for which SAS tokens are made. */
	now: Date;
	/** The account, where it was there before the program. */
	live?: LiveStorage;
	/** Tags and lifecycle rules that are the stage file's. */
	names: OwnNames;
	/** Retention and legal holds of its containers, where the stage has some. */
	worm?: Worm;
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
		const { storage, outboundIpAddresses, now, live, names, worm } = args;
		this.allowedAddresses = pulumi
			.output(outboundIpAddresses)
			.apply((outbound) => collectFirewallAddresses(outbound, storage.allowFrom));
		this.sas = sasWindow(now, storage.sas.windowDays);
		// An account that is made comes before what is in it. One that is there comes last, as its update closes the firewall.
		const made = storage.existing === undefined ? this.#account(name, args, []) : undefined;
		const whose = deferAccount();
		this.endpoint = pulumi.output(
			whose.account.then(({ primaryEndpoints }) => primaryEndpoints.apply(({ blob }) => blob)),
		);
		this.containers = mapValues(
			storage.containers,
			(container, key) =>
				new StorageContainer(
					`${name}-${key}`,
					{ storage, container, endpoint: this.endpoint, window: this.sas, live, worm, recorded: names.recorded },
					{ parent: this, ...(made === undefined ? {} : { dependsOn: made }) },
				),
		);
		const baseline = storage.existing === "reference" ? [] : this.#harden(name, args, made);
		whose.declare(made ?? (live === undefined ? liveAccount(storage, this) : this.#account(name, args, baseline)));
		if (live !== undefined) announce(storage, live, this);
		if (storage.allowAccountKey) void pulumi.log.warn(accountKeyWarning(storage), this);
		this.registerOutputs({
			endpoint: this.endpoint,
			allowedAddresses: this.allowedAddresses,
			...toRecord({ tags: storage.tags, rules: storage.lifecycle.rules }, names, storage.existing === "import"),
		});
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
	#account(name: string, { storage, live, names }: ObjectStorageArgs, after: pulumi.Resource[]): StorageAccount {
		const { resourceGroup, existing, tags, encryptionKey } = storage;
		const group = resourceGroup.existing ? undefined : this.#group(name, storage, names);
		const ipRules = this.allowedAddresses.apply((addresses) =>
			addresses.map((iPAddressOrRange) => ({ iPAddressOrRange, action: "Allow" as const })),
		);
		const keepsOldKeys = existing !== undefined && !storage.keysRenewed;
		const kept = [
			...keepAllBut(unsaid.account, "tags", tags).filter((one) => one !== "identity" || encryptionKey === undefined),
			...(encryptionKey === undefined ? unsaid.liveAccount : unsaid.ownKeyAccount),
			...(keepsOldKeys ? unsaid.oldKeys : []),
		];
		const part = { type: "storage:StorageAccount", name };
		const recorded = names.recorded.find((one) => one.type === `azure-native:${part.type}` && one.name === name);
		const args = {
			...toAccountArgs(storage, ipRules),
			...toKeyArgs(storage, live?.account.identity?.type ?? recorded?.identityType),
			...toTagArgs(tags, { ...part, live: live?.account.tags }, names),
		};
		return new StorageAccount(name, args, {
			parent: this,
			...keepOptions(storage.protect),
			dependsOn: [...(group === undefined ? [] : [group]), ...after],
			...takeOver({ existing, live }, { ...part, id: live?.id ?? "" }, kept),
			...refuseLoss({
				name: `StorageAccount-${name}`,
				what: `the storage account "${storage.account}"`,
				watched: { ...watched.account, ...(keepsOldKeys ? watched.oldKeys : {}) },
				read: () => getStorageAccount({ resourceGroupName: resourceGroup.name, accountName: storage.account }),
				unlessGone,
			}),
		});
	}

	#group(name: string, { resourceGroup, location, protect, tags }: Storage, names: OwnNames): ResourceGroup {
		const args = {
			resourceGroupName: resourceGroup.name,
			location,
			...toTagArgs(tags, { type: "resources:ResourceGroup", name }, names),
		};
		return new ResourceGroup(name, args, {
			parent: this,
			...keepOptions(protect),
			...groupOptions(name, resourceGroup.name, tags),
		});
	}

	/**
	 * Everything of the baseline that is not the account itself. Each is the only one of its kind that an account has.
	 *
	 * @param made the account, where it is made here
	 * @returns what has to be there before the firewall of a live account closes
	 */
	#harden(
		name: string,
		{ storage, live, names }: ObjectStorageArgs,
		made: StorageAccount | undefined,
	): pulumi.Resource[] {
		const { existing, resourceGroup, account } = storage;
		const place = { resourceGroupName: resourceGroup.name, accountName: account };
		const accountId = made?.id ?? live?.id ?? "";
		// What stays in Azure keeps its soft delete and its versions: a delete would put Azure's defaults back.
		const dependsOn = made === undefined ? [] : [made];
		const keep = { parent: this, retainOnDelete: storage.protect, dependsOn };
		const has = (type: string) => isDeclared({ existing, live }, { type, name });
		const baseline: pulumi.Resource[] = [];
		if (has("storage:BlobServiceProperties")) {
			const part = { type: "storage:BlobServiceProperties", name, id: blobServiceId(live?.id ?? "") };
			const options = {
				...takeOver({ existing, live }, part, keepAllBut(unsaid.blobService, "cors", storage.cors)),
				...refuseLoss({
					name: `BlobServiceProperties-${name}`,
					what: `the blob service of "${account}"`,
					watched: watched.blobService,
					read: () =>
						getBlobServiceProperties({
							resourceGroupName: resourceGroup.name,
							accountName: account,
							blobServicesName: "default",
						}),
				}),
			};
			baseline.push(
				new BlobServiceProperties(name, { ...place, ...toBlobServiceArgs(storage) }, { ...keep, ...options }),
			);
		}
		if (has("storage:ManagementPolicy")) {
			const part = { type: "storage:ManagementPolicy", name, id: lifecycleId(live?.id ?? "") };
			const options = { ...keep, ...takeOver({ existing, live }, part, []), dependsOn: [...dependsOn, ...baseline] };
			baseline.push(
				new ManagementPolicy(name, { ...place, ...toLifecycleArgs(storage, live?.lifecycle, names.rules) }, options),
			);
		}
		if (storage.logs !== undefined) {
			baseline.push(
				new StorageLogs(name, { storage, logs: storage.logs, accountId, dependsOn, live, names }, { parent: this }),
			);
		}
		baseline.push(...Object.values(this.containers));
		if (storage.lock && has("authorization:ManagementLockByScope")) {
			// After everything else, so that it is the first to go: Azure deletes nothing below a lock.
			const options = { parent: this, dependsOn: [...baseline], ...leaveOptions(existing) };
			const notes = "Files of a live product. Set by Pulumi.";
			baseline.push(
				new ManagementLockByScope(name, { scope: accountId, lockName: "keep", level: "CanNotDelete", notes }, options),
			);
		}
		return baseline;
	}
}

/** An account that is deleted can be had back for 14 days, for as long as its name is free (Azure docs: Recover a deleted storage account). */
const unlessGone =
	"have it back with its files within 14 days: Azure portal, Storage accounts, Restore; " +
	"or `pulumi refresh` has the next run make a new one, which is empty and rules that out";

/** Where the blob service of an account is. */
interface Endpoints {
	primaryEndpoints: pulumi.Output<{ blob: string }>;
}

/** An account that is declared after what needs its address. */
function deferAccount(): { account: Promise<Endpoints>; declare: (account: Endpoints) => void } {
	let declare: (account: Endpoints) => void = () => {};
	const account = new Promise<Endpoints>((resolve) => {
		declare = resolve;
	});
	return { account, declare };
}

/** The account that others manage; asking for it fails where it is not there. */
function liveAccount(storage: Storage, parent: pulumi.Resource) {
	return getStorageAccountOutput(
		{ accountName: storage.account, resourceGroupName: storage.resourceGroup.name },
		{ parent },
	);
}

/** Says once, in the run that begins to manage an account, what stays of what a stage file has no words for. */
function announce(
	{ existing, account, cors, tags, encryptionKey, lifecycle: own }: Storage,
	live: LiveStorage,
	parent: ObjectStorage,
): void {
	const { corsOrigins, lifecycle } = live;
	if (existing !== "managed" || isRecorded(live, { type: "storage:ManagementPolicy", name: "storage" })) return;
	const named = [ageRuleName, ...Object.keys(own.rules ?? {})];
	const rules = lifecycle.flatMap(({ name }) => (named.includes(name) ? [] : [`"${name}"`]));
	const others = [
		tags === undefined ? "tags" : "other tags",
		...(encryptionKey === undefined ? ["identity", "encryption"] : []),
	];
	const kept = [
		...(corsOrigins.length === 0 || cors !== undefined
			? []
			: [`the CORS rules of its blob service (${corsOrigins.join(", ")})`]),
		...(rules.length === 0 ? [] : [`the lifecycle rules ${rules.join(", ")}`]),
		`its ${others.join(", ")} and the metadata of its containers`,
	];
	const list = `${kept.slice(0, -1).join(", ")}${kept.length > 1 ? " and " : ""}${kept.at(-1)}`;
	void pulumi.log.info(`storage: the account "${account}" keeps ${list}; its firewall closes last`, parent);
}

function accountKeyWarning({ account }: Storage): string {
	return (
		`storage.allowAccountKey lets apps hold a key of the whole account "${account}": it reads, writes and deletes every file, ` +
		"in all containers, until it is renewed. A SAS of one container is enough for all but a few frameworks (docs/azure.md)."
	);
}
