/** What a stage file says of tags, CORS, lifecycles, keys, retention and records, on the engine: made, changed, changed by others, taken over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lockRetention } from "@medstack-to-aptible/sandbox/azure/worm-rules.ts";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { type Blocks, fail, succeed } from "../support/stage.ts";
import { openSeeded, type Seed, type SeededStage, subscription } from "./seeded.ts";

const records = {
	six: { name: "six", type: "AAAA", values: ["2001:db8::1"] },
	authority: { name: "@", type: "CAA", values: ['0 issue "letsencrypt.org"'] },
	mail: { name: "@", type: "MX", values: ["10 mail.maple.example"] },
	lab: { name: "lab", type: "NS", values: ["ns1.lab.example", "ns2.lab.example"] },
	sip: { name: "_sip._tls", type: "SRV", values: ["10 5 5061 sip.maple.example"] },
};

const keyUrl = (name: string) => `https://maple.vault.azure.net/keys/${name}`;
const identity = `/subscriptions/${subscription}/resourceGroups/maple-keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/files`;
const keys = Object.fromEntries(
	["files", "archive"].map((name) => [keyUrl(name), { identities: [identity], purgeProtection: true }]),
);

const stageFile: Blocks = {
	environment: { handle: "maple-staging", stack: "shared-ca-central-1", phi: false },
	storage: {
		resourceGroup: { name: "maple-files" },
		account: "maplefiles",
		location: "northeurope",
		redundancy: "RAGRS",
		tags: { owner: "records", costCentre: "4711" },
		cors: { portal: { origins: ["https://portal.maple.example"], methods: ["GET", "PUT"] } },
		lifecycle: { rules: { exports: { prefixes: ["documents/exports/"], archiveAfterDays: 30, deleteAfterDays: 90 } } },
		logs: { workspace: "maple-logs" },
		encryptionKey: { url: keyUrl("files"), identity },
		containers: {
			documents: { name: "documents", immutable: { days: 30 } },
			scans: { name: "scans", legalHold: ["case1"] },
		},
	},
	dns: {
		resourceGroup: { name: "maple-dns" },
		tags: { owner: "it" },
		zones: { maple: { domain: "maple.example", records } },
	},
};

/** Tags that Azure answers of the resources of a type. */
function tagsOf({ azure }: SeededStage, type: string): unknown[] {
	return azure.ofType(`azure-native:${type}`).map(({ state }) => state.tags);
}

function rulesOf({ live }: SeededStage): string[] {
	return (live("storage:ManagementPolicy").policy as { rules: { name: string }[] }).rules.map(({ name }) => name);
}

/** Changes something in Azure as somebody else does. */
function change({ azure, cloud }: SeededStage, type: string, more: PropertyMap): void {
	const { id, token, inputs } = azure.ofType(`azure-native:${type}`)[0] ?? assert.fail(type);
	cloud.update(token, id, { ...inputs, ...more });
}

