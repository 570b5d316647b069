/** Object storage that stays in Azure: one account of the customer's own, and the containers that apps use in it. */
import { z } from "zod";
import { block, choice, flag, message, named, pattern, text, whole } from "../fields.ts";
import { didYouMean } from "../near-miss.ts";
import { isAddressRange } from "./storage-addresses.ts";
import {
	type Access,
	accountPattern,
	containerPattern,
	guidPattern,
	permissionsByAccess,
	redundancies,
	redundanciesByLocation,
	resourceGroupPattern,
	workspacePattern,
} from "./storage-catalogue.ts";

const accessLevels = Object.keys(permissionsByAccess) as [Access, ...Access[]];
const guid = (what: string) =>
	pattern(what, "the like of 0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d, in lower case", guidPattern);

/** A resource group, made unless it exists. */
export const ResourceGroup = block("a resource group", {
	name: pattern(
		"the name of a resource group",
		"1 to 90 letters, digits and . _ - ( ), no dot last",
		resourceGroupPattern,
	),
	/** Leave it to whoever made it. @default false */
	existing: flag("true uses one that is there, and never changes it").default(false),
});
export type ResourceGroup = z.infer<typeof ResourceGroup>;

/** The subscription, where something that exists there is imported: its id is part of every id in it. */
export const subscription = () => guid("the id of a subscription").optional();

const accountText = "3 to 24 lower-case letters and digits";

const account = text("the name of a storage account", accountText).refine((name) => accountPattern.test(name), {
	error: ({ input }) => {
		const name = String(input)
			.toLowerCase()
			.replace(/[^a-z0-9]/g, "")
			.slice(0, 24);
		const near = accountPattern.test(name) ? name : undefined;
		return `is not the name of a storage account; allowed: ${accountText}${didYouMean(near)}`;
	},
});

/** A container; its key is how references name it (`${storage.documents.sasToken}`). */
export const StorageContainer = block("a container", {
	name: pattern("the name of a container", "3 to 63 lower-case letters, digits and single hyphens", containerPattern),
	/** What the SAS of it allows. @default "readWrite", which cannot delete */
	access: choice("an access level", accessLevels).default("readWrite"),
	/** Another level for one app. @default none: each app has `access` */
	accessByApp: named("apps", choice("an access level", accessLevels)).default({}),
	/** Entra principals that may enter without a SAS, by a name of your choice. @default none */
	principals: named("principals", guid("the object id of an Entra principal")).default({}),
});
export type StorageContainer = z.infer<typeof StorageContainer>;

const addressText = "the like of 198.51.100.7 or 198.51.100.0/24 (Azure takes no IPv6)";
const addressRange = text("an IPv4 address or range", addressText).refine(isAddressRange, {
	error: `is not an IPv4 address or range; allowed: ${addressText}`,
});

const subnetId = pattern(
	"the id of a subnet",
	"/subscriptions/.../virtualNetworks/.../subnets/...",
	/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i,
);

const workspaceId = pattern(
	"the id of a Log Analytics workspace",
	"/subscriptions/.../workspaces/...",
	/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
);

/** Where the reads, writes and deletes of blobs are logged (facts/azure.md §2, 164.312(b)). They hold names of blobs. */
export const StorageLogs = block("the logs of the storage", {
	/** A workspace to make, in the location of the account. @default none */
	workspace: pattern("the name of a workspace", "4 to 63 letters, digits and hyphens", workspacePattern).optional(),
	/** A workspace that exists; keep it in the location of the account. @default none */
	workspaceId: workspaceId.optional(),
	/** Days that a made workspace keeps them. @default 90 */
	retentionDays: whole("days of logs", 30, 730).default(90),
});
export type StorageLogs = z.infer<typeof StorageLogs>;

/** What happens to blobs with time (facts/azure.md §2: versions would add up for ever). */
export const StorageLifecycle = block("the lifecycle of blobs", {
	/** Days after which an old version and a snapshot are deleted. @default 365 */
	deleteVersionsAfterDays: whole("days that old versions are kept", 1, 36500).default(365),
	/** Days without a change after which a blob is kept in the cool tier. @default never */
	coolAfterDays: whole("days without a change", 1, 36500).optional(),
	/** Days without a change after which a blob is kept in the cold tier. @default never */
	coldAfterDays: whole("days without a change", 1, 36500).optional(),
});

