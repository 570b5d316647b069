import assert from "node:assert/strict";
import { test } from "node:test";
import { Cloud } from "@medstack-to-aptible/sandbox/azure/cloud.ts";
import { fail, succeed } from "../support/stage.ts";
import { clientOf, listBlobs, openStorageStage, withStorage } from "./storage-stage.ts";

/** The subscription of every sandbox. */
const SUBSCRIPTION = "00000000-0000-4000-8000-00000000acee";
const ACCOUNT = "azure-native:storage:StorageAccount";
const SERVICE = "azure-native:storage:BlobServiceProperties";

test("a live account is adopted in two steps, and kept when it leaves the program", async (t) => {
	const { stage, azure, outputs } = await openStorageStage(t, "staging", (blocks) => {
		withStorage(blocks);
		blocks.storage.existing = "import";
		blocks.storage.subscription = SUBSCRIPTION;
		blocks.storage.resourceGroup.existing = true;
		blocks.storage.redundancy = "LRS";
		blocks.storage.containers = { documents: { name: "documents" } };
	});
	const cloud = new Cloud(azure, SUBSCRIPTION);
	const group = { resourceGroupName: "acme-files" };
	await cloud.create("azure-native:resources:ResourceGroup", { ...group, location: "canadacentral" });
	// As somebody made it years ago: open to every network, old TLS.
	const account = {
		...group,
		accountName: "acmefiles",
		location: "canadacentral",
		kind: "StorageV2",
		sku: { name: "Standard_LRS" },
		minimumTlsVersion: "TLS1_0",
		networkRuleSet: { defaultAction: "Allow" },
	};
	await cloud.create(ACCOUNT, account);
	const live = () => azure.ofType(ACCOUNT)[0]?.inputs ?? {};
	const container = { ...group, accountName: "acmefiles", containerName: "documents" };
	await cloud.create("azure-native:storage:BlobContainer", container);

	await t.test("the import leaves the account as it is, and apps get in", async () => {
		assert.match(await succeed(stage.up()), /= .*azure-native:storage:StorageAccount.*import/);
		assert.deepEqual(live(), account);
		assert.deepEqual(azure.ofType(SERVICE), []);
		const { endpoint, containers } = await outputs();
		assert.deepEqual(await listBlobs(clientOf(endpoint, containers.documents?.sasToken ?? "", "documents")), []);
	});

	await t.test("the second step shows what it tightens, and does it", async () => {
		await stage.edit((blocks) => {
			blocks.storage.existing = "managed";
			delete blocks.storage.subscription;
		});
		assert.match(await succeed(stage.up("--diff")), /minimumTlsVersion\s*: "TLS1_0" => "TLS1_2"/);
		assert.equal(live().minimumTlsVersion, "TLS1_2");
		assert.deepEqual((live().networkRuleSet as { defaultAction: string }).defaultAction, "Deny");
		assert.equal(azure.ofType(SERVICE).length, 1);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("it is protected: neither a destroy nor its end in the file takes it away", async () => {
		assert.match(await fail(stage.destroy()), /protected/);
		await stage.edit((blocks) => {
			delete blocks.storage;
			blocks.apps.portal.config = { PORT: "3000" };
		});
		assert.match(await fail(stage.up()), /protected/);
		await succeed(stage.sandbox.pulumi(["state", "unprotect", "--all", "--yes", "--stack", "staging"]));
		await succeed(stage.up());
		assert.equal(azure.ofType(ACCOUNT).length, 1, "it stays in Azure");
		assert.equal(azure.ofType("azure-native:storage:BlobContainer").length, 1, "and so does its container");
		assert.equal(azure.ofType(SERVICE).length, 1, "with soft delete and versions on");
	});
});
