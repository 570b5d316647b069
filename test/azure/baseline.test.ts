import assert from "node:assert/strict";
import { test } from "node:test";
import { unsaid } from "../../components/azure/storage-options.ts";
import { registerStorage, storageStage } from "./registrations.ts";

const { one, all, resources } = await registerStorage(storageStage());
const account = one("storage:StorageAccount").inputs;
const service = one("storage:BlobServiceProperties").inputs;

// One test for each row of the baseline (facts/azure.md §2), on what the program registers.
test("secure transfer: only https (CIS 9.3.4)", () => assert.equal(account.enableHttpsTrafficOnly, true));

test("TLS 1.2 or later (CIS 9.3.6)", () => assert.equal(account.minimumTlsVersion, "TLS1_2"));

test("no anonymous blobs, by account and by container (CIS 9.3.8)", () => {
	assert.equal(account.allowBlobPublicAccess, false);
	assert.equal(one("storage:BlobContainer").inputs.publicAccess, "None");
});

test("the firewall denies by default and lets in the Aptible stack alone, sorted, without /32 (CIS 9.3.2.3)", () => {
	assert.equal(account.networkRuleSet.defaultAction, "Deny");
	assert.deepEqual(account.networkRuleSet.ipRules, [
		{ iPAddressOrRange: "203.0.113.10", action: "Allow" },
		{ iPAddressOrRange: "203.0.113.11", action: "Allow" },
	]);
	assert.deepEqual(account.networkRuleSet.virtualNetworkRules, []);
});

test("exception 1: public network access stays on, as there is no other way in from AWS (CIS 9.3.2.2)", () => {
	assert.equal(account.publicNetworkAccess, "Enabled");
	assert.equal(account.networkRuleSet.defaultAction, "Deny");
});

test("exception 2: shared keys stay on for SAS tokens, and sharedKey: false is the way out (CIS 9.3.1.3)", async () => {
	assert.equal(account.allowSharedKeyAccess, true);
	const closed = await registerStorage(storageStage({ sharedKey: false }));
	assert.equal(closed.one("storage:StorageAccount").inputs.allowSharedKeyAccess, false);
	assert.deepEqual(closed.calls, []);
});

test("keys come with a reminder after 90 days (CIS 9.3.1.1)", () => {
	assert.deepEqual(account.keyPolicy, { keyExpirationPeriodInDays: 90 });
});

test("tokens that outlive two windows are blocked", () => {
	assert.deepEqual(account.sasPolicy, { expirationAction: "Block", sasExpirationPeriod: "60.00:15:00" });
});

test("the portal logs in by Entra (CIS 9.3.3.1)", () => assert.equal(account.defaultToOAuthAuthentication, true));

test("trusted services of Azure pass the firewall, for the logs (CIS 9.3.5)", () => {
	assert.equal(account.networkRuleSet.bypass, "AzureServices");
});

test("no replication into another tenant, and no copies out of one (CIS 9.3.7)", async () => {
	assert.equal(account.allowCrossTenantReplication, false);
	assert.equal(account.allowedCopyScope, "AAD");
	const moving = await registerStorage(storageStage({ copyFrom: "anywhere" }));
	assert.equal("allowedCopyScope" in moving.one("storage:StorageAccount").inputs, false);
});

test("deleted blobs and containers come back for 30 days (CIS 9.2.1, 9.2.2)", () => {
	assert.deepEqual(service.deleteRetentionPolicy, { enabled: true, days: 30, allowPermanentDelete: false });
	assert.deepEqual(service.containerDeleteRetentionPolicy, { enabled: true, days: 30 });
});

test("versions are kept, and old ones go after a year (CIS 9.2.3)", () => {
	assert.equal(service.isVersioningEnabled, true);
	const [rule] = one("storage:ManagementPolicy").inputs.policy.rules;
	assert.deepEqual(rule.definition.actions.version, { delete: { daysAfterCreationGreaterThan: 365 } });
	assert.deepEqual(rule.definition.actions.snapshot, { delete: { daysAfterCreationGreaterThan: 365 } });
});

