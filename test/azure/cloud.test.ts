import assert from "node:assert/strict";
import { test } from "node:test";
import { callFunction } from "@medstack-to-aptible/sandbox/azure/functions.ts";
import { lockRetention } from "@medstack-to-aptible/sandbox/azure/worm-rules.ts";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { openCloud } from "./open-cloud.ts";

const { store, cloud } = await openCloud();

const group = { resourceGroupName: "files" };
const account: PropertyMap = {
	...group,
	accountName: "acmefiles",
	location: "canadacentral",
	kind: "StorageV2",
	sku: { name: "Standard_GZRS" },
	allowBlobPublicAccess: false,
};
const below = { ...group, accountName: "acmefiles" };
const types = {
	group: "azure-native:resources:ResourceGroup",
	account: "azure-native:storage:StorageAccount",
	service: "azure-native:storage:BlobServiceProperties",
	policy: "azure-native:storage:ManagementPolicy",
	container: "azure-native:storage:BlobContainer",
	retention: "azure-native:storage:BlobContainerImmutabilityPolicy",
	hold: "azure-native:storage:BlobContainerLegalHold",
	lock: "azure-native:authorization:ManagementLockByScope",
	setting: "azure-native:monitor:DiagnosticSetting",
	zone: "azure-native:dns:Zone",
	record: "azure-native:dns:RecordSet",
} as const;

const refuses = (type: keyof typeof types, inputs: PropertyMap, message: RegExp) =>
	assert.rejects(
		cloud.create(types[type], inputs),
		(error: Error) => message.test(error.message) || assert.fail(error.message),
	);

test("an account needs its group", () => refuses("account", account, /^Status=404 Code="ResourceGroupNotFound"/));

test("a group and an account in it are made, with two keys and an address", async () => {
	await cloud.create(types.group, { ...group, location: "canadacentral" });
	const { id, state } = await cloud.create(types.account, account);
	assert.equal(id, "/subscriptions/sub/resourceGroups/files/providers/Microsoft.Storage/storageAccounts/acmefiles");
	assert.deepEqual(Object.keys(state.keyCreationTime as PropertyMap), ["key1", "key2"]);
});