test("what a stage file says of tags, CORS, lifecycles and records is made, changed and put back", async (t) => {
	const opened = await openSeeded(t, stageFile, []);
	const { stage, azure, live, everything } = opened;

	await t.test("a policy that demands a tag is met, and one that adds a tag makes no difference", async () => {
		azure.set("demanded_tags", "owner");
		azure.set("added_tags", '{"createdBy":"policy"}');
		azure.set("vault_keys", JSON.stringify(keys));
		await succeed(stage.up());
		await succeed(stage.up("--expect-no-changes"));
		const own = { createdBy: "policy", owner: "records", costCentre: "4711" };
		assert.deepEqual(tagsOf(opened, "storage:StorageAccount"), [own]);
		assert.deepEqual(tagsOf(opened, "operationalinsights:Workspace"), [own]);
		assert.deepEqual(tagsOf(opened, "dns:Zone"), [{ createdBy: "policy", owner: "it" }]);
		assert.deepEqual(rulesOf(opened), ["age", "exports"]);
		const kinds = azure.ofType("azure-native:dns:RecordSet").map(({ inputs }) => inputs.recordType);
		assert.deepEqual(kinds.sort(), ["AAAA", "CAA", "MX", "NS", "SRV"]);
		const { keyVaultProperties, requireInfrastructureEncryption } = live("storage:StorageAccount")
			.encryption as PropertyMap;
		assert.deepEqual(keyVaultProperties, { keyVaultUri: "https://maple.vault.azure.net", keyName: "files" });
		assert.equal(requireInfrastructureEncryption, true);
		assert.equal(live("storage:BlobContainerImmutabilityPolicy").immutabilityPeriodSinceCreationInDays, 30);
		assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1"]);
	});

	await t.test("each changes in place, and what leaves the file leaves Azure", async () => {
		await stage.edit(({ storage, dns }) => {
			storage.tags = { owner: "archive" };
			storage.cors.portal.methods = ["GET"];
			storage.lifecycle.rules = { scratch: { prefixes: ["documents/tmp/"], deleteAfterDays: 7 } };
			storage.encryptionKey.url = keyUrl("archive");
			storage.containers.documents.immutable = { days: 60, append: "appendBlobs" };
			storage.containers.scans.legalHold = ["case2", "case1"];
			dns.tags = { owner: "network" };
			Object.assign(dns.zones.maple.records, {
				six: { ...records.six, values: ["2001:db8::2"] },
				authority: { ...records.authority, values: ["0 issue letsencrypt.org", "0 iodef mailto:it@maple.example"] },
				mail: { ...records.mail, values: ["5 mail.maple.example"] },
				lab: { ...records.lab, values: ["ns3.lab.example"] },
				sip: { ...records.sip, values: ["10 5 5062 sip.maple.example"] },
			});
		});
		assert.doesNotMatch(await succeed(stage.up("--diff")), /replace/);
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(live("storage:StorageAccount").tags, { owner: "archive" });
		assert.deepEqual(tagsOf(opened, "resources:ResourceGroup"), [
			{ createdBy: "policy", owner: "network" },
			{ createdBy: "policy", owner: "archive" },
		]);
		assert.deepEqual(rulesOf(opened), ["age", "scratch"]);
		assert.equal(JSON.stringify(live("storage:StorageAccount").encryption).includes('"keyName":"archive"'), true);
		const policy = live("storage:BlobContainerImmutabilityPolicy");
		assert.deepEqual([policy.immutabilityPeriodSinceCreationInDays, policy.allowProtectedAppendWrites], [60, true]);
		assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1", "case2"]);
		const content = Object.values(everything()).map((one) => JSON.stringify(one));
		for (const part of ["2001:db8::2", "mailto:it@maple.example", '"preference":5', "ns3.lab.example", '"port":5062']) {
			assert.ok(
				content.some((one) => one.includes(part)),
				part,
			);
		}
	});

	await t.test("a tag that somebody adds is not taken off unseen, and stays after a refresh", async () => {
		const both = { type: "SystemAssigned,UserAssigned", userAssignedIdentities: [identity] };
		change(opened, "storage:StorageAccount", { tags: { owner: "archive", team: "files" }, identity: both });
		change(opened, "storage:BlobServiceProperties", { cors: { corsRules: [] } });
		change(opened, "storage:ManagementPolicy", { policy: { rules: [] } });
		change(opened, "storage:BlobContainerImmutabilityPolicy", { immutabilityPeriodSinceCreationInDays: 1 });
		change(opened, "storage:BlobContainerLegalHold", { tags: ["case2"] });
		const shown = await succeed(stage.preview("--expect-no-changes"));
		assert.match(shown, /warning: .*the retention of "documents" has 1 day in Azure, and 60 in the state/);
		assert.match(shown, /warning: .*the hold case1 of "scans" is gone from Azure; `pulumi refresh`, then `pulumi up`/);
		await stage.edit(({ storage }) => {
			storage.tags.stage = "staging";
		});
		assert.match(
			await fail(stage.preview()),
			/"maplefiles" has tags, an identity that were changed in Azure since the last run/,
		);
		const seen = await succeed(stage.pulumi("refresh", "--yes", "--skip-preview", "--diff"));
		assert.match(seen, /team/);
		assert.match(await succeed(stage.up("--diff")), /corsRules/);
		assert.deepEqual(live("storage:StorageAccount").tags, {
			createdBy: "policy",
			team: "files",
			owner: "archive",
			stage: "staging",
		});
		assert.deepEqual(live("storage:StorageAccount").identity, both);
		assert.equal(JSON.stringify(live("storage:BlobServiceProperties").cors).includes("portal.maple.example"), true);
		assert.deepEqual(rulesOf(opened), ["age", "scratch"]);
		assert.equal(live("storage:BlobContainerImmutabilityPolicy").immutabilityPeriodSinceCreationInDays, 60);
		assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1", "case2"]);
		assert.doesNotMatch(await succeed(stage.up("--expect-no-changes")), /warning/);
	});

	await t.test("a hold that somebody adds is named with its command, and no run lifts one", async () => {
		change(opened, "storage:BlobContainerLegalHold", { tags: ["case1", "case2", "case3"] });
		assert.match(
			await fail(stage.preview()),
			/is held by case3 too, .* legal-hold clear .* --container-name scans --tags case3`/,
		);
		change(opened, "storage:BlobContainerLegalHold", { tags: ["case1", "case2"] });
		await stage.withChange(
			({ storage }) => {
				delete storage.containers.scans.legalHold;
			},
			async () => {
				const refused = await fail(stage.up());
				assert.match(refused, /protect/);
				assert.doesNotMatch(refused, /gone from Azure/);
				assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1", "case2"]);
			},
		);
	});

	await t.test("a locked retention is said, left alone, extended by a person and never shortened", async () => {
		lockRetention(azure, azure.ofType("azure-native:storage:BlobContainerImmutabilityPolicy")[0] ?? assert.fail());
		assert.match(await fail(stage.preview()), /"documents" is locked in Azure, .* write locked: true/);
		await stage.edit(({ storage }) => {
			storage.containers.documents.immutable.locked = true;
		});
		await succeed(stage.up());
		await succeed(stage.preview("--expect-no-changes"));
		for (const [days, says] of [
			[90, /a person extends it, five times at most: `az storage .* extend .* --period 90 /],
			[30, /which is never shortened; write days: 60/],
		] as const) {
			await stage.withChange(
				({ storage }) => {
					storage.containers.documents.immutable.days = days;
				},
				async () => {
					assert.match(await fail(stage.preview()), says);
				},
			);
		}
	});

	await t.test("without the line all tags stay as they are", async () => {
		await stage.edit(({ storage, dns }) => {
			delete storage.tags;
			delete dns.tags;
		});
		await succeed(stage.up("--expect-no-changes"));
	});
});

