/** Object storage that stays in Azure: one account of the customer's own, and the containers that apps use in it. */
import { z } from "zod";
import { block, choice, flag, message, named, pattern, text, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import { suggest } from "../near-miss.ts";
import { ipv4RangePattern } from "../shared-fields.ts";
import { EncryptionKey } from "./encryption-key.ts";
import { regions } from "./regions.ts";
import {
	type Access,
	accountPattern,
	containerPattern,
	guidPattern,
	longestSasDays,
	permissionsByAccess,
	redundancies,
	resourceGroupPattern,
	windowsOfSas,
	workspacePattern,
} from "./storage-catalogue.ts";
import { CorsRule } from "./storage-cors.ts";
import { StorageLifecycle } from "./storage-lifecycle.ts";
import { wormFields } from "./storage-worm.ts";
import { Tags } from "./tags.ts";

const accessLevels = Object.keys(permissionsByAccess) as [Access, ...Access[]];
const guid = (what: string) =>
	pattern(what, "for example 0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d, in lower case", guidPattern);

/** A resource group, made unless it exists. */
export const ResourceGroup = block("a resource group", {
	name: pattern(
		"the name of a resource group",
		"1 to 90 letters, digits and . _ - ( ), no dot last",
		resourceGroupPattern,
	).register(keyDocs, { description: "name in Azure", inPlace: "no" }),
	existing: flag("true uses one that is there, and never changes it")
		.default(false)
		.register(keyDocs, { description: "use a group that exists, and never change it", inPlace: "yes" }),
}).register(keyDocs, { description: "resource group, in which everything of this block is" });
export type ResourceGroup = z.infer<typeof ResourceGroup>;

/** The subscription, where something that exists there is imported: its id is part of every id in it. */
export const subscription = () =>
	guid("the id of a subscription").optional().register(keyDocs, {
		description: "subscription in which the imported objects are",
		inPlace: "-",
		otherwise: "required with an import",
	});

/** What pages say in place of all regions. */
export const regionText = "a region of Azure's public cloud, such as `canadacentral`";

/** A region of Azure. */
export const location = () => choice("a region of Azure's public cloud", Object.keys(regions));

const accountText = "3 to 24 lower-case letters and digits";

const account = text("the name of a storage account", accountText).regex(accountPattern, {
	error: ({ input }) => {
		const name = String(input)
			.toLowerCase()
			.replace(/[^a-z0-9]/g, "")
			.slice(0, 24);
		const near = accountPattern.test(name) ? name : undefined;
		return `is not the name of a storage account; allowed: ${accountText}${suggest(near)}`;
	},
});

/** A container; its key is how references name it (`${storage.documents.sasToken}`). */
export const StorageContainer = block("a container", {
	name: pattern(
		"the name of a container",
		"3 to 63 lower-case letters, digits and single hyphens",
		containerPattern,
	).register(keyDocs, { description: "name in Azure", inPlace: "no" }),
	access: choice("an access level", accessLevels).default("readWrite").register(keyDocs, {
		description: "what the SAS of the container allows; `upload` adds blobs and reads none",
		inPlace: "restart of apps",
	}),
	accessByApp: named("apps", choice("an access level", accessLevels)).default({}).register(keyDocs, {
		description: "access level of a single app, in place of `access`",
		inPlace: "restart of that app",
		allowed: "app: access level",
	}),
	principals: named("principals", guid("the object id of an Entra principal")).default({}).register(keyDocs, {
		description: "Entra principals with access of their own, without a SAS",
		inPlace: "yes",
		allowed: "name: object id",
	}),
	...wormFields,
});
export type StorageContainer = z.infer<typeof StorageContainer>;

const addressText = "for example 198.51.100.7 or 198.51.100.0/24 (Azure takes no IPv6)";
const addressRange = pattern("an IPv4 address or range", addressText, ipv4RangePattern);

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
	workspace: pattern("the name of a workspace", "4 to 63 letters, digits and hyphens", workspacePattern)
		.optional()
		.register(keyDocs, {
			description: "Log Analytics workspace that is created in the account's location",
			inPlace: "no",
		}),
	workspaceId: workspaceId.optional().register(keyDocs, {
		description: "Log Analytics workspace that exists; keep it in the account's location",
		inPlace: "yes",
	}),
	retentionDays: whole("days of logs", 30, 730).default(90).register(keyDocs, {
		description: "retention of the logs in a created workspace, in days",
		inPlace: "yes",
	}),
});
export type StorageLogs = z.infer<typeof StorageLogs>;

/** How the SAS tokens of apps are made (facts/azure.md §1b). */
export const StorageSas = block("the making of SAS tokens", {
	windowDays: whole("days of a window", 1)
		.default(30)
		.register(keyDocs, {
			description: "days of a window; a token is valid for its window and the next",
			inPlace: "restart of apps",
			allowed: `1 to ${Math.floor(longestSasDays / windowsOfSas)}`,
		}),
	signWith: choice("a key of the account", ["key1", "key2"])
		.default("key1")
		.register(keyDocs, { description: "account key that signs the tokens", inPlace: "restart of apps" }),
});