test("what is there is not made again", () =>
	refuses("account", account, /^cannot create already existing resource '\/subscriptions\/sub\//));

const refusedAccounts: [string, PropertyMap, RegExp][] = [
	["a name with capitals", { accountName: "Acme-Files" }, /^Status=400 Code="AccountNameInvalid"/],
	["a name that is too long", { accountName: "a".repeat(25) }, /^Status=400 Code="AccountNameInvalid"/],
	["zones where there are none", { location: "canadaeast" }, /^Status=400 Code="SkuNotAvailableInRegion"/],
	["a /32 in the firewall", rules("203.0.113.10/32"), /ipRule\[\*\]\.value\(203\.0\.113\.10\/32\)/],
	["a /31 in the firewall", rules("203.0.113.10/31"), /ipRule\[\*\]\.value\(203\.0\.113\.10\/31\)/],
	["a private address in the firewall", rules("10.1.2.3"), /ipRule\[\*\]\.value\(10\.1\.2\.3\)/],
	["IPv6 in the firewall", rules("2001:db8::1"), /ipRule\[\*\]\.value\(2001:db8::1\)/],
	[
		"too many rules",
		rules(...Array.from({ length: 401 }, (_, i) => `20.0.${i >> 8}.${i & 255}`)),
		/Too many IP rules: 401/,
	],
	[
		"a period of tokens in another form",
		{ sasPolicy: { expirationAction: "Log", sasExpirationPeriod: "60 days" } },
		/sasExpirationPeriod/,
	],
];

function rules(...addresses: string[]): PropertyMap {
	return {
		networkRuleSet: {
			defaultAction: "Deny",
			ipRules: addresses.map((iPAddressOrRange) => ({ iPAddressOrRange, action: "Allow" })),
		},
	};
}

for (const [title, change, message] of refusedAccounts) {
	test(`an account is refused for ${title}`, () =>
		refuses("account", { ...account, accountName: "another", ...change }, message));
}

test("infrastructure encryption is settled at creation", () => {
	const inputs = { ...account, encryption: { requireInfrastructureEncryption: true } };
	assert.throws(() => cloud.update(types.account, idOf(account), inputs), /cannot be updated as it is read-only/);
});

test("zones come by a conversion and not by an update", () => {
	const inputs = { ...account, sku: { name: "Standard_GRS" } };
	assert.throws(() => cloud.update(types.account, idOf(account), inputs), /Code="StorageAccountSkuConversion"/);
});

function idOf(inputs: PropertyMap): string {
	return `/subscriptions/sub/resourceGroups/files/providers/Microsoft.Storage/storageAccounts/${inputs.accountName}`;
}

test("singletons have one name and are taken over as they are", async () => {
	await refuses("service", { ...below, blobServicesName: "mine" }, /^Status=404/);
	await refuses("policy", { ...below, managementPolicyName: "mine", policy: { rules: [] } }, /^Status=404/);
	const service = { ...below, blobServicesName: "default" };
	await cloud.create(types.service, service);
	await cloud.create(types.service, { ...service, isVersioningEnabled: true });
});

test("a request is the whole resource: what it does not name is gone", async () => {
	const get = (name: string, more: PropertyMap) =>
		callFunction(`azure-native:storage:${name}`, { ...below, ...more }, cloud);
	const service = { ...below, blobServicesName: "default" };
	const rule = { allowedOrigins: ["https://portal.example"], allowedMethods: ["GET"], allowedHeaders: ["*"] };
	const cors = { corsRules: [{ ...rule, exposedHeaders: [], maxAgeInSeconds: 0 }] };
	const refused = /Code="InvalidXmlDocument"/;
	for (const corsRules of [[rule], Array.from({ length: 6 }, () => cors.corsRules[0] ?? {})]) {
		const inputs = { ...service, cors: { corsRules } };
		assert.throws(() => cloud.update(types.service, `${idOf(account)}/blobServices/default`, inputs), refused);
	}
	cloud.update(types.service, `${idOf(account)}/blobServices/default`, { ...service, cors });
	assert.deepEqual(get("getBlobServiceProperties", { blobServicesName: "default" }).cors, cors);
	cloud.update(types.service, `${idOf(account)}/blobServices/default`, service);
	assert.deepEqual(get("getBlobServiceProperties", { blobServicesName: "default" }).cors, { corsRules: [] });
	cloud.update(types.account, idOf(account), {
		...account,
		tags: { owner: "records" },
		identity: { type: "SystemAssigned" },
	});
	cloud.update(types.account, idOf(account), account);
	const { tags, identity, encryption } = get("getStorageAccount", {}) as Record<string, PropertyMap>;
	assert.deepEqual([tags, identity, encryption?.keySource], [{}, undefined, "Microsoft.Storage"]);
});

test("what the provider does not know is no part of a request, at any depth", () => {
	const networkRuleSet = {
		defaultAction: "Deny",
		ipRules: [{ iPAddressOrRange: "203.0.113.1", value: "203.0.113.2" }],
	};
	const { inputs, state } = cloud.update(types.account, idOf(account), {
		...account,
		networkRuleSet: { ...networkRuleSet, ipAllowlist: [] },
		tags: { anything: "x" },
		allowBlobAccess: true,
	});
	const sent = { defaultAction: "Deny", ipRules: [{ iPAddressOrRange: "203.0.113.1" }] };
	assert.deepEqual(inputs, { ...account, tags: { anything: "x" }, networkRuleSet: sent });
	assert.equal(Object.hasOwn(state, "allowBlobAccess"), false);
	cloud.update(types.account, idOf(account), account);
});

test("a lifecycle is not made a second time", async () => {
	const rule = { name: "old", type: "Lifecycle", definition: { actions: { version: {} } } };
	const policy = { ...below, managementPolicyName: "default", policy: { rules: [rule] } };
	await cloud.create(types.policy, policy);
	const archived = { ...rule, definition: { actions: { baseBlob: { tierToArchive: {} } } } };
	for (const [rules, message] of [
		[[archived], /archive tier is not supported .* 'Standard_GZRS'/],
		[[rule, rule], /each with a name of its own/],
		[
			[
				{
					...rule,
					definition: {
						...rule.definition,
						filters: { blobTypes: Array(1).fill("blockBlob"), prefixMatch: Array(11).fill("a") },
					},
				},
			],
			/more than 10/,
		],
	] as const) {
		const inputs = { ...policy, policy: { rules: [...rules] } };
		assert.throws(() => cloud.update(types.policy, `${idOf(account)}/managementPolicies/default`, inputs), message);
	}
	await refuses("policy", policy, /^cannot create already existing resource '.*\/managementPolicies\/default'/);
});

test("what an account is for life is not updated", () => {
	for (const [change, message] of [
		[{ kind: "BlockBlobStorage" }, /Code="InvalidAccountKind"/],
		[{ isHnsEnabled: false }, /'isHnsEnabled' .* read-only/],
	] as const) {
		cloud.update(types.account, idOf(account), { ...account, isHnsEnabled: true });
		assert.throws(() => cloud.update(types.account, idOf(account), { ...account, ...change }), message);
	}
	const service = { ...below, blobServicesName: "default", isVersioningEnabled: true };
	const id = `${idOf(account)}/blobServices/default`;
	assert.throws(() => cloud.update(types.service, id, service), /Code="FeatureNotSupportedForAccount"/);
	cloud.update(types.account, idOf(account), account);
});

test("tags are bounded, and a policy demands some and adds others to each request", async () => {
	const tagged = (tags: PropertyMap) => cloud.update(types.account, idOf(account), { ...account, tags });
	assert.throws(() => tagged({ Owner: "a", owner: "b" }), /Code="DuplicateTagName"/);
	assert.throws(() => tagged({ "a/b": "x" }), /Code="InvalidTag"/);
	assert.throws(() => tagged({ long: "x".repeat(257) }), /Code="InvalidTag"/);
	store.set("demanded_tags", "costCentre");
	store.set("added_tags", '{"createdBy":"policy"}');
	assert.throws(() => tagged({ owner: "records" }), /Code="RequestDisallowedByPolicy"/);
	const { state, inputs } = tagged({ costcentre: "4711" });
	assert.deepEqual([inputs.tags, state.tags], [{ costcentre: "4711" }, { createdBy: "policy", costcentre: "4711" }]);
	store.set("demanded_tags", "");
	store.set("added_tags", "");
	cloud.update(types.account, idOf(account), account);
});

test("an own key is refused that is not there, not protected, or not the identity's to use", () => {
	const vault = "https://maple.vault.azure.net";
	const keyed = (more: PropertyMap, identity: PropertyMap = { type: "UserAssigned", userAssignedIdentities: ["me"] }) =>
		cloud.update(types.account, idOf(account), {
			...account,
			identity,
			encryption: {
				keySource: "Microsoft.Keyvault",
				keyVaultProperties: { keyVaultUri: vault, keyName: "files" },
				encryptionIdentity: { encryptionUserAssignedIdentity: "me" },
				...more,
			},
		});
	const key = { identities: ["me"], purgeProtection: true };
	for (const [keys, more, identity, message] of [
		[{}, {}, undefined, /the key 'https:\/\/maple\.vault\.azure\.net\/keys\/files' is not there/],
		[{ files: { ...key, purgeProtection: false } }, {}, undefined, /needs soft delete and purge protection/],
		[{ files: { ...key, identities: ["you"] } }, {}, undefined, /'me' may not get, wrap and unwrap/],
		[{ files: key }, { keyVaultProperties: { keyName: "files" } }, undefined, /no name or no vault/],
		[{ files: key }, {}, { type: "SystemAssigned" }, /'me' is not assigned to the account/],
		[{ files: key }, { encryptionIdentity: {} }, { type: "UserAssigned" }, /has no identity that could read the key/],
	] as const) {
		const all = Object.entries(keys).map(([name, one]) => [`${vault}/keys/${name}`, one]);
		store.set("vault_keys", JSON.stringify(Object.fromEntries(all)));
		assert.throws(() => keyed(more as PropertyMap, identity as PropertyMap | undefined), message);
	}
	store.set("vault_keys", JSON.stringify({ [`${vault}/keys/files`]: key }));
	keyed({});
	cloud.update(types.account, idOf(account), account);
});

test("a retention is bounded, not deleted without an etag, and settled once it is locked", async () => {
	const container = { ...below, containerName: "documents" };
	const retention = { ...container, immutabilityPolicyName: "default", immutabilityPeriodSinceCreationInDays: 30 };
	await refuses("retention", retention, /Code="ContainerNotFound"/);
	await refuses("hold", { ...container, tags: ["case1"] }, /Code="ContainerNotFound"/);
	store.save({
		id: `${idOf(account)}/blobServices/default/containers/documents`,
		token: types.container,
		inputs: container,
		state: container,
	});
	await refuses("retention", { ...retention, immutabilityPeriodSinceCreationInDays: 146_001 }, /is not valid/);
	await refuses("hold", { ...container, tags: ["Case 1"] }, /Code="InvalidLegalHoldTag"/);
	const { id } = await cloud.create(types.retention, retention);
	await refuses("retention", retention, /^cannot create already existing resource/);
	await assert.rejects(cloud.remove(id), /Status=412 .* incorrect etag/);
	lockRetention(store, store.find(id) ?? assert.fail());
	const longer = { ...retention, immutabilityPeriodSinceCreationInDays: 60 };
	assert.throws(() => cloud.update(types.retention, id, longer), /not allowed on locked/);
	const { immutabilityPolicy, legalHold } = callFunction("azure-native:storage:getBlobContainer", container, cloud);
	assert.equal((immutabilityPolicy as PropertyMap).state, "Locked");
	assert.deepEqual(legalHold, { hasLegalHold: false, tags: [] });
	store.remove(`${idOf(account)}/blobServices/default/containers/documents`);
});

test("a restore needs versions, change feed and a longer soft delete", async () => {
	const service = { ...below, blobServicesName: "default", restorePolicy: { enabled: true, days: 7 } };
	await refuses("service", service, /needs versioning, change feed, soft delete/);
	const complete = { ...service, isVersioningEnabled: true, changeFeed: { enabled: true } };
	await refuses("service", { ...complete, deleteRetentionPolicy: { enabled: true, days: 7 } }, /has to be less than/);
});

test("a container is refused for its name, for public access and for an account that is not there", async () => {
	await refuses("container", { ...below, containerName: "Documents" }, /Code="ContainerNameInvalid"/);
	await refuses(
		"container",
		{ ...below, containerName: "documents", publicAccess: "Blob" },
		/Code="PublicAccessNotPermitted"/,
	);
	await refuses(
		"container",
		{ ...below, accountName: "nothere", containerName: "documents" },
		/Code="ParentResourceNotFound"/,
	);
});

test("logs need a place to go, and categories that blobs have", async () => {
	const setting = { name: "x", resourceUri: `${idOf(account)}/blobServices/default` };
	await refuses("setting", setting, /At least one data sink/);
	await refuses(
		"setting",
		{ ...setting, storageAccountId: "x", logs: [{ category: "StorageReads" }] },
		/'StorageReads' is not supported/,
	);
});

test("below a lock, and above it, nothing is deleted", async () => {
	await cloud.create(types.lock, { scope: idOf(account), lockName: "keep", level: "CanNotDelete" });
	for (const id of [
		idOf(account),
		`${idOf(account)}/blobServices/default`,
		"/subscriptions/sub/resourceGroups/files",
	]) {
		await assert.rejects(cloud.remove(id), /Code="ScopeLocked"/);
	}
	await cloud.remove(`${idOf(account)}/providers/Microsoft.Authorization/locks/keep`);
});

test("a token is refused for another account's container and for a key that is none", () => {
	const args = { ...below, canonicalizedResource: "/blob/acmefiles/x", sharedAccessExpiryTime: "2027-01-15T00:00:00Z" };
	const sas = (change: PropertyMap) =>
		callFunction("azure-native:storage:listStorageAccountServiceSAS", { ...args, ...change }, cloud);
	assert.match(String(sas({}).serviceSasToken), /^sv=2015-04-05&sr=c&sig=.*&se=2027-01-15T00%3A00%3A00\.0000000Z$/);
	assert.deepEqual(sas({}), sas({}));
	assert.notDeepEqual(sas({}), sas({ keyToSign: "key2" }));
	assert.throws(() => sas({ canonicalizedResource: "/blob/other/x" }), /canonicalizedResource/);
	assert.throws(() => sas({ keyToSign: "key3" }), /keyToSign/);
});

test("DNS refuses a CNAME at the apex, beside another record, a TTL of none, and a text that is too long", async () => {
	const zone = { ...group, zoneName: "acme.example" };
	await refuses("zone", { ...zone, location: "canadacentral" }, /Code="LocationNotAvailableForResourceType"/);
	await cloud.create(types.zone, { ...zone, location: "Global" });
	const record = {
		...zone,
		relativeRecordSetName: "portal",
		recordType: "CNAME",
		ttl: 60,
		cnameRecord: { cname: "x.aptible.in" },
	};
	await refuses("record", { ...record, relativeRecordSetName: "@" }, /cannot be created at the zone apex/);
	await refuses("record", { ...record, ttl: 0 }, /has to be between 1 and 2147483647/);
	await cloud.create(types.record, record);
	await refuses("record", { ...record, recordType: "A", aRecords: [{ ipv4Address: "203.0.113.1" }] }, /stands alone/);
	await refuses("record", record, /^cannot create already existing resource/);
	const text = (...value: string[]) => ({
		...record,
		relativeRecordSetName: "txt",
		recordType: "TXT",
		txtRecords: [{ value }],
	});
	await refuses("record", text("x".repeat(256)), /more than 255 characters/);
	await refuses("record", text("é".repeat(128)), /more than 255 characters/);
	await refuses("record", text(...Array.from({ length: 17 }, () => "x".repeat(250))), /more than 4096 characters/);
	await cloud.create(types.record, text("x".repeat(255), "y"));
	const of = (recordType: string, content: PropertyMap, name = "x") => ({
		...zone,
		relativeRecordSetName: name,
		recordType,
		ttl: 60,
		...content,
	});
	await refuses(
		"record",
		of("AAAA", { aaaaRecords: [{ ipv6Address: "203.0.113.1" }] }),
		/is not a record of type AAAA/,
	);
	await refuses("record", of("MX", { mxRecords: [{ preference: 70_000, exchange: "a.example" }] }), /of type MX/);
	const mail = { preference: 1, exchange: "a.example" };
	await refuses("record", of("MX", { mxRecords: [mail, { ...mail, exchange: "A.example" }] }), /or is there twice/);
	await refuses("record", of("SRV", { mxRecords: [mail] }, "_x._tcp"), /type SRV cannot have 'mxRecords'/);
	await refuses("record", of("CAA", { caaRecords: [{ flags: 256, tag: "issue", value: "x" }] }), /of type CAA/);
	await refuses("record", of("NS", { nsRecords: [{ nsdname: "a.example" }] }, "@"), /Azure has that of the zone/);
	await refuses("record", of("A", { targetResource: { id: "/subscriptions/s/x" } }), /cannot lead to/);
	await refuses("record", of("SPF", { txtRecords: [{ value: ["x"] }] }), /'SPF' is not supported/);
});

test("a group goes with all that is in it", async () => {
	await cloud.remove("/subscriptions/sub/resourceGroups/files");
	assert.equal(store.find(idOf(account)), undefined);
	assert.equal(store.keys("acmefiles"), undefined);
	assert.deepEqual(store.ofType(types.record), []);
});
