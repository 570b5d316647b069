/** The line of each change in Azure, by the type of the resource. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AzureChange, describeAzureChange, describeAzureRemoval } from "../../effects/azure.ts";

type Case = [
	says: string | undefined,
	before: AzureChange["before"],
	after: AzureChange["after"],
	replaced?: AzureChange["replaced"],
];

function check(type: string, cases: readonly Case[]): void {
	for (const [says, before, after, replaced] of cases)
		assert.equal(describeAzureChange(`azure-native:${type}`, { before, after, replaced }), says);
}

const account = { accountName: "acmefiles", location: "canadacentral", sku: { name: "Standard_ZRS" } };
const firewall = (defaultAction: string, ...addresses: string[]) => ({
	defaultAction,
	ipRules: addresses.map((iPAddressOrRange) => ({ iPAddressOrRange, action: "Allow" })),
});

test("an account: who gets in, what is kept, and what goes with one that is replaced", () => {
	check("storage:StorageAccount", [
		["storage account acmefiles: new, in canadacentral, ZRS", undefined, account],
		[
			"storage account acmefiles IS REPLACED by acmefiles2 in canadacentral, which is empty: all its files go with it",
			account,
			{ ...account, accountName: "acmefiles2" },
			"deleted",
		],
		[
			"storage account acmefiles leaves the stage file and stays in Azure as it is; storage account acmefiles2 comes in its place",
			account,
			{ ...account, accountName: "acmefiles2" },
			"kept",
		],
		[
			"storage account acmefiles: the firewall CLOSES to all but 203.0.113.7; keys and SAS tokens are REFUSED: what uses one stops; no file is public any more; TLS of at least TLS1_0 => TLS1_2; http is refused; another encryption key",
			{
				...account,
				networkRuleSet: firewall("Allow"),
				allowSharedKeyAccess: true,
				allowBlobPublicAccess: true,
				minimumTlsVersion: "TLS1_0",
				enableHttpsTrafficOnly: false,
				encryption: { keyVaultProperties: { keyName: "one" } },
			},
			{
				...account,
				networkRuleSet: firewall("Deny", "203.0.113.7"),
				allowSharedKeyAccess: false,
				allowBlobPublicAccess: false,
				minimumTlsVersion: "TLS1_2",
				enableHttpsTrafficOnly: true,
				encryption: { keyVaultProperties: { keyName: "two" } },
			},
		],
		[
			"storage account acmefiles: redundancy ZRS => GZRS; firewall + 203.0.113.8, - 203.0.113.7; tags + owner=clinic; accessTier changes",
			{ ...account, networkRuleSet: firewall("Deny", "203.0.113.7"), accessTier: "Hot" },
			{
				...account,
				sku: { name: "Standard_GZRS" },
				networkRuleSet: firewall("Deny", "203.0.113.8"),
				accessTier: "Cool",
				tags: { owner: "clinic" },
			},
		],
		[undefined, account, account],
	]);
	check("storage:BlobContainer", [
		[
			"container documents of acmefiles: PUBLIC: Blob",
			{ accountName: "acmefiles", containerName: "documents", publicAccess: "None" },
			{ accountName: "acmefiles", containerName: "documents", publicAccess: "Blob" },
		],
	]);
});

test("the files of an account: what a deleted or overwritten one leaves, and who reads one from a browser", () => {
	const kept = (days: number) => ({ enabled: true, days });
	const place = { accountName: "acmefiles", resourceGroupName: "acme-files" };
	const service = {
		...place,
		blobServicesName: "default",
		isVersioningEnabled: true,
		changeFeed: { enabled: true },
		deleteRetentionPolicy: kept(30),
		containerDeleteRetentionPolicy: kept(30),
		restorePolicy: kept(7),
	};
	const rule = { allowedOrigins: ["https://portal.acme.example"], allowedMethods: ["GET", "PUT"] };
	check("storage:BlobServiceProperties", [
		[
			"blob service of acmefiles: a file that is deleted from now on is kept for 30 days; a container for 30 days; a restore reaches back 7 days; what is overwritten stays as a version; each change of a file is listed",
			undefined,
			service,
		],
		[
			"blob service of acmefiles: a file that is deleted from now on is kept for 30 => 7 days; what was overwritten or deleted is restored to an earlier moment NO MORE; versions END: what is overwritten from now on IS LOST; changes of files are listed no more; CORS + https://portal.acme.example may GET, PUT",
			service,
			{
				...service,
				isVersioningEnabled: false,
				changeFeed: { enabled: false },
				deleteRetentionPolicy: kept(7),
				restorePolicy: { enabled: false },
				cors: { corsRules: [rule] },
			},
		],
		[
			"blob service of acmefiles: CORS rules change",
			{ ...service, cors: { corsRules: [{ ...rule, maxAgeInSeconds: 1 }] } },
			{ ...service, cors: { corsRules: [{ ...rule, maxAgeInSeconds: 2 }] } },
		],
	]);
	const lifecycle = (...rules: object[]) => ({ ...place, policy: { rules } });
	const temp = {
		name: "temp",
		definition: {
			filters: { prefixMatch: ["documents/temp/"] },
			actions: {
				baseBlob: {
					tierToCool: { daysAfterModificationGreaterThan: 7 },
					delete: { daysAfterModificationGreaterThan: 30 },
				},
			},
		},
	};
	check("storage:ManagementPolicy", [
		[
			"lifecycle of acmefiles: rule temp: files of documents/temp/ to the cool tier after 7 days, DELETED after 30 days",
			lifecycle(),
			lifecycle(temp),
		],
		[
			"lifecycle of acmefiles: rule temp ends: files of documents/temp/ to the cool tier after 7 days, DELETED after 30 days",
			lifecycle(temp),
			lifecycle(),
		],
		[undefined, lifecycle(temp), lifecycle(temp)],
	]);
	const container = { accountName: "acmefiles", containerName: "scans" };
	check("storage:BlobContainerImmutabilityPolicy", [
		[
			"retention of container scans of acmefiles: 30 => 60 days",
			{ ...container, immutabilityPeriodSinceCreationInDays: 30 },
			{ ...container, immutabilityPeriodSinceCreationInDays: 60 },
		],
	]);
	check("storage:BlobContainerLegalHold", [
		[
			"legal hold of container scans of acmefiles: + case2",
			{ ...container, tags: ["case1"] },
			{ ...container, tags: ["case1", "case2"] },
		],
	]);
});

test("a record: where it leads, for how long the old answer is kept, and that one of another type is gone first", () => {
	const portal = { zoneName: "acme.example", relativeRecordSetName: "portal", recordType: "CNAME", ttl: 3600 };
	const led = (cname: string, more: object = {}) => ({ ...portal, ...more, cnameRecord: { cname } });
	const address = (...ipv4Address: string[]) => ({
		...portal,
		recordType: "A",
		aRecords: ipv4Address.map((one) => ({ ipv4Address: one })),
	});
	check("dns:RecordSet", [
		["DNS record portal.acme.example: new, CNAME a.example, TTL 3600 s", undefined, led("a.example")],
		[
			"DNS record portal.acme.example: CNAME a.example => b.example, resolvers keep the old answer for up to 3600 s; TTL 3600 => 60 s",
			led("a.example"),
			led("b.example", { ttl: 60 }),
		],
		[
			"DNS record portal.acme.example: + 203.0.113.3, - 203.0.113.1, resolvers keep the old answer for up to 3600 s",
			address("203.0.113.1", "203.0.113.2"),
			address("203.0.113.2", "203.0.113.3"),
		],
		[
			"DNS record portal.acme.example IS REPLACED by CNAME a.example: A 203.0.113.1 is deleted first, and resolvers may keep for a while that it is gone",
			address("203.0.113.1"),
			led("a.example"),
			"deleted",
		],
		[
			"DNS record portal.acme.example IS REPLACED by acme.example, CNAME a.example: CNAME a.example is deleted first, and resolvers may keep for a while that it is gone",
			led("a.example"),
			led("a.example", { relativeRecordSetName: "@" }),
			"deleted",
		],
		[
			'DNS record portal.acme.example: new, TXT "ab", TTL 3600 s',
			undefined,
			{ ...portal, recordType: "TXT", txtRecords: [{ value: ["a", "b"] }] },
		],
		[
			"DNS record portal.acme.example: new, A alias of front, TTL 3600 s",
			undefined,
			{ ...portal, recordType: "A", targetResource: { id: "/subscriptions/s/frontdoors/front" } },
		],
	]);
	const zone = { zoneName: "acme.example" };
	check("dns:Zone", [
		["DNS zone acme.example: new, and unused until the registrar names its name servers", undefined, zone],
		[
			"DNS zone acme.example IS REPLACED by acme.test: no name of acme.example resolves any more",
			zone,
			{ zoneName: "acme.test" },
			"deleted",
		],
	]);
});

test("access, locks, logs and what has no words of its own", () => {
	const scope = "/subscriptions/s/storageAccounts/acmefiles";
	const role = (id: string) => ({ principalId: "p", scope, roleDefinitionId: `/roles/${id}` });
	check("authorization:RoleAssignment", [
		["principal p on acmefiles: may read", undefined, role("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1")],
		[
			"principal p on acmefiles may read, write and delete from now on",
			role("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
			role("ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
			"deleted",
		],
	]);
	check("authorization:ManagementLockByScope", [
		["lock of acmefiles: new, Azure refuses to delete it", undefined, { scope }],
	]);
	check("operationalinsights:Workspace", [
		[
			"log workspace acme-logs: logs are kept for 90 => 30 days",
			{ workspaceName: "acme-logs", retentionInDays: 90 },
			{ workspaceName: "acme-logs", retentionInDays: 30 },
		],
	]);
	check("resources:ResourceGroup", [
		[
			"resource group acme-files IS REPLACED by acme-others: all that is in it goes with it",
			{ resourceGroupName: "acme-files" },
			{ resourceGroupName: "acme-others" },
			"deleted",
		],
	]);
	check("web:Site", [
		["Site in Azure: new", undefined, {}],
		["Site in Azure: a changes", { a: 1 }, { a: 2 }],
		["Site in Azure is replaced", { a: 1 }, { a: 2 }, "deleted"],
	]);
});

test("what goes is told with what is lost by it, and what stays is said to stay", () => {
	const removals: [says: string, type: string, inputs: object, keep?: "protected" | "retained"][] = [
		[
			"storage account acmefiles IS DELETED with all its files; Azure can bring it back for 14 days, for as long as nobody takes its name",
			"storage:StorageAccount",
			account,
		],
		[
			"storage account acmefiles leaves the stage file and stays in Azure as it is",
			"storage:StorageAccount",
			account,
			"retained",
		],
		[
			"storage account acmefiles is protected: it stays as it is, and THE UPDATE FAILS",
			"storage:StorageAccount",
			account,
			"protected",
		],
		["log of each read, write and delete of a file ENDS", "monitor:DiagnosticSetting", {}],
		[
			"log workspace acme-logs IS DELETED with its logs",
			"operationalinsights:Workspace",
			{ workspaceName: "acme-logs" },
		],
		[
			"DNS zone acme.example IS DELETED with all its records: no name of acme.example resolves any more",
			"dns:Zone",
			{ zoneName: "acme.example" },
		],
		[
			"DNS record acme.example IS DELETED: MX 10 mail.acme.example is answered no more",
			"dns:RecordSet",
			{
				...{ zoneName: "acme.example", relativeRecordSetName: "@", recordType: "MX" },
				mxRecords: [{ preference: 10, exchange: "mail.acme.example" }],
			},
		],
		["Site in Azure IS DELETED", "web:Site", {}],
	];
	for (const [says, type, inputs, keep] of removals)
		assert.equal(describeAzureRemoval(`azure-native:${type}`, { ...inputs }, keep), says);
});
