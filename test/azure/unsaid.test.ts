/**
 * Every property that the SDK has of what can be taken over is either said by a stage file or kept. A new version of the SDK that brings
 * another one fails here, before an update takes it off somebody's account.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keepKnown } from "@medstack-to-aptible/sandbox/azure/properties.ts";
import { unsaid, watched } from "../../components/azure/storage-options.ts";
import { leavesOf, namesOf } from "./full-properties.ts";
import { registerDns, registerStorage, storageStage } from "./registrations.ts";

const managed = { existing: "managed", resourceGroup: { name: "acme-test-files", existing: true } };
const storage = await registerStorage(storageStage(managed));
const renewed = await registerStorage(storageStage({ ...managed, keysRenewed: true }));
const records = {
	cname: { name: "a", type: "CNAME", target: "x.aptible.in" },
	address: { name: "b", type: "A", values: ["203.0.113.1"] },
	text: { name: "c", type: "TXT", values: ["x"] },
	alias: {
		name: "d",
		type: "A",
		alias: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/x",
	},
	ipv6: { name: "e", type: "AAAA", values: ["2001:db8::1"] },
	authority: { name: "f", type: "CAA", values: ["0 issue letsencrypt.org"] },
	mail: { name: "g", type: "MX", values: ["10 mail.acme.example"] },
	delegated: { name: "h", type: "NS", values: ["ns1.acme.example"] },
	service: { name: "_i._tcp", type: "SRV", values: ["10 5 5060 sip.acme.example"] },
};
const identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/files";
process.env.ARM_USE_DEFAULT_AZURE_CREDENTIAL = "true";
const dns = await registerDns(
	storageStage({ "/dns": { resourceGroup: { name: "g" }, zones: { z: { domain: "acme.example", records } } } }),
);
const saidOf = (all: { inputs: Record<string, unknown> }[]) =>
	all.flatMap(({ inputs }) =>
		Object.entries(inputs).flatMap(([key, value]) =>
			typeof value === "object" && value !== null && !Array.isArray(value)
				? [key, ...Object.keys(value).map((inner) => `${key}.${inner}`)]
				: [key],
		),
	);

/** Types of records that no stage file makes, and so no record of one has. */
const otherRecords = ["ds", "naptr", "ptr", "tlsa"].map((type) => `${type}Records`);

const cases: [resource: string, below: string[], said: string[], kept: readonly string[]][] = [
	[
		"storage/storageAccount",
		["networkRuleSet"],
		saidOf([storage.one("storage:StorageAccount"), renewed.one("storage:StorageAccount")]),
		[...unsaid.account, ...unsaid.liveAccount],
	],
	[
		"storage/blobServiceProperties",
		["changeFeed", "containerDeleteRetentionPolicy", "deleteRetentionPolicy", "restorePolicy"],
		[
			...saidOf([storage.one("storage:BlobServiceProperties")]),
			// Of blobs only (Azure docs: container soft delete).
			"containerDeleteRetentionPolicy.allowPermanentDelete",
		],
		unsaid.blobService,
	],
	["storage/managementPolicy", [], saidOf([storage.one("storage:ManagementPolicy")]), []],
	["storage/blobContainer", [], saidOf([storage.one("storage:BlobContainer")]), unsaid.container],
	["dns/zone", [], saidOf([dns.one("dns:Zone")]), unsaid.zone],
	[
		"dns/recordSet",
		[],
		// Azure's own name for where an alias leads to.
		[...saidOf(dns.all("dns:RecordSet")), ...otherRecords, "soaRecord", "trafficManagementProfile"],
		unsaid.record,
	],
];

test("the provider knows every property that the program sends: it would leave another one out of the request without a word", async () => {
	const rule = {
		prefixes: ["documents/old/"],
		coolAfterDays: 1,
		coldAfterDays: 2,
		archiveAfterDays: 3,
		deleteAfterDays: 9,
	};
	const all = await registerStorage(
		storageStage({
			redundancy: "GRS",
			tags: { owner: "records" },
			cors: { portal: { origins: ["https://portal.acme.example"], methods: ["GET"] } },
			lifecycle: { rules: { old: { ...rule, deleteVersionsAfterDays: 30 } } },
			encryptionKey: { url: "https://acme.vault.azure.net/keys/files", identity },
			allowSubnets: ["/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"],
		}),
	);
	const sent = [...all.resources, ...dns.resources].filter(({ type }) => type.startsWith("azure-native:"));
	assert.equal(sent.length, 8 + Object.keys(records).length + 2);
	for (const { type, inputs } of sent) assert.deepEqual(keepKnown(type, inputs), inputs, type);
});

