/** Accounts that somebody else made, after public reports of what taking one over has broken (test/azure/cases). */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { fail, succeed } from "../support/stage.ts";
import { caseBlocks, caseSeed, openSeeded, subscription } from "./seeded.ts";

const ages = (policy: PropertyMap) => (policy.policy as { rules: { name: string }[] }).rules.map(({ name }) => name);

test("an account with CORS and a lifecycle is imported, managed and given back, and nothing of it is lost", async (t) => {
	const folder = "09-adopt-lifecycle-cors";
	const [imported, managed] = [await caseBlocks(folder, "stage.yaml"), await caseBlocks(folder, "managed.yaml")];
	const { stage, everything, live, write, azure, resources } = await openSeeded(t, imported, await caseSeed(folder));
	const before = everything();

	await t.test("the import changes nothing, and no second run does", async () => {
		assert.match(await succeed(stage.up("--diff")), /= azure-native:storage:StorageAccount: \(import\)/);
		assert.deepEqual(everything(), before);
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(everything(), before);
	});

	await t.test("the firewall stays open where anything before it fails, whatever that is", async () => {
		const withLock = structuredClone(managed);
		withLock.storage.lock = true;
		withLock.storage.logs = { workspace: "maple-logs" };
		withLock.storage.containers.scans = { name: "scans" };
		await write(withLock);
		// The first of what comes before it, and the last.
		for (const type of ["storage:BlobServiceProperties", "authorization:ManagementLockByScope"]) {
			azure.set("refuse", `azure-native:${type}`);
			assert.match(await fail(stage.up()), /AuthorizationFailed/, type);
			assert.equal((live("storage:StorageAccount").networkRuleSet as PropertyMap).defaultAction, "Allow", type);
		}
		azure.set("refuse", "");
	});

	await t.test("managing it keeps CORS and the rules that it has, and says what changes", async () => {
		assert.match(await succeed(stage.up("--diff")), /defaultAction\s*: "Allow" => "Deny"/);
		const all = await resources();
		const waitsFor = all.find(({ type }) => type === "azure-native:storage:StorageAccount")?.dependencies ?? [];
		for (const type of [
			"storage:BlobServiceProperties",
			"storage:ManagementPolicy",
			"operationalinsights:Workspace",
			"monitor:DiagnosticSetting",
			"storage:BlobContainer",
			"authorization:ManagementLockByScope",
		]) {
			const before = all.filter((one) => one.type === `azure-native:${type}`);
			assert.ok(before.length > 0 && before.every(({ urn }) => waitsFor.includes(urn)), type);
		}
		const { networkRuleSet } = live("storage:StorageAccount");
		assert.equal((networkRuleSet as PropertyMap).defaultAction, "Deny");
		const cors = Object.entries(before).find(([id]) => id.endsWith("/blobServices/default"))?.[1].cors;
		assert.deepEqual(live("storage:BlobServiceProperties").cors, cors);
		assert.equal(live("storage:BlobServiceProperties").isVersioningEnabled, true);
		assert.deepEqual(ages(live("storage:ManagementPolicy")), ["old-exports", "age"]);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("going back to the import changes nothing and deletes nothing, the lock included", async () => {
		const managedState = everything();
		await stage.edit((blocks) => {
			blocks.storage.existing = "import";
			blocks.storage.subscription = imported.storage.subscription;
		});
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(everything(), managedState);
		await stage.edit((blocks) => {
			blocks.storage.existing = "managed";
			delete blocks.storage.subscription;
		});
		await succeed(stage.preview("--expect-no-changes"));
	});
});

test("a run that is killed on the way is gone on from, and has not closed the firewall", async (t) => {
	const folder = "09-adopt-lifecycle-cors";
	const blocks = await caseBlocks(folder, "managed.yaml");
	blocks.storage.containers.scans = { name: "scans" };
	const { stage, live, azure } = await openSeeded(t, blocks, await caseSeed(folder));
	azure.set("create_ms", "2000");
	const container = "azure-native:storage:BlobContainer";
	assert.equal(await stage.killWhen("up", () => azure.ofType(container).length === 2), true);
	azure.set("create_ms", "0");
	assert.equal((live("storage:StorageAccount").networkRuleSet as PropertyMap).defaultAction, "Allow");
	await succeed(stage.up());
	assert.equal((live("storage:StorageAccount").networkRuleSet as PropertyMap).defaultAction, "Deny");
	assert.equal(JSON.stringify(live("storage:BlobServiceProperties").cors).includes("portal.maple.example"), true);
	assert.deepEqual(ages(live("storage:ManagementPolicy")), ["old-exports", "age"]);
	await succeed(stage.up("--expect-no-changes"));
});

test("an import takes no tags, keys, identity or metadata off", async (t) => {
	const folder = "17-import-strips-tags";
	const { stage, everything, cloud } = await openSeeded(
		t,
		await caseBlocks(folder, "stage.yaml"),
		await caseSeed(folder),
	);
	const before = everything();
	assert.doesNotMatch(await succeed(stage.up("--diff")), /^\s*- /m);
	assert.deepEqual(everything(), before);
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(everything(), before);

	await t.test(
		"the state of an import by an earlier version, which kept its own properties only, is left alone too",
		async () => {
			const old: Record<string, string[]> = {
				StorageAccount:
					"accessTier accountName allowBlobPublicAccess enableHttpsTrafficOnly kind location minimumTlsVersion networkRuleSet resourceGroupName sku".split(
						" ",
					),
				BlobContainer: ["accountName", "containerName", "publicAccess", "resourceGroupName"],
			};
			const file = join(stage.sandbox.dir, "old.json");
			await succeed(stage.sandbox.pulumi(["stack", "export", "--file", file, "--stack", "staging"]));
			const state = JSON.parse(await readFile(file, "utf8"));
			for (const resource of state.deployment.resources) {
				const kept = old[resource.type.split(":").at(-1)];
				if (kept === undefined) continue;
				const entries = Object.entries<PropertyMap[string]>(resource.inputs).filter(([key]) => kept.includes(key));
				resource.inputs = Object.fromEntries(entries);
				resource.outputs = cloud.update(resource.type, resource.id, resource.inputs).state;
			}
			await writeFile(file, JSON.stringify(state));
			await succeed(stage.sandbox.pulumi(["stack", "import", "--file", file, "--stack", "staging"]));
			const stripped = everything();
			await succeed(stage.up("--expect-no-changes"));
			assert.deepEqual(everything(), stripped);
		},
	);
});

/** An identity of somebody's. */
const identityOf = (name: string) =>
	`/subscriptions/${subscription}/resourceGroups/maple-keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

/** A customer's own key, and the identity that reads it. */
const ownKey = (vault: string, identity: string): PropertyMap => ({
	identity: { type: "UserAssigned", userAssignedIdentities: [identityOf(identity)] },
	encryption: {
		keySource: "Microsoft.Keyvault",
		keyVaultProperties: { keyName: "files", keyVaultUri: `https://${vault}.vault.azure.net` },
		encryptionIdentity: { encryptionUserAssignedIdentity: identityOf(identity) },
	},
});