const place = { resourceGroupName: "maple-files", accountName: "maplefiles" };
const zone = { resourceGroupName: "maple-files", zoneName: "maple.example" };
const theirs = {
	name: "exports",
	enabled: true,
	type: "Lifecycle",
	definition: {
		filters: { blobTypes: ["blockBlob"] },
		actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 1 } } },
	},
};
const recordSeed = (recordType: string, relativeRecordSetName: string, content: PropertyMap): Seed[number] => [
	"dns:RecordSet",
	{ ...zone, recordType, relativeRecordSetName, ttl: 3600, metadata: { owner: "it" }, ...content },
];
const seed: Seed = [
	["resources:ResourceGroup", { resourceGroupName: "maple-files", location: "northeurope", tags: { team: "files" } }],
	[
		"storage:StorageAccount",
		{
			...place,
			location: "northeurope",
			kind: "StorageV2",
			sku: { name: "Standard_RAGRS" },
			tags: { team: "files", Owner: "x" },
			identity: { type: "SystemAssigned,UserAssigned", userAssignedIdentities: [identity] },
			encryption: {
				keySource: "Microsoft.Keyvault",
				services: { blob: { enabled: true, keyType: "Account" } },
				keyVaultProperties: { keyVaultUri: "https://maple.vault.azure.net", keyName: "files" },
				encryptionIdentity: { encryptionUserAssignedIdentity: identity },
			},
		},
	],
	["storage:BlobServiceProperties", { ...place, blobServicesName: "default" }],
	["storage:ManagementPolicy", { ...place, managementPolicyName: "default", policy: { rules: [theirs] } }],
	["storage:BlobContainer", { ...place, containerName: "documents" }],
	["storage:BlobContainer", { ...place, containerName: "scans" }],
	[
		"storage:BlobContainerImmutabilityPolicy",
		{
			...place,
			containerName: "documents",
			immutabilityPolicyName: "default",
			immutabilityPeriodSinceCreationInDays: 30,
			allowProtectedAppendWrites: false,
		},
	],
	["storage:BlobContainerLegalHold", { ...place, containerName: "scans", tags: ["case1"] }],
	["dns:Zone", { ...zone, location: "global", tags: { team: "files" } }],
	recordSeed("AAAA", "six", { aaaaRecords: [{ ipv6Address: "2001:db8::1" }] }),
	recordSeed("CAA", "@", { caaRecords: [{ flags: 0, tag: "issue", value: "letsencrypt.org" }] }),
	recordSeed("MX", "@", { mxRecords: [{ preference: 10, exchange: "mail.maple.example" }] }),
	recordSeed("NS", "lab", { nsRecords: [{ nsdname: "ns1.lab.example" }, { nsdname: "ns2.lab.example" }] }),
	recordSeed("SRV", "_sip._tls", {
		srvRecords: [{ priority: 10, weight: 5, port: 5061, target: "sip.maple.example" }],
	}),
];

