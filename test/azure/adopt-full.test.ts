/** An account, a zone and a record that have every property that the SDK knows of, taken over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { unsaid } from "../../components/azure/storage-options.ts";
import { type Blocks, fail, succeed } from "../support/stage.ts";
import { fullProperties } from "./full-properties.ts";
import { openSeeded, type Seed, subscription } from "./seeded.ts";

const group = { resourceGroupName: "maple-files" };
const place = { ...group, accountName: "maplelegacyfiles" };
const dns = { ...group, zoneName: "maple.example" };

/** What cannot be just anything; the rest of each resource is whatever the SDK has. */
const seed: Seed = [
	["resources:ResourceGroup", { ...group, location: "canadacentral", tags: { owner: "records" } }],
	[
		"storage:StorageAccount",
		fullProperties("storage/storageAccount", {
			...place,
			location: "canadacentral",
			kind: "StorageV2",
			sku: { name: "Standard_LRS" },
			// Not with https alone, which is what a managed account has.
			enableNfsV3: false,
			networkRuleSet: {
				bypass: "AzureServices",
				defaultAction: "Allow",
				ipRules: [{ action: "Allow", iPAddressOrRange: "198.51.100.7" }],
				resourceAccessRules: [{ resourceId: "/subscriptions/s/workspaces/w", tenantId: "t" }],
				virtualNetworkRules: [],
			},
			sasPolicy: { expirationAction: "Log", sasExpirationPeriod: "1.00:00:00" },
		}),
	],
	[
		"storage:BlobServiceProperties",
		fullProperties("storage/blobServiceProperties", {
			...place,
			blobServicesName: "default",
			isVersioningEnabled: false,
			changeFeed: { enabled: false, retentionInDays: 30 },
			restorePolicy: { enabled: false },
		}),
	],
	[
		"storage:ManagementPolicy",
		fullProperties("storage/managementPolicy", { ...place, managementPolicyName: "default" }),
	],
	["storage:BlobContainer", fullProperties("storage/blobContainer", { ...place, containerName: "documents" })],
	["dns:Zone", fullProperties("dns/zone", { ...dns, location: "global" })],
	[
		"dns:RecordSet",
		fullProperties("dns/recordSet", {
			...dns,
			relativeRecordSetName: "portal",
			recordType: "CNAME",
			ttl: 86_400,
			cnameRecord: { cname: "old.medstack.example" },
			targetResource: null,
			trafficManagementProfile: null,
			soaRecord: null,
		}),
	],
];

// A CNAME has no records of another type.
for (const [type, inputs] of seed) {
	if (type !== "dns:RecordSet") continue;
	for (const key of Object.keys(inputs)) if (key.endsWith("Records") || inputs[key] === null) delete inputs[key];
}

const stageFile: Blocks = {
	environment: { handle: "maple-staging", stack: "shared-ca-central-1", phi: false },
	storage: {
		existing: "import",
		subscription,
		resourceGroup: { name: "maple-files", existing: true },
		account: "maplelegacyfiles",
		location: "canadacentral",
		redundancy: "LRS",
		containers: { documents: { name: "documents" } },
	},
	dns: {
		subscription,
		resourceGroup: { name: "maple-files", existing: true },
		zones: {
			maple: {
				domain: "maple.example",
				existing: "import",
				records: {
					portal: { name: "portal", type: "CNAME", target: "old.medstack.example", ttlSeconds: 60, import: true },
				},
			},
		},
	},
};

/** What lies at a path of property names. */
function at(inputs: PropertyMap, path: string): unknown {
	return path.split(".").reduce<unknown>((inner, key) => (inner as PropertyMap | undefined)?.[key], inputs);
}

test("whatever Azure has of an account, a zone and a record is there after an import, and after they are managed", async (t) => {
	const { stage, everything, live } = await openSeeded(t, stageFile, seed);
	const before = everything();
	const seeded = (type: string) => seed.find(([one]) => one === type)?.[1] ?? {};

	await t.test("the import changes nothing", async () => {
		assert.doesNotMatch(await succeed(stage.up("--diff")), /^\s*[-~] /m);
		assert.deepEqual(everything(), before);
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(everything(), before);
	});

	await t.test("what an account cannot become is refused in the preview, and nothing is sent", async () => {
		await stage.edit(({ storage }) => {
			storage.existing = "managed";
			delete storage.subscription;
		});
		assert.match(
			await fail(stage.preview()),
			/whose namespace is hierarchical; write versioning: false, changeFeed: false, restoreDays: 0/,
		);
		assert.deepEqual(everything(), before);
	});

	await t.test("managed, it keeps all that a stage file has no words for", async () => {
		await stage.edit(({ storage, dns }) => {
			Object.assign(storage, { versioning: false, changeFeed: false, restoreDays: 0 });
			delete dns.subscription;
			delete dns.zones.maple.existing;
			delete dns.zones.maple.records.portal.import;
		});
		await succeed(stage.up());
		for (const [type, kept] of [
			["storage:StorageAccount", [...unsaid.account, ...unsaid.liveAccount, ...unsaid.oldKeys]],
			["storage:BlobServiceProperties", unsaid.blobService],
			["storage:BlobContainer", unsaid.container],
			["dns:Zone", unsaid.zone],
			["dns:RecordSet", unsaid.record],
		] as const) {
			for (const path of kept) assert.deepEqual(at(live(type), path), at(seeded(type), path), `${type} ${path}`);
		}
		const rules = at(live("storage:ManagementPolicy"), "policy.rules") as { name: string }[];
		assert.deepEqual(rules[0], (at(seeded("storage:ManagementPolicy"), "policy.rules") as unknown[])[0]);
		assert.equal(live("dns:RecordSet").ttl, 60);
		assert.deepEqual(at(live("storage:StorageAccount"), "networkRuleSet.defaultAction"), "Deny");
		assert.equal(live("storage:BlobContainer").publicAccess, "None");
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("given back to the import, it stays as it is", async () => {
		const managed = everything();
		await stage.edit(({ storage, dns }) => {
			Object.assign(storage, { existing: "import", subscription });
			dns.subscription = subscription;
			dns.zones.maple.existing = "import";
		});
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(everything(), managed);
	});
});