for (const [resource, below, said, kept] of cases) {
	test(`every property of ${resource} is said or kept`, () => {
		const names = namesOf(resource, below);
		assert.deepEqual(
			names.filter((name) => !said.includes(name) && !kept.includes(name)),
			[],
			"neither said nor kept",
		);
		assert.deepEqual(
			kept.filter((name) => said.includes(name) || !names.includes(name)),
			[],
			"kept, and said or unknown",
		);
	});
}

test("an account with a key of the stage file keeps all the rest of its encryption", async () => {
	const encryptionKey = { url: "https://maple.vault.azure.net/keys/files/0123456789abcdef0123456789abcdef", identity };
	const keyed = await registerStorage(storageStage({ ...managed, encryptionKey }));
	const { inputs, opts } = keyed.one("storage:StorageAccount");
	assert.deepEqual(inputs.encryption.keyVaultProperties, {
		keyVaultUri: "https://maple.vault.azure.net",
		keyName: "files",
		keyVersion: "0123456789abcdef0123456789abcdef",
	});
	const said = [...saidOf([{ inputs }]), ...(opts.ignoreChanges ?? [])];
	const names = namesOf("storage/storageAccount", ["encryption", "networkRuleSet"]);
	assert.deepEqual(
		names.filter((name) => !said.includes(name) && !unsaid.oldKeys.some((one) => one === name)),
		[],
	);
});

/** What is kept and need not be watched. */
const unwatched: Readonly<Record<string, string>> = {
	"customDomain.useSubDomainName": "asked for once, and never answered",
	dnsEndpointType: "settled at creation",
	enableNfsV3: "settled at creation",
	"encryption.requireInfrastructureEncryption": "settled at creation",
	"encryption.services": "always on; its type of key is settled at creation",
	extendedLocation: "settled at creation",
	registrationVirtualNetworks: "of private zones, which no stage file makes",
	resolutionVirtualNetworks: "of private zones, which no stage file makes",
};

test("whatever is kept is watched, so that no update puts it back unseen", () => {
	const kinds = [
		["storage/storageAccount", [...unsaid.account, ...unsaid.liveAccount], watched.account],
		["storage/storageAccount", unsaid.oldKeys, watched.oldKeys],
		["storage/blobServiceProperties", unsaid.blobService, watched.blobService],
		["storage/blobContainer", unsaid.container, watched.container],
		["dns/zone", unsaid.zone, watched.zone],
		["dns/recordSet", unsaid.record, watched.record],
	] as const;
	const isBelow = (path: string, outer: string) => `${path}.`.startsWith(`${outer.replace(/\.\*$/, "")}.`);
	const used = new Set<string>();
	for (const [resource, kept, seen] of kinds) {
		const leaves = leavesOf(resource).filter((leaf) => kept.some((one) => isBelow(leaf, one)));
		assert.ok(leaves.length >= kept.length, resource);
		const unseen = leaves.filter((leaf) => !Object.keys(seen).some((path) => isBelow(leaf, path)));
		const reasons = Object.keys(unwatched).filter((path) => unseen.some((leaf) => isBelow(leaf, path)));
		for (const path of reasons) used.add(path);
		assert.deepEqual(
			unseen.filter((leaf) => !reasons.some((path) => isBelow(leaf, path))),
			[],
			`${resource}: kept, and neither watched nor with a reason not to be`,
		);
		for (const path of Object.keys(seen)) {
			assert.ok(
				leaves.some((leaf) => isBelow(leaf, path)),
				`${resource}: ${path} is watched, and not kept`,
			);
		}
	}
	assert.deepEqual(Object.keys(unwatched).sort(), [...used].sort(), "a reason for what is no more");
});

test("what is kept of an account with old keys is what only their renewal lets a stage file say", () => {
	const { inputs } = storage.one("storage:StorageAccount");
	assert.deepEqual(
		unsaid.oldKeys.filter((name) => name in inputs),
		[],
	);
	assert.deepEqual(
		unsaid.oldKeys.filter((name) => name in renewed.one("storage:StorageAccount").inputs),
		[...unsaid.oldKeys],
	);
});
