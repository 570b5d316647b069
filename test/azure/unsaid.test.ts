/**
 * Every property that the SDK has of what can be taken over is either said by a stage file or kept. A new version of the SDK that brings
 * another one fails here, before an update takes it off somebody's account.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unsaid } from "../../components/storage-options.ts";
import { namesOf } from "./full-properties.ts";
import { registerDns, registerStorage, storageStage } from "./registrations.ts";

const managed = { existing: "managed", resourceGroup: { name: "acme-test-files", existing: true } };
const storage = await registerStorage(storageStage(managed));
const renewed = await registerStorage(storageStage({ ...managed, keysRenewed: true }));
const records = {
	cname: { name: "a", type: "CNAME", target: "x.aptible.in" },
	address: { name: "b", type: "A", values: ["203.0.113.1"] },
	text: { name: "c", type: "TXT", values: ["x"] },
	alias: { name: "d", type: "A", alias: "/subscriptions/s/x" },
};
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
const otherRecords = ["aaaa", "caa", "ds", "mx", "naptr", "ns", "ptr", "srv", "tlsa"].map((type) => `${type}Records`);

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
