import assert from "node:assert/strict";
import { test } from "node:test";
import { Cloud } from "../../sandbox/azure/cloud.ts";
import { fail, succeed } from "../support/stage.ts";
import { openStorageStage, withStorage } from "./storage-stage.ts";

/** The subscription of every sandbox. */
const SUBSCRIPTION = "00000000-0000-4000-8000-00000000acee";
const RECORD = "azure-native:dns:RecordSet";

test("a live record goes over to an endpoint in three runs", async (t) => {
	const { stage, azure } = await openStorageStage(t, "staging", (blocks) => {
		withStorage(blocks);
		delete blocks.storage;
		blocks.apps.portal.config = { PORT: "3000" };
		blocks.apps.portal.endpoints = {
			public: { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true },
		};
		blocks.dns = {
			subscription: SUBSCRIPTION,
			resourceGroup: { name: "acme-dns", existing: true },
			zones: {
				acme: {
					domain: "acme.example",
					existing: "reference",
					records: {
						portal: { name: "portal", type: "CNAME", target: "old.medstack.example", ttlSeconds: 60, import: true },
						challenge: { name: "_acme-challenge.portal", type: "CNAME", endpoint: "portal.public", challenge: true },
					},
				},
			},
		};
	});
	const cloud = new Cloud(azure, SUBSCRIPTION);
	const zone = { resourceGroupName: "acme-dns", zoneName: "acme.example" };
	await cloud.create("azure-native:resources:ResourceGroup", {
		resourceGroupName: "acme-dns",
		location: "canadacentral",
	});
	await cloud.create("azure-native:dns:Zone", { ...zone, location: "global" });
	const live = {
		...zone,
		relativeRecordSetName: "portal",
		recordType: "CNAME",
		ttl: 86_400,
		cnameRecord: { cname: "old.medstack.example" },
	};
	const { id } = await cloud.create(RECORD, live);
	const record = () => azure.find(id)?.inputs ?? {};
	const edit = (change: (portal: Record<string, unknown>) => void) =>
		stage.edit(({ dns }) => change(dns.zones.acme.records.portal));

	await succeed(stage.up());
	assert.deepEqual(record(), live, "imported as it is");

	await stage.withChange(
		({ dns }) => {
			delete dns.zones.acme.records.portal;
			delete dns.subscription;
		},
		async () => {
			await succeed(stage.up());
			assert.deepEqual(record(), live, "only imported, it stays when its lines go");
		},
	);
	await succeed(stage.up());
	assert.deepEqual(record(), live);

	await edit((portal) => {
		delete portal.import;
	});
	await stage.edit(({ dns }) => {
		delete dns.subscription;
	});
	await succeed(stage.up());
	assert.deepEqual(record(), { ...live, ttl: 60 });

	await edit((portal) => {
		delete portal.target;
		portal.endpoint = "portal.public";
	});
	assert.match(await succeed(stage.preview("--diff")), /cname\s*: "old\.medstack\.example" => ".*\.aptible\.in"/);
	await succeed(stage.up());
	assert.match(JSON.stringify(record().cnameRecord), /\.aptible\.in"/);
	const challenge = azure
		.ofType(RECORD)
		.find(({ inputs }) => inputs.relativeRecordSetName === "_acme-challenge.portal");
	assert.match(JSON.stringify(challenge?.inputs.cnameRecord), /"acme\./);
	await succeed(stage.up("--expect-no-changes"));
});

test("a record that exists is not made a second time without an import", async (t) => {
	const { stage, azure } = await openStorageStage(t, "staging", (blocks) => {
		for (const block of Object.keys(blocks)) if (block !== "environment") delete blocks[block];
		const records = { portal: { name: "portal", type: "CNAME", target: "x.aptible.in" } };
		blocks.dns = {
			resourceGroup: { name: "acme-dns", existing: true },
			zones: { acme: { domain: "acme.example", existing: "reference", records } },
		};
	});
	const cloud = new Cloud(azure, SUBSCRIPTION);
	const zone = { resourceGroupName: "acme-dns", zoneName: "acme.example" };
	await cloud.create("azure-native:resources:ResourceGroup", {
		resourceGroupName: "acme-dns",
		location: "canadacentral",
	});
	await cloud.create("azure-native:dns:Zone", { ...zone, location: "global" });
	const record = {
		...zone,
		relativeRecordSetName: "portal",
		recordType: "CNAME",
		ttl: 60,
		cnameRecord: { cname: "y" },
	};
	await cloud.create(RECORD, record);
	assert.match(await fail(stage.up()), /cannot create already existing resource/);
});