/** The storage account of a stage, with the baseline for health information as its defaults (facts/azure.md §2). */
export const StorageFile = block("the storage of the stage", {
	existing: choice("a way with an account that exists", ["import", "managed", "reference"])
		.optional()
		.register(keyDocs, {
			description:
				"an account that exists: `import` takes it as it is, `managed` tightens it, `reference` only uses it",
			inPlace: "yes",
			otherwise: "the account is created here",
		}),
	subscription: subscription(),
	resourceGroup: ResourceGroup,
	account: account.register(keyDocs, {
		description: "name of the storage account, unique in all of Azure",
		inPlace: "no",
	}),
	location: location().register(keyDocs, {
		description: "Azure region; which redundancies it has is in azure.md",
		inPlace: "no",
		allowed: regionText,
	}),
	redundancy: choice("a redundancy", redundancies).register(keyDocs, {
		description: "replication of the data; those with `Z` need zones in the region, those with `G` a paired region",
		inPlace: "yes; zones by a conversion",
	}),
	tags: Tags.optional().register(keyDocs, {
		description: "tags of group, account and workspace, beside those that others set, which stay",
		inPlace: "yes",
		allowed: "name: value; at most 50",
		otherwise: "tags stay as they are",
	}),
	softDeleteDays: whole("days of soft delete", 1, 365).default(30).register(keyDocs, {
		description: "soft delete: days for which deleted blobs and containers can be restored",
		inPlace: "yes",
	}),
	restoreDays: whole("days of point-in-time restore", 0, 364).default(7).register(keyDocs, {
		description: "point-in-time restore: days to which all blobs can be reset; 0 turns it off",
		inPlace: "yes",
		allowed: "0 to 364, less than `softDeleteDays`",
	}),
	versioning: flag("true keeps what an overwrite replaces")
		.default(true)
		.register(keyDocs, { description: "keep the former version of a blob", inPlace: "yes" }),
	changeFeed: flag("true keeps a log of changes")
		.default(true)
		.register(keyDocs, { description: "change feed, which a point-in-time restore needs", inPlace: "yes" }),
	lifecycle: StorageLifecycle.default({ deleteVersionsAfterDays: 365 }).register(keyDocs, {
		description: "what happens to blobs with time",
		otherwise: "versions are deleted after 365 days",
	}),
	cors: named("CORS rules", CorsRule).optional().register(keyDocs, {
		description:
			"CORS rules, by names of your choice: which web pages may use the files from a browser; at most 5, 2048 characters together; the first that fits counts, in the order of their names",
		otherwise: "they stay as they are, which is none in a new account",
	}),
	lock: flag("true has Azure refuse to delete it").optional().register(keyDocs, {
		description: "resource lock: Azure itself refuses to delete the account",
		inPlace: "yes",
		otherwise: "value of `environment.phi`",
	}),
	logs: StorageLogs.optional().register(keyDocs, {
		description: "log of reads, writes and deletes",
		otherwise: "none; `phi` requires it",
	}),
	allowFrom: z
		.array(addressRange, { error: message("a list", "IPv4 addresses and ranges, such as [198.51.100.0/24]") })
		.default([])
		.register(keyDocs, {
			description: "addresses that may connect, besides those of the Aptible stack",
			inPlace: "yes",
			allowed: "list of public IPv4 addresses and ranges, no wider than /8 together",
		}),
	// Clients in the account's own region ignore addresses: facts/azure.md §0.4.
	allowSubnets: z
		.array(subnetId, { error: message("a list", "ids of subnets") })
		.default([])
		.register(keyDocs, {
			description: "Azure subnets that may connect; clients in the account's region need one",
			inPlace: "yes",
		}),
	encryptionKey: EncryptionKey.optional().register(keyDocs, {
		description: "customer-managed key: whoever takes it away takes the files away",
		otherwise: "the account's key stays as it is, which is Microsoft's in a new one",
	}),
	copyFrom: choice("a source of copies", ["sameTenant", "anywhere"]).default("sameTenant").register(keyDocs, {
		description: "accounts from which blobs may be copied; a copy from MedStack needs `anywhere`",
		inPlace: "yes",
	}),
	sharedKey: flag("true lets keys and SAS tokens open the account").default(true).register(keyDocs, {
		description: "accept account keys and SAS tokens; `false` leaves Entra only",
		inPlace: "yes",
	}),
	allowAccountKey: flag("true lets an app hold the key of the whole account").default(false).register(keyDocs, {
		description: "allow references to the key of the whole account",
		inPlace: "yes",
	}),
	sas: StorageSas.default({ windowDays: 30, signWith: "key1" }).register(keyDocs, {
		description: "how SAS tokens are made",
		otherwise: "windows of 30 days, signed with `key1`",
	}),
	// Without which Azure refuses expiry policies.
	keysRenewed: flag("true says that both keys were renewed").default(false).register(keyDocs, {
		description: "says that both keys of an account that existed were renewed",
		inPlace: "yes",
	}),
	protect: flag("true refuses to delete it").optional().register(keyDocs, {
		description: "refuse to delete group, account and containers, and leave them in Azure",
		inPlace: "yes",
		otherwise: "`true`",
	}),
	containers: named("containers", StorageContainer).register(keyDocs, {
		description: "containers, by the names that references use",
	}),
});

/** The storage of a stage, every default applied. */
export type Storage = z.infer<typeof StorageFile> & { lock: boolean; protect: boolean };

/** Applies the defaults that hang on the rest of the stage. */
export function resolveStorage(file: z.infer<typeof StorageFile>, phi: boolean): Storage {
	return { ...file, lock: file.lock ?? phi, protect: file.protect ?? true };
}
