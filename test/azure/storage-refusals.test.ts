import assert from "node:assert/strict";
import { test } from "node:test";
import { ownRules } from "../../components/azure/storage-baseline.ts";
import type { LiveStorage } from "../../components/azure/storage-live.ts";
import { findRefusals } from "../../components/azure/storage-refusals.ts";
import { storageStage } from "./registrations.ts";

const account = { kind: "StorageV2", location: "canadacentral", sku: { name: "Standard_GRS" } };

/** What is said of an account that differs from a right one. */
function refusals(
	change: Record<string, unknown>,
	parts: Partial<LiveStorage> = {},
	stage: Record<string, unknown> = {},
): string[] {
	const { storage } = storageStage(
		{
			existing: "managed",
			resourceGroup: { name: "g", existing: true },
			redundancy: "GRS",
			logs: { workspaceId: workspace },
			...stage,
		},
		false,
	);
	if (storage === undefined) throw new Error("no storage");
	const found = { ...account, ...change } as unknown as LiveStorage["account"];
	const live: LiveStorage = {
		id: "id",
		account: found,
		corsOrigins: [],
		lifecycle: [],
		formerRules: [],
		there: new Set(),
		recorded: [],
	};
	return findRefusals(storage, { ...live, ...parts });
}

const workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w";
const imported = { existing: "import", subscription: "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d" };

test("an account that fits is taken over, in whatever way Azure writes its location", () => {
	assert.deepEqual(refusals({}), []);
	assert.deepEqual(refusals({ location: "Canada Central" }), []);
});

test("what would be another account is refused, with what to write", () => {
	const cases: [Record<string, unknown>, RegExp][] = [
		[{ location: "canadaeast" }, /^storage\.location: "canadacentral" is not where .*; write location: canadaeast$/],
		[
			{ kind: "Storage" },
			/is of kind Storage; upgrade it, which cannot be undone: `az storage account update .* --access-tier Hot`/,
		],
		[{ kind: "BlockBlobStorage" }, /is of kind BlockBlobStorage; existing: import takes it as it is$/],
		[{ enableNfsV3: true }, /has NFS 3\.0/],
		[
			{ isHnsEnabled: true },
			/hierarchical; write versioning: false, changeFeed: false, restoreDays: 0, or existing: import/,
		],
		[
			{ sku: { name: "Standard_ZRS" } },
			/as it is Standard_ZRS; write redundancy: ZRS, or have Azure convert it first: `az storage account migration start .* --sku Standard_GRS`/,
		],
		[{ sku: { name: "Premium_LRS" } }, /as it is Premium_LRS; existing: import takes it as it is$/],
	];
	for (const [change, says] of cases) {
		const found = refusals(change);
		assert.equal(found.length, 1, JSON.stringify(change));
		assert.match(found[0] ?? "", says);
	}
});

test("an import takes all of that but another location", () => {
	for (const change of [
		{ kind: "BlockBlobStorage" },
		{ enableNfsV3: true },
		{ isHnsEnabled: true },
		{ sku: { name: "Premium_LRS" } },
	]) {
		assert.deepEqual(refusals(change, {}, imported), []);
	}
	assert.equal(refusals({ location: "canadaeast" }, {}, imported).length, 1);
});

test("a lifecycle rule of our name is refused where somebody else made it", () => {
	const { storage } = storageStage({ existing: "managed", resourceGroup: { name: "g", existing: true } });
	if (storage === undefined) throw new Error("no storage");
	const [ours] = ownRules(storage);
	assert.ok(ours);
	const other = { ...ours, enabled: false };
	assert.match(
		refusals({}, { lifecycle: [other] })[0] ?? "",
		/has a rule "age" already, .*management-policy create .* --policy @policy\.json`$/,
	);
	assert.deepEqual(refusals({}, { lifecycle: [ours] }), []);
	const recorded = [{ type: "azure-native:storage:ManagementPolicy", name: "storage", id: "id" }];
	assert.deepEqual(refusals({}, { lifecycle: [other], recorded }), []);
});
