import { regions } from "../../config/azure/regions.ts";
import { testRefused } from "./refused.ts";
import { absent } from "./stage-file.ts";

/** A right storage for the right stage, which holds health information. */
const storage = {
	resourceGroup: { name: "acme-test-files" },
	account: "acmetestfiles",
	location: "canadacentral",
	redundancy: "GZRS",
	logs: { workspace: "acme-test-logs" },
	containers: { documents: { name: "documents" } },
};

const changed = (changes: Record<string, unknown>) => ({
	storage: structuredClone(storage),
	...Object.fromEntries(Object.entries(changes).map(([path, value]) => [`storage/${path}`, value])),
});

const subscription = "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d";

testRefused({
	"zones where there are none": {
		change: changed({ location: "canadaeast" }),
		says: [
			'storage.redundancy: "GZRS" does not exist in canadaeast, which has no zones; allowed there: LRS, GRS, RAGRS; or location: canadacentral; did you mean "GRS"?',
		],
	},
	"a single region with health information": {
		change: changed({ redundancy: "ZRS" }),
		says: [
			'storage.redundancy: "ZRS" keeps everything in one region, which phi: true rules out; allowed: GRS, GZRS, RAGRS, RAGZRS; did you mean "GZRS"?',
		],
	},
	"a redundancy that Azure does not have": {
		change: changed({ redundancy: "GZR" }),
		says: [
			'storage.redundancy: "GZR" is not a redundancy; allowed: "LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"; did you mean "GZRS"?',
		],
	},
	"tags that Azure does not take": {
		change: changed({ tags: { Owner: "records", owner: "it", "a/b": "x", azureThing: "x", cost: 4711 } }),
		says: [
			"storage.tags.cost: 4711 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
			'storage.tags.owner: "owner" is "Owner" to Azure, which sees no capitals; remove one',
			'storage.tags["a/b"]: "a/b" is not the name of a tag; allowed: up to 128 characters, none of < > % & \\ ? / and no control character',
			'storage.tags.azureThing: "azureThing" begins with a word that Azure keeps for itself: microsoft, azure, windows',
		],
	},
	"web pages that may be anybody's": {
		change: changed({
			cors: {
				all: { origins: ["*", "http://portal.acme.example"], methods: ["GET"] },
				path: { origins: ["https://Portal.acme.example/app"], methods: ["FETCH"] },
			},
		}),
		says: [
			'storage.cors.path.origins[0]: "https://Portal.acme.example/app" is not an origin; allowed: "*", or an origin such as https://portal.acme.example, without a path; did you mean "https://portal.acme.example"?',
			'storage.cors.path.methods[0]: "FETCH" is not an HTTP method; allowed: "DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT"',
			'storage.cors.all.origins[0]: "*" lets the scripts of every page use the files, which phi: true rules out; give https:// origins',
			'storage.cors.all.origins[1]: "http://portal.acme.example" lets pages that anybody on their way can change use the files, which phi: true rules out; give https:// origins',
		],
	},
	"a key by another address, and holds that Azure does not take": {
		change: changed({
			encryptionKey: { url: "https://maple.vault.azure.net/secrets/files", identity: "files" },
			"containers/documents/immutable": { days: 0 },
			"containers/documents/legalHold": ["Case 1", "case2", "case2"],
		}),
		says: [
			'storage.encryptionKey.url: "https://maple.vault.azure.net/secrets/files" is not the URL of a key; allowed: https://VAULT.vault.azure.net/keys/NAME, with /VERSION for one that never rotates',
			'storage.encryptionKey.identity: "files" is not the id of a user-assigned identity; allowed: /subscriptions/.../userAssignedIdentities/...',
			"storage.containers.documents.immutable.days: 0 is not a whole number from 1 to 146000 (days from a blob's creation)",
			'storage.containers.documents.legalHold[0]: "Case 1" is not a tag of a legal hold; allowed: 3 to 23 lower-case letters and digits, such as case4711',
			'storage.containers.documents.legalHold[2]: "case2" stands twice; remove one',
		],
	},
	"more CORS rules than there may be": {
		change: changed({
			cors: Object.fromEntries(
				["a", "b", "c", "d", "e", "f"].map((name) => [
					name,
					{ origins: [`https://${name}.example`], methods: ["GET"] },
				]),
			),
		}),
		says: ["storage.cors: has 6 rules; allowed: at most 5 in Azure, each with up to 64 origins"],
	},
	"lifecycle rules that do nothing, or the wrong thing": {
		change: changed({
			"lifecycle/rules": {
				age: { prefixes: ["documents/"], deleteAfterDays: 30 },
				old_exports: { prefixes: ["document/exports/"], deleteAfterDays: 30 },
				idle: { prefixes: ["documents/idle/"] },
				steps: { prefixes: ["documents/"], coolAfterDays: 30, deleteAfterDays: 30 },
				archive: { prefixes: [], archiveAfterDays: 30, deleteVersionsAfterDays: 7 },
			},
		}),
		says: [
			'storage.lifecycle.rules.age: "age" is the name of the rule for the whole account; give this one another',
			'storage.lifecycle.rules.old_exports: "old_exports" is not the name of a rule; allowed: up to 256 letters, digits and hyphens',
			'storage.lifecycle.rules.old_exports.prefixes[0]: "document/exports/" does not begin with a container of this stage; allowed: documents, a slash, and how the names begin; did you mean "documents/exports/"?',
			'storage.lifecycle.rules.idle: "idle" does nothing; give deleteAfterDays or another of its days',
			"storage.lifecycle.rules.steps.deleteAfterDays: 30 is not after coolAfterDays, which is 30; allowed: 31 or more",
			"storage.lifecycle.rules.archive.archiveAfterDays: 30 is not possible with redundancy: GZRS, as Azure archives nothing that is spread over zones; remove the line",
			"storage.lifecycle.rules.archive.deleteVersionsAfterDays: 7 deletes versions that a restore of 7 days needs; allowed: 8 or more",
			"storage.lifecycle.rules.archive.prefixes: has 0 prefixes; allowed: 1 to 10",
		],
	},
	"zones and a pair where Azure has only one of the two": {
		change: changed({ location: "italynorth" }),
		says: [
			'storage.redundancy: "GZRS" does not exist in italynorth, which has no paired region; allowed there: LRS, ZRS; did you mean "ZRS"?',
		],
	},
	"one place in a region without a pair, with health information": {
		change: changed({ location: "italynorth", redundancy: "LRS" }),
		says: [
			'storage.redundancy: "LRS" keeps everything in one place, which phi: true rules out; allowed: ZRS; did you mean "ZRS"?',
		],
	},
	"a location that Azure does not have": {
		change: changed({ location: "canada-central" }),
		says: [
			`storage.location: "canada-central" is not a region of Azure's public cloud; allowed: ${Object.keys(regions)
				.map((name) => `"${name}"`)
				.join(", ")}; did you mean "canadacentral"?`,
		],
	},
	"a name of an account with capitals and hyphens": {
		change: changed({ account: "Acme-Test-Files" }),
		says: [
			'storage.account: "Acme-Test-Files" is not the name of a storage account; allowed: 3 to 24 lower-case letters and digits; did you mean "acmetestfiles"?',
		],
	},
	"a name of an account over 24 characters": {
		change: changed({ account: "acmeclinicportalproduction1" }),
		says: [
			'storage.account: "acmeclinicportalproduction1" is not the name of a storage account; allowed: 3 to 24 lower-case letters and digits; did you mean "acmeclinicportalproducti"?',
		],
	},
	"tokens that live for more than a year": {
		change: changed({ "sas/windowDays": 183 }),
		says: [
			"storage.sas.windowDays: 183 makes SAS tokens that live for 366 days, as each lives for two windows; allowed: 182 or less, which is a year",
		],
	},
	"the key of the account without the acknowledgement": {
		change: { ...changed({}), "apps/portal/config/AZURE_STORAGE_KEY": "${storage.documents.accountKey}" },
		says: [
			'apps.portal.config.AZURE_STORAGE_KEY: "${storage.documents.accountKey}" would hand the key of the whole account to the app; write ${storage.documents.sasToken}, or set storage.allowAccountKey: true where nothing else will do',
		],
	},
	"a token of an account that takes none": {
		change: {
			...changed({ sharedKey: false }),
			"apps/portal/config/AZURE_SAS_TOKEN": "${storage.documents.sasToken}",
		},
		says: [
			'apps.portal.config.AZURE_SAS_TOKEN: "${storage.documents.sasToken}" needs a key, and storage.sharedKey: false lets none in; let the app log in to Entra (principals of the container) or remove sharedKey',
		],
	},
	"keys that are handed out and shut out": {
		change: changed({ sharedKey: false, allowAccountKey: true }),
		says: ["storage.allowAccountKey: true hands out keys that sharedKey: false makes useless; remove one of the two"],
	},
	"a reference to a container that is not there": {
		change: { ...changed({}), "apps/portal/config/AZURE_SAS_TOKEN": "${storage.document.sasToken}" },
		says: [
			'apps.portal.config.AZURE_SAS_TOKEN: "${storage.document.sasToken}" refers to a container that is not under storage.containers; declared: documents; did you mean "documents"?',
		],
	},
	"a reference to an attribute that no container has": {
		change: { ...changed({}), "apps/portal/config/AZURE_SAS_TOKEN": "${storage.documents.sastoken}" },
		says: [
			'apps.portal.config.AZURE_SAS_TOKEN: "${storage.documents.sastoken}" refers to "sastoken" of a container; allowed: account, container, endpoint, sasToken, connectionString, accountKey; did you mean "sasToken"?',
		],
	},
	"a reference to a container as a whole": {
		change: { ...changed({}), "apps/portal/config/AZURE_SAS_TOKEN": "${storage.documents}" },
		says: [
			'apps.portal.config.AZURE_SAS_TOKEN: "${storage.documents}" does not name one attribute of a container; write ${storage.documents.sasToken}, or one of: account, container, endpoint, sasToken, connectionString, accountKey',
		],
	},
	"a reference to storage where none is declared": {
		change: { "apps/portal/config/AZURE_SAS_TOKEN": "${storage.documents.sasToken}" },
		says: [
			'apps.portal.config.AZURE_SAS_TOKEN: "${storage.documents.sasToken}" refers to a container that is not under storage.containers; no storage is declared',
		],
	},
	"a restore over more days than soft delete": {
		change: changed({ restoreDays: 30, softDeleteDays: 30 }),
		says: [
			"storage.restoreDays: 30 of restore need more days of soft delete, and softDeleteDays is 30; allowed: 29 or less, 0 for none",
		],
	},
	"soft delete for fewer days than the restore has by default": {
		change: changed({ softDeleteDays: 7 }),
		says: [
			"storage.softDeleteDays: 7 is not more than restoreDays, which is 7 by default; raise it, or set restoreDays: 6",
		],
	},
	"a restore without the change feed": {
		change: changed({ changeFeed: false }),
		says: ["storage.changeFeed: false leaves nothing to restore from; set changeFeed: true, or restoreDays: 0"],
	},
	"no versions with health information": {
		change: changed({ versioning: false }),
		says: ["storage.versioning: false loses what an overwrite replaces, which phi: true rules out; remove the line"],
	},
	"versions that go before a restore could need them": {
		change: changed({ "lifecycle/deleteVersionsAfterDays": 7 }),
		says: [
			"storage.lifecycle.deleteVersionsAfterDays: 7 deletes versions that a restore of 7 days needs; allowed: 8 or more",
		],
	},
	"a cold tier before the cool one": {
		change: changed({ "lifecycle/coolAfterDays": 90, "lifecycle/coldAfterDays": 30 }),
		says: ["storage.lifecycle.coldAfterDays: 30 is not after coolAfterDays, which is 90; allowed: 91 or more"],
	},
	"no logs with health information": {
		change: changed({ logs: absent }),
		says: [
			"storage.logs: is missing, and phi: true asks for a record of who read and wrote what; give logs: { workspace: NAME }, or { workspaceId: ID }",
		],
	},
	"logs that lead nowhere": {
		change: changed({ logs: { retentionDays: 90 } }),
		says: ["storage.logs: lead nowhere; give workspace: NAME to make one, or workspaceId: ID"],
	},
	"storage with health information that a destroy would delete": {
		change: changed({ protect: false }),
		says: [
			"storage.protect: false would let pulumi destroy delete every file, which phi: true rules out; remove the line",
		],
	},
	"an allow-list with private, odd and double addresses": {
		change: changed({
			allowFrom: [
				"10.1.2.3",
				"198.51.100.7/32",
				"198.51.100.8/31",
				"198.51.100.99/24",
				"2001:db8::1",
				"198.51.100.1",
				"198.51.100.1",
			],
		}),
		says: [
			'storage.allowFrom[4]: "2001:db8::1" is not an IPv4 address or range; allowed: for example 198.51.100.7 or 198.51.100.0/24 (Azure takes no IPv6)',
			'storage.allowFrom[0]: "10.1.2.3" is in 10.0.0.0/8, which nobody outside it comes from; give the public address',
			'storage.allowFrom[1]: "198.51.100.7/32" has a length that Azure refuses; did you mean "198.51.100.7"?',
			'storage.allowFrom[2]: "198.51.100.8/31" has a length that Azure refuses; did you mean "198.51.100.8" and "198.51.100.9"?',
			'storage.allowFrom[3]: "198.51.100.99/24" is an address inside a range; did you mean "198.51.100.0/24"?',
			'storage.allowFrom[6]: "198.51.100.1" stands twice; remove one',
		],
	},
	"an allow-list that lets everyone in": {
		change: { ...changed({ allowFrom: ["0.0.0.0/0"], redundancy: "ZRS", logs: absent }), "environment/phi": false },
		says: [
			'storage.allowFrom[0]: "0.0.0.0/0" lets everyone in, which is no firewall; give it who may connect, in ranges of /8 or narrower',
		],
	},
	"an allow-list that lets everyone in by halves": {
		change: changed({ allowFrom: ["0.0.0.0/1", "128.0.0.0/1"] }),
		says: [
			'storage.allowFrom[0]: "0.0.0.0/1" lets everyone in, which is no firewall; give it who may connect, in ranges of /8 or narrower',
			'storage.allowFrom[1]: "128.0.0.0/1" lets everyone in, which is no firewall; give it who may connect, in ranges of /8 or narrower',
		],
	},
	"an allow-list that lets everyone in by many parts": {
		change: changed({ allowFrom: ["11.0.0.0/8", "12.0.0.0/8"] }),
		says: [
			"storage.allowFrom: this list lets 33554432 addresses in, more than one /8 has, which is no firewall; allowed: 16777216 together",
		],
	},
	"no container": {
		change: changed({ containers: {} }),
		says: ["storage.containers: has no container; name at least one"],
	},
	"a container under a name that no reference can have": {
		change: changed({ containers: { "patient-files": { name: "patient-files" } } }),
		says: [
			'storage.containers.patient-files: "patient-files" is not a name for references; allowed: letters and digits, a lower-case letter first; did you mean "patientFiles"?',
		],
	},
	"a container name that Azure refuses, and an access level that is none": {
		change: changed({ containers: { documents: { name: "Documents", access: "write" } } }),
		says: [
			'storage.containers.documents.name: "Documents" is not the name of a container; allowed: 3 to 63 lower-case letters, digits and single hyphens',
			'storage.containers.documents.access: "write" is not an access level; allowed: "read", "upload", "readWrite", "readWriteDelete"',
		],
	},
	"one container twice": {
		change: changed({ "containers/scans": { name: "documents" } }),
		says: [
			'storage.containers.scans.name: "documents" is the container of "documents" already; one of the two is enough',
		],
	},
	"access for an app that is not there": {
		change: changed({ "containers/documents/accessByApp": { portl: "read" } }),
		says: [
			'storage.containers.documents.accessByApp.portl: "portl" is not an app of this stage; allowed: portal; did you mean "portal"?',
		],
	},
	"an import without the subscription, into a group that would be made": {
		change: changed({ existing: "import" }),
		says: [
			"storage.subscription: is missing, and the id of an account that is imported begins with it; az account show --query id prints it",
			"storage.resourceGroup.existing: is not true, but the account exists (existing: import) and so does its group; write existing: true",
		],
	},
	"a subscription where nothing is imported, and renewed keys of a new account": {
		change: changed({ subscription, keysRenewed: true }),
		says: [
			`storage.subscription: "${subscription}" is only for existing: import; remove the line`,
			"storage.keysRenewed: true is for an account that existed; remove the line",
		],
	},
	"settings of an account that is only referred to": {
		change: changed({
			existing: "reference",
			resourceGroup: { name: "acme-test-files", existing: true },
			softDeleteDays: 60,
		}),
		says: [
			"storage.softDeleteDays: has no effect on an account that is only referred to; remove it",
			"storage.logs: has no effect on an account that is only referred to; remove it",
		],
	},
	"a misspelt setting of the storage": {
		change: changed({ softDeletDays: 60 }),
		says: [
			'storage.softDeletDays: is not known here; allowed: existing, subscription, resourceGroup, account, location, redundancy, tags, softDeleteDays, restoreDays, versioning, changeFeed, lifecycle, cors, lock, logs, allowFrom, allowSubnets, encryptionKey, copyFrom, sharedKey, allowAccountKey, sas, keysRenewed, protect, containers; did you mean "softDeleteDays"?',
		],
	},
});