test("all blobs can be put back to any moment of the last 7 days", () => {
	assert.deepEqual(service.restorePolicy, { enabled: true, days: 7 });
	assert.deepEqual(service.changeFeed, { enabled: true });
});

test("the data is in two regions of Canada (CIS 9.3.11)", () => {
	assert.deepEqual(account.sku, { name: "Standard_GZRS" });
	assert.equal(account.location, "canadacentral");
});

test("Azure itself refuses to delete the account, and the lock is made last (CIS 9.3.9)", () => {
	const lock = one("authorization:ManagementLockByScope");
	assert.equal(lock.inputs.level, "CanNotDelete");
	assert.equal(resources.filter(({ type }) => type.startsWith("azure-native:")).at(-1), lock);
});

test("the lock is no read-only one, which would stop the making of tokens (CIS 9.3.10)", () => {
	assert.equal(all("authorization:ManagementLockByScope").length, 1);
	assert.notEqual(one("authorization:ManagementLockByScope").inputs.level, "ReadOnly");
});

test("the disks are encrypted twice (164.312(a)(2)(iv))", () => {
	assert.equal(account.encryption.requireInfrastructureEncryption, true);
	assert.equal(account.encryption.keySource, "Microsoft.Storage");
});

test("every read, write and delete is logged, in the account's region (164.312(b))", () => {
	const setting = one("monitor:DiagnosticSetting").inputs;
	assert.match(setting.resourceUri, /\/blobServices\/default$/);
	assert.deepEqual(setting.logs, [
		{ category: "StorageRead", enabled: true },
		{ category: "StorageWrite", enabled: true },
		{ category: "StorageDelete", enabled: true },
	]);
	assert.equal("retentionPolicy" in setting.logs[0], false);
	assert.equal(one("operationalinsights:Workspace").inputs.location, account.location);
});

test("no local users, no SFTP, no hierarchical namespace", () => {
	assert.equal(account.isLocalUserEnabled, false);
	assert.equal(account.isSftpEnabled, false);
	assert.equal(account.isHnsEnabled, false);
});

test("singletons have the one name that Azure knows", () => {
	assert.equal(service.blobServicesName, "default");
	assert.equal(one("storage:ManagementPolicy").inputs.managementPolicyName, "default");
});

test("group, account, container and workspace are protected; with their settings, they stay in Azure", () => {
	for (const type of [
		"resources:ResourceGroup",
		"storage:StorageAccount",
		"storage:BlobContainer",
		"operationalinsights:Workspace",
	]) {
		const { opts } = one(type);
		assert.deepEqual([opts.protect, opts.retainOnDelete], [true, true], type);
	}
	for (const type of ["storage:BlobServiceProperties", "storage:ManagementPolicy", "monitor:DiagnosticSetting"]) {
		assert.equal(one(type).opts.retainOnDelete, true, type);
	}
	assert.equal(one("authorization:ManagementLockByScope").opts.retainOnDelete ?? false, false);
});

test("a stage without health information is protected too unless it says otherwise, and has no lock", async () => {
	for (const [more, isProtected] of [
		[{}, true],
		[{ protect: false }, false],
	] as const) {
		const plain = await registerStorage(
			storageStage({ redundancy: "LRS", logs: { workspace: "acme-test-logs" }, ...more }, false),
		);
		for (const type of ["resources:ResourceGroup", "storage:StorageAccount", "storage:BlobContainer"]) {
			const { opts } = plain.one(type);
			assert.deepEqual([opts.protect, opts.retainOnDelete], [isProtected, isProtected], type);
		}
		assert.deepEqual(plain.all("authorization:ManagementLockByScope"), []);
	}
});

test("what is settled at creation replaces no account from which the line `existing` goes", () => {
	for (const key of unsaid.liveAccount) {
		assert.ok(key in account, key);
		assert.ok(one("storage:StorageAccount").opts.ignoreChanges?.includes(key), key);
	}
	assert.ok(!one("storage:StorageAccount").opts.ignoreChanges?.includes("sasPolicy"), "windows may become longer");
});
