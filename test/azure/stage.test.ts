import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, succeed } from "../support/stage.ts";
import {
	clientOf,
	comingFrom,
	listBlobs,
	openStorageStage,
	refusalOf,
	type StateResource,
	withStorage,
} from "./storage-stage.ts";

const find = (resources: StateResource[], type: string, name: string): StateResource => {
	const found = resources.find((one) => one.type === type && one.urn.endsWith(`::${name}`));
	return found ?? assert.fail(`no ${type} ${name}`);
};

test("the life of a stage with storage", async (t) => {
	const { stage, azure, set, outputs, resources } = await openStorageStage(t, "staging", (blocks) => {
		withStorage(blocks);
		blocks.storage.protect = false;
	});

	await t.test(
		"without a login to Azure, it says what is missing, and a stage without storage needs none",
		async () => {
			const names = ["ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"];
			const before = Object.fromEntries(names.map((name) => [name, stage.sandbox.env[name] ?? ""]));
			set(Object.fromEntries(names.map((name) => [name, ""])));
			const text = await fail(stage.preview());
			assert.match(text, /this stage has storage in Azure, and there is no login to Azure\. Not set:/);
			for (const name of names) assert.ok(text.includes(name), name);
			await stage.withChange(
				(blocks) => {
					delete blocks.storage;
					blocks.apps.portal.config = { PORT: "3000" };
				},
				async () => {
					await succeed(stage.preview());
				},
			);
			set(before);
		},
	);

	await t.test("one up makes both sides in order: environment, firewall; container, token, app", async () => {
		await succeed(stage.preview());
		await succeed(stage.up());
		const all = await resources();
		const environment = find(all, "command:local:Command", "environment");
		const account = find(all, "azure-native:storage:StorageAccount", "storage");
		const container = find(all, "azure-native:storage:BlobContainer", "storage-documents");
		const app = find(all, "command:local:Command", "portal");
		assert.ok(account.propertyDependencies?.networkRuleSet?.includes(environment.urn));
		assert.ok(app.propertyDependencies?.environment?.includes(container.urn), "the app waits for its container");
		const order = [environment, account, container, app].map(({ created }) => created ?? "");
		assert.deepEqual(order, [...order].sort());
		const { sasToken = "" } = (await outputs()).containers.documents ?? {};
		assert.ok(!(await stage.state()).includes(sasToken.split("sig=")[1] ?? ""), "the token is encrypted in the state");
	});

	await t.test("the firewall has the stack's addresses as Azure takes them", () => {
		const [live] = azure.ofType("azure-native:storage:StorageAccount");
		assert.deepEqual(live?.inputs.networkRuleSet, {
			bypass: "AzureServices",
			defaultAction: "Deny",
			ipRules: [
				{ action: "Allow", iPAddressOrRange: "203.0.113.10" },
				{ action: "Allow", iPAddressOrRange: "203.0.113.11" },
			],
			virtualNetworkRules: [],
		});
	});

	await t.test("the app has the token in its configuration, under the name that the SDKs know", async () => {
		const { sasToken = "" } = (await outputs()).containers.documents ?? {};
		const config = await stage.cli("config", "--app", "portal", "--environment", "acme-staging");
		assert.ok(JSON.stringify(config).includes(sasToken));
	});

	await t.test("a token of the outputs lists, reads and writes in its container, and nowhere else", async () => {
		const { endpoint, containers } = await outputs();
		const { documents, scans } = containers;
		assert.ok(documents && scans);
		const client = clientOf(endpoint, documents.sasToken, "documents");
		const blob = client.getBlockBlobClient("letters/2026/one.txt");
		await blob.upload("hello", 5);
		assert.deepEqual(await listBlobs(client), ["letters/2026/one.txt"]);
		await blob.upload("again", 5);
		assert.equal((await blob.downloadToBuffer()).toString(), "again");

		const elsewhere = clientOf(endpoint, documents.sasToken, "scans");
		assert.equal(await refusalOf(listBlobs(elsewhere)), "403 AuthorizationFailure");
		assert.equal(await refusalOf(elsewhere.getBlockBlobClient("x").upload("x", 1)), "403 AuthorizationFailure");
		const reader = clientOf(endpoint, scans.sasToken, "scans");
		assert.deepEqual(await listBlobs(reader), []);
		assert.equal(await refusalOf(reader.getBlockBlobClient("x").upload("x", 1)), "403 AuthorizationPermissionMismatch");
		await blob.delete();
	});

	await t.test("the firewall lets in the stack's addresses and no other, whatever the token", async () => {
		const { containers, allowedAddresses } = await outputs();
		const { url = "", sasToken = "" } = containers.documents ?? {};
		const list = (source: string) => {
			const headers = { ...comingFrom(source), "x-ms-version": "2021-12-02" };
			return fetch(`${url}?restype=container&comp=list&${sasToken}`, { headers });
		};
		assert.deepEqual(allowedAddresses, ["203.0.113.10", "203.0.113.11"]);
		for (const address of allowedAddresses) assert.equal((await list(address)).status, 200, address);
		const refused = await list("198.51.100.1");
		assert.equal(refused.status, 403);
		assert.equal(refused.headers.get("x-ms-error-code"), "AuthorizationFailure");
	});

	await t.test("a second up changes nothing, nor a minute later", async () => {
		const before = await outputs();
		stage.newWrites();
		set({ STORAGE_SAS_CLOCK: new Date(Date.now() + 60_000).toISOString() });
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newWrites(), []);
		assert.deepEqual(await outputs(), before);
	});

	const listed = async () => {
		const { endpoint, containers } = await outputs();
		return listBlobs(clientOf(endpoint, containers.documents?.sasToken ?? "", "documents"));
	};

	await t.test("keys rotate without an outage: sign with the other, deploy, renew the first", async () => {
		const old = await outputs();
		await stage.edit((blocks) => {
			blocks.storage.sas = { windowDays: 30, signWith: "key2" };
		});
		await succeed(stage.up());
		azure.renewKey("acmefiles", "key1");
		assert.deepEqual(await listed(), []);
		const stale = clientOf(old.endpoint, old.containers.documents?.sasToken ?? "", "documents");
		assert.equal(await refusalOf(listBlobs(stale)), "403 AuthorizationFailure");
	});

	await t.test("at the edge of a window the app alone gets its new token, and once", async () => {
		const before = await outputs();
		set({ STORAGE_SAS_CLOCK: before.sasRenews });
		stage.newWrites();
		const diff = await succeed(stage.up("--diff"));
		assert.match(diff, /~ 1 updated/);
		assert.match(diff, /STORAGE_documents_connectionString: \[secret\]/);
		assert.deepEqual(stage.newWrites(), ["configure apps portal"]);
		const after = await outputs();
		assert.equal(after.sasRenews, before.sasExpires);
		assert.notEqual(after.containers.documents?.sasToken, before.containers.documents?.sasToken);
		// The old token lives on: whatever has not got the new one yet works all the same.
		assert.deepEqual(
			await listBlobs(clientOf(before.endpoint, before.containers.documents?.sasToken ?? "", "documents")),
			[],
		);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("a token is refused after its time", async () => {
		set({ STORAGE_SAS_CLOCK: "2026-01-01T00:00:00Z" });
		await succeed(stage.up());
		assert.ok((await outputs()).sasExpires < new Date().toISOString());
		assert.equal(await refusalOf(listed()), "403 AuthorizationFailure");
	});

	await t.test("protection, which is the default, is no change of what the state has without it", async () => {
		await stage.withChange(
			({ storage }) => {
				delete storage.protect;
			},
			async () => {
				await succeed(stage.preview("--expect-no-changes"));
			},
		);
	});

	await t.test("a destroy leaves nothing of a stage that says protect: false", async () => {
		await succeed(stage.destroy());
		for (const type of ["resources:ResourceGroup", "storage:StorageAccount", "storage:BlobContainer"]) {
			assert.deepEqual(azure.ofType(`azure-native:${type}`), [], type);
		}
	});
});