test("an account and records that have these are taken over as they are, and then said by the file", async (t) => {
	const group = { name: "maple-files", existing: true };
	const imported = structuredClone(stageFile);
	Object.assign(imported.storage, { existing: "import", subscription, resourceGroup: group });
	Object.assign(imported.dns, { subscription, resourceGroup: group });
	imported.dns.zones.maple.existing = "import";
	for (const record of Object.values<PropertyMap>(imported.dns.zones.maple.records)) record.import = true;
	const opened = await openSeeded(t, imported, seed);
	const { stage, everything, live } = opened;
	const before = everything();
	const accountKey = Object.keys(before).find((id) => id.endsWith("/maplefiles")) ?? "";

	await t.test("the import changes nothing", async () => {
		await succeed(stage.up());
		assert.deepEqual(everything(), before);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("a rule of somebody's under one of the file's names is refused", async () => {
		await stage.edit(({ storage, dns }) => {
			storage.existing = "managed";
			delete storage.subscription;
			delete dns.subscription;
			delete dns.zones.maple.existing;
			for (const record of Object.values<PropertyMap>(dns.zones.maple.records)) delete record.import;
		});
		assert.match(await fail(stage.preview()), /has a rule "exports" already, made by somebody else/);
		assert.deepEqual(everything(), before);
	});

	await t.test("managed, it has the file's beside those of others, and no record changes", async () => {
		await stage.edit(({ storage }) => {
			storage.lifecycle.rules = { own: { prefixes: ["documents/exports/"], deleteAfterDays: 90 } };
			storage.containers.documents.immutable.locked = true;
		});
		lockRetention(
			opened.azure,
			opened.azure.ofType("azure-native:storage:BlobContainerImmutabilityPolicy")[0] ?? assert.fail(),
		);
		await succeed(stage.up());
		assert.deepEqual(live("storage:StorageAccount").tags, { team: "files", owner: "records", costCentre: "4711" });
		assert.deepEqual(live("dns:Zone").tags, { team: "files", owner: "it" });
		assert.deepEqual(rulesOf(opened), ["exports", "age", "own"]);
		const account = before[accountKey] as PropertyMap;
		assert.deepEqual(live("storage:StorageAccount").encryption, account.encryption);
		assert.deepEqual(live("storage:StorageAccount").identity, account.identity);
		assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1"]);
		assert.equal(JSON.stringify(live("storage:BlobServiceProperties").cors).includes("portal.maple.example"), true);
		const isRecord = ([id]: [string, unknown]) => /\/dnszones\/.+\//i.test(id);
		assert.deepEqual(Object.entries(everything()).filter(isRecord), Object.entries(before).filter(isRecord));
		await succeed(stage.up("--expect-no-changes"));
	});
});