test("an account with a key of its own is managed in one step, and nobody's change is put back unseen", async (t) => {
	const folder = "09-adopt-lifecycle-cors";
	const opened = await openSeeded(t, await caseBlocks(folder, "managed.yaml"), await caseSeed(folder));
	const { stage, live, cloud, resources } = opened;
	const change = (type: string, more: PropertyMap) => {
		const { id, token, inputs } = cloud.store.ofType(`azure-native:storage:${type}`)[0] ?? assert.fail(type);
		cloud.update(token, id, { ...inputs, ...more });
	};
	const rule = { allowedOrigins: ["https://new.maple.example"], allowedMethods: ["GET"], allowedHeaders: [] };
	const cors = { corsRules: [{ ...rule, exposedHeaders: [], maxAgeInSeconds: 60 }] };
	const [old, moved] = [ownKey("old", "one"), ownKey("new", "two")];

	await t.test("one up imports all that is there, and says what it keeps", async () => {
		change("StorageAccount", old);
		const says = await succeed(stage.up());
		for (const type of ["StorageAccount", "BlobServiceProperties", "ManagementPolicy", "BlobContainer"]) {
			assert.match(says, new RegExp(`= .*azure-native:storage:${type}.*import`), type);
		}
		assert.match(
			says,
			/keeps the CORS rules of its blob service \(https:\/\/portal\.maple\.example\), the lifecycle rules "old-exports" and/,
		);
		assert.equal(JSON.stringify(live("storage:BlobServiceProperties").cors).includes("portal.maple.example"), true);
		assert.deepEqual(ages(live("storage:ManagementPolicy")), ["old-exports", "age"]);
		assert.deepEqual(live("storage:StorageAccount").encryption, old.encryption);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("what somebody changes in Azure is refused before an update, and kept after a refresh", async () => {
		change("StorageAccount", { tags: { costCentre: "4711" }, ...moved });
		change("BlobServiceProperties", { cors });
		change("BlobContainer", { metadata: { owner: "records" } });
		await succeed(stage.preview("--expect-no-changes"));

		await stage.edit(({ storage }) => {
			storage.allowFrom = ["198.51.100.7"];
		});
		const refused =
			/has tags, an identity, the vault of an encryption key, the identity of an encryption key that were changed in Azure since the last run, .* take them into the state with `pulumi refresh`/;
		assert.match(await fail(stage.preview()), refused);
		await stage.edit(({ storage }) => {
			storage.softDeleteDays = 60;
		});
		assert.match(await fail(stage.up()), /the blob service of "maplelegacyfiles" has CORS rules that were changed/);
		assert.deepEqual(live("storage:StorageAccount").tags, { costCentre: "4711" });
		assert.deepEqual(live("storage:BlobServiceProperties").cors, cors);

		await succeed(stage.pulumi("refresh", "--yes", "--skip-preview"));
		await succeed(stage.up());
		const { tags, identity, encryption } = live("storage:StorageAccount");
		assert.deepEqual({ tags, identity, encryption }, { tags: { costCentre: "4711" }, ...moved });
		assert.deepEqual(live("storage:BlobServiceProperties").cors, cors);
		assert.deepEqual(live("storage:BlobServiceProperties").deleteRetentionPolicy, {
			allowPermanentDelete: false,
			days: 60,
			enabled: true,
		});
		assert.deepEqual(live("storage:BlobContainer").metadata, { owner: "records" });
		await succeed(stage.preview("--expect-no-changes"));
	});

	await t.test("without the line `existing` it is neither replaced nor any less protected", async () => {
		await stage.edit(({ storage }) => {
			delete storage.existing;
		});
		const preview = await succeed(stage.preview("--diff"));
		assert.doesNotMatch(preview, /replace|keySource|isHnsEnabled|keyVaultUri/);
		await succeed(stage.up());
		const { identity, encryption } = live("storage:StorageAccount");
		assert.deepEqual({ identity, encryption }, moved);
		const account = (await resources()).find(({ type }) => type === "azure-native:storage:StorageAccount");
		assert.deepEqual([account?.protect, account?.retainOnDelete], [true, true]);
	});
});
