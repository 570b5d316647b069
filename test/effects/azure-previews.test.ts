/** What a preview says of each change in Azure, by the real engine: several changes in one preview, one golden file for each. */
import { test } from "node:test";
import { openStorageStage } from "../azure/storage-stage.ts";
import { type Blocks, succeed } from "../support/stage.ts";
import { checkGoldens, type Reviewed, review } from "./review.ts";

/** Storage and DNS in Azure, and nothing on Aptible but the environment. */
function azureAlone(blocks: Blocks): void {
	for (const block of Object.keys(blocks)) if (block !== "environment" && block !== "storage") delete blocks[block];
	Object.assign(blocks.storage, {
		account: "acmefiles",
		redundancy: "LRS",
		protect: false,
		lock: false,
		allowFrom: ["203.0.113.20"],
		cors: { app: { origins: ["https://portal.acme.example"], methods: ["GET"] } },
		containers: {
			documents: { name: "documents", access: "read" },
			scans: { name: "scans", access: "read" },
			letters: { name: "letters", access: "read" },
		},
	});
	const records = {
		portal: { name: "portal", type: "CNAME", target: "old.medstack.example", ttlSeconds: 3600 },
		mail: { name: "@", type: "MX", values: ["10 mail.acme.example"] },
		www: { name: "www", type: "A", values: ["203.0.113.10"], ttlSeconds: 60 },
	};
	blocks.dns = {
		resourceGroup: { name: "acme-dns" },
		location: "canadacentral",
		protect: false,
		zones: { acme: { domain: "acme.example", records } },
	};
}

/** Before the account has an id. */
const made: readonly Reviewed[] = [
	{
		name: "azure-new",
		change: ({ storage }) => {
			storage.lock = true;
			storage.containers.scans.principals = { portal: "00000000-0000-0000-0000-000000000001" };
		},
		components: [
			"Environment (environment)",
			"ObjectStorage (storage)",
			"StorageLogs (storage)",
			...["documents", "scans", "letters"].map((name) => `StorageContainer (storage-${name})`),
			"DnsZone (dns-acme)",
			...["portal", "mail", "www"].map((name) => `DnsRecord (dns-acme-${name})`),
		],
	},
];

const inAzure: readonly Reviewed[] = [
	{
		name: "azure-storage",
		change: ({ storage }) => {
			storage.redundancy = "ZRS";
			storage.allowFrom = ["203.0.113.21"];
			storage.softDeleteDays = 7;
			storage.restoreDays = 0;
			storage.cors.app.methods = ["GET", "PUT"];
			storage.lifecycle = {
				deleteVersionsAfterDays: 30,
				rules: { temp: { prefixes: ["documents/temp/"], deleteAfterDays: 7 } },
			};
			storage.tags = { owner: "clinic" };
		},
		components: ["ObjectStorage (storage)", "StorageLogs (storage)"],
	},
	{
		name: "azure-containers",
		change: ({ storage }) => {
			delete storage.containers.scans;
			storage.containers.letters.name = "letters2";
			storage.containers.reports = { name: "reports", access: "read" };
		},
		components: [
			"StorageContainer (storage-scans)",
			"StorageContainer (storage-letters)",
			"StorageContainer (storage-reports)",
		],
	},
	{
		name: "azure-dns",
		change: ({ dns }) => {
			const { records } = dns.zones.acme;
			records.portal.target = "elb-portal-1.aptible.in";
			records.portal.ttlSeconds = 60;
			records.www = { name: "www", type: "CNAME", target: "portal.acme.example" };
			delete records.mail;
			records.status = { name: "status", type: "TXT", values: ["ok"] };
		},
		components: [
			"DnsRecord (dns-acme-portal)",
			"DnsRecord (dns-acme-www)",
			"DnsRecord (dns-acme-mail)",
			"DnsRecord (dns-acme-status)",
		],
	},
];

test("what a preview says of each change in Azure", async (t) => {
	const { stage } = await openStorageStage(t, "staging", azureAlone);
	stage.watchDrift();
	await review(stage, made, { APTIBLE_ACCESS_TOKEN: "" });
	await succeed(stage.up());
	await review(stage, inAzure, { APTIBLE_ACCESS_TOKEN: "" });
});

test("each golden preview is of a change", () =>
	checkGoldens((file) => file.startsWith("azure-"), [...made, ...inAzure]));