/** How the SAS tokens of apps are made (facts/azure.md §1b). */
export const StorageSas = block("the making of SAS tokens", {
	/** Days of a window. Each has its own token, which lives for that window and the next. @default 30 */
	windowDays: whole("days of a window", 1).default(30),
	/** Key that signs, for rotation without an outage. @default "key1" */
	signWith: choice("a key of the account", ["key1", "key2"]).default("key1"),
});

/** The storage account of a stage, with the baseline for health information as its defaults (facts/azure.md §2). */
export const StorageFile = block("the storage of the stage", {
	/** How the account came to be: `import` takes a live one as it is, `managed` tightens it then, `reference` only uses it. @default made here */
	existing: choice("a way with an account that exists", ["import", "managed", "reference"]).optional(),
	subscription: subscription(),
	resourceGroup: ResourceGroup,
	/** Globally unique, as it is part of a host name. It stays for life. */
	account,
	/** Azure region. It stays for life. */
	location: choice("a location with known redundancies", Object.keys(redundanciesByLocation)),
	redundancy: choice("a redundancy", redundancies),
	/** Days for which deleted blobs and containers can be had back. @default 30 */
	softDeleteDays: whole("days of soft delete", 1, 365).default(30),
	/** Days to which all blobs can be put back at once; 0 is never. Fewer than `softDeleteDays`. @default 7 */
	restoreDays: whole("days of point-in-time restore", 0, 364).default(7),
	/** Keep what an overwrite replaces. @default true */
	versioning: flag("true keeps what an overwrite replaces").default(true),
	/** Keep a log of changes, which a restore needs. @default true */
	changeFeed: flag("true keeps a log of changes").default(true),
	/** @default versions go after 365 days */
	lifecycle: StorageLifecycle.default({ deleteVersionsAfterDays: 365 }),
	/** Have Azure itself refuse to delete the account. @default the value of `environment.phi` */
	lock: flag("true has Azure refuse to delete it").optional(),
	/** @default no logs; with phi they are a must */
	logs: StorageLogs.optional(),
	/** Addresses that may connect beside the Aptible stack's own. @default none */
	allowFrom: z
		.array(addressRange, { error: message("a list", "IPv4 addresses and ranges, such as [198.51.100.0/24]") })
		.default([]),
	/** Azure subnets that may connect: clients in the account's own region ignore addresses (facts/azure.md §0.4). @default none */
	allowSubnets: z.array(subnetId, { error: message("a list", "ids of subnets") }).default([]),
	/** Accounts from which blobs may be copied into this one: a copy from MedStack's tenant needs `anywhere`. @default "sameTenant" */
	copyFrom: choice("a source of copies", ["sameTenant", "anywhere"]).default("sameTenant"),
	/** Let keys and SAS tokens open the account; false leaves Entra only. @default true */
	sharedKey: flag("true lets keys and SAS tokens open the account").default(true),
	/** Let apps have the key of the whole account, by `${storage.NAME.accountKey}`. @default false */
	allowAccountKey: flag("true lets an app hold the key of the whole account").default(false),
	/** @default windows of 30 days, signed with key1 */
	sas: StorageSas.default({ windowDays: 30, signWith: "key1" }),
	/** An account that existed has had both keys renewed, without which Azure refuses expiry policies. @default false */
	keysRenewed: flag("true says that both keys were renewed").default(false),
	/** Refuse to delete group, account and containers, and leave them in Azure. @default true */
	protect: flag("true refuses to delete it").optional(),
	/** By names that references use. */
	containers: named("containers", StorageContainer),
});

/** The storage of a stage, every default applied. */
export type Storage = z.infer<typeof StorageFile> & { lock: boolean; protect: boolean };

/** Applies the defaults that hang on the rest of the stage. */
export function resolveStorage(file: z.infer<typeof StorageFile>, phi: boolean): Storage {
	return { ...file, lock: file.lock ?? phi, protect: file.protect ?? true };
}
