import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { absent } from "../config/stage-file.ts";
import { registerStorage, storageStage } from "./registrations.ts";

const subscription = "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d";
const accountId = `/subscriptions/${subscription}/resourceGroups/acme-test-files/providers/Microsoft.Storage/storageAccounts/acmetestfiles`;
const live = { resourceGroup: { name: "acme-test-files", existing: true } };

/** Values of an app's references once they are known, and which of them are secret. */
async function valuesOf(changes: Record<string, unknown>, app = "portal") {
	let values: Record<string, pulumi.Output<string>> = {};
	const found: Record<string, string> = {};
	const secrets: string[] = [];
	const registrations = await registerStorage(storageStage(changes), (storage) => {
		values = storage.valuesFor(app);
		for (const [key, value] of Object.entries(values)) {
			value.apply((text) => {
				found[key] = text;
			});
			void pulumi.isSecret(value).then((secret) => secret && secrets.push(key));
		}
	});
	return { found, secrets: secrets.sort(), registrations };
}

test("an app gets a token of the window, signed by Azure for one container, and only tokens are secret", async () => {
	const { found, secrets, registrations } = await valuesOf({});
	assert.deepEqual(found, {
		"storage.documents.account": "acmetestfiles",
		"storage.documents.container": "documents",
		"storage.documents.endpoint": "https://acmetestfiles.blob.core.windows.net/",
		"storage.documents.sasToken": "sas-racwl",
		"storage.documents.connectionString":
			"BlobEndpoint=https://acmetestfiles.blob.core.windows.net/;SharedAccessSignature=sas-racwl",
	});
	assert.deepEqual(secrets, ["storage.documents.connectionString", "storage.documents.sasToken"]);
	assert.deepEqual(registrations.calls, [
		{
			token: "azure-native:storage:listStorageAccountServiceSAS",
			args: {
				accountName: "acmetestfiles",
				canonicalizedResource: "/blob/acmetestfiles/documents",
				keyToSign: "key1",
				permissions: "racwl",
				protocols: "https",
				resource: "c",
				resourceGroupName: "acme-test-files",
				sharedAccessExpiryTime: "2027-01-15T00:00:00Z",
				sharedAccessStartTime: "2026-11-15T23:45:00Z",
			},
		},
	]);
});

test("an app with a level of its own gets a token of its own", async () => {
	const changes = { "containers/documents/accessByApp": { portal: "read" }, "sas/signWith": "key2" };
	const { found, registrations } = await valuesOf(changes);
	assert.equal(found["storage.documents.sasToken"], "sas-rl");
	assert.deepEqual(
		registrations.calls.map(({ args }) => [args.permissions, args.keyToSign]),
		[
			["racwl", "key2"],
			["rl", "key2"],
		],
	);
	assert.equal((await valuesOf(changes, "reports")).found["storage.documents.sasToken"], "sas-racwl");
});

test("the key of the account is handed over on request only, secret, and with a warning", async () => {
	const { found, secrets, registrations } = await valuesOf({ allowAccountKey: true, "sas/signWith": "key2" });
	assert.equal(found["storage.documents.accountKey"], "two");
	assert.ok(secrets.includes("storage.documents.accountKey"));
	assert.equal(registrations.warnings.length, 1);
	assert.match(registrations.warnings[0] ?? "", /^storage\.allowAccountKey lets apps hold a key of the whole account/);
});

test("an Entra principal gets the role of its level on the one container", async () => {
	const principal = "11111111-2222-4333-8444-555555555555";
	const { one, warnings } = await registerStorage(
		storageStage({ "containers/documents/principals": { portal: principal }, "containers/documents/access": "read" }),
	);
	const { inputs } = one("authorization:RoleAssignment");
	assert.match(inputs.scope, /BlobContainer/);
	assert.match(inputs.roleDefinitionId, /roleDefinitions\/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1$/);
	assert.match(inputs.roleAssignmentName, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.deepEqual(warnings, []);
	const writing = await registerStorage(storageStage({ "containers/documents/principals": { portal: principal } }));
	assert.match(writing.warnings[0] ?? "", /can also delete: Azure has no role for readWrite$/);
});

test("an import takes the account as it is: everything is ignored, and nothing else is declared", async () => {
	const { one, resources } = await registerStorage(storageStage({ ...live, existing: "import", subscription }));
	const account = one("storage:StorageAccount");
	assert.equal(account.importId, accountId);
	assert.deepEqual(account.opts.ignoreChanges, ["*"]);
	assert.deepEqual([account.opts.protect, account.opts.retainOnDelete], [true, true]);
	const container = one("storage:BlobContainer");
	assert.equal(container.importId, `${accountId}/blobServices/default/containers/documents`);
	assert.deepEqual(container.opts.ignoreChanges, ["*"]);
	const types = resources.map(({ type }) => type).filter((type) => type.startsWith("azure-native:"));
	assert.deepEqual(types.sort(), ["azure-native:storage:BlobContainer", "azure-native:storage:StorageAccount"]);
});

test("after the import, the baseline comes without what Azure takes at creation only", async () => {
	const { one, all } = await registerStorage(storageStage({ ...live, existing: "managed" }));
	const { inputs, importId, opts } = one("storage:StorageAccount");
	assert.equal(importId, undefined);
	for (const key of ["encryption", "isHnsEnabled", "keyPolicy", "sasPolicy", "tags"]) {
		assert.ok(opts.ignoreChanges?.includes(key), key);
		assert.equal(key in inputs, false, key);
	}
	assert.equal(inputs.networkRuleSet.defaultAction, "Deny");
	assert.equal(all("storage:BlobServiceProperties").length, 1);
	const renewed = await registerStorage(storageStage({ ...live, existing: "managed", keysRenewed: true }));
	assert.deepEqual(renewed.one("storage:StorageAccount").inputs.keyPolicy, { keyExpirationPeriodInDays: 90 });
	assert.equal(renewed.one("storage:StorageAccount").opts.ignoreChanges?.includes("keyPolicy"), false);
});

test("a reference declares nothing of the account, and its apps get tokens all the same", async () => {
	const { found, registrations } = await valuesOf({ ...live, existing: "reference", logs: absent });
	assert.equal(found["storage.documents.sasToken"], "sas-racwl");
	assert.deepEqual(
		registrations.resources.filter(({ type }) => type.startsWith("azure-native:")),
		[],
	);
	assert.deepEqual(registrations.calls.map(({ token }) => token).sort(), [
		"azure-native:storage:getStorageAccount",
		"azure-native:storage:listStorageAccountServiceSAS",
	]);
});
