import assert from "node:assert/strict";
import { test } from "node:test";
import { Cloud } from "@medstack-to-aptible/sandbox/azure/cloud.ts";
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
	await stage.withChange(
		({ dns }) => {
			delete dns.zones.acme.records.portal.import;
			delete dns.subscription;
		},
		async () => {
			assert.match(await fail(stage.up()), /cannot create already existing resource/);
			assert.deepEqual(record(), live, "without an import, what exists is not made a second time");
		},
	);
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
	for (const changed of [
		{ name: "portal", type: "TXT", values: ["x"] },
		{ name: "portl", type: "CNAME", target: "old.medstack.example" },
	]) {
		await stage.withChange(
			({ dns }) => {
				dns.zones.acme.records.portal = changed;
			},
			async () => {
				const says = await fail(stage.preview());
				assert.match(says, /the record "portal" of type CNAME was imported, .*first remove `import` alone/);
				assert.deepEqual(record(), live);
			},
		);
	}
	await succeed(stage.up());
	assert.deepEqual(record(), { ...live, ttl: 60 });

	await edit((portal) => {
		delete portal.target;
		portal.endpoint = "portal.public";
	});
	// Somebody has deleted it by hand: a change makes it again.
	await cloud.remove(id);
	assert.match(await succeed(stage.up("--diff")), /cname\s*: "old\.medstack\.example" => ".*\.aptible\.in"/);
	assert.match(JSON.stringify(record().cnameRecord), /\.aptible\.in"/);
	const challenge = azure
		.ofType(RECORD)
		.find(({ inputs }) => inputs.relativeRecordSetName === "_acme-challenge.portal");
	assert.match(JSON.stringify(challenge?.inputs.cnameRecord), /"acme\./);
	await succeed(stage.up("--expect-no-changes"));
});
