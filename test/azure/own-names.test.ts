/** Tags, CORS and lifecycle rules of a stage file beside those that others set. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noNames, type OwnNames, toTagArgs } from "../../components/azure/own-names.ts";
import { toLifecycleArgs } from "../../components/azure/storage-baseline.ts";
import { registerDns, registerStorage, storageStage } from "./registrations.ts";

process.env.ARM_USE_DEFAULT_AZURE_CREDENTIAL = "true";

const part = { type: "storage:StorageAccount", name: "storage" };
const before = (tags: Record<string, string>, own: string[]): OwnNames => ({
	...noNames,
	recorded: [{ type: `azure-native:${part.type}`, name: part.name, id: "id", tags }],
	tags: own,
});

test("tags of others stay, one of the file's goes with its line, and the file's word counts in any capitals", () => {
	const recorded = before({ createdBy: "policy", owner: "it", stage: "prod" }, ["stage"]);
	assert.deepEqual(toTagArgs({ Owner: "records" }, part, recorded), {
		tags: { createdBy: "policy", Owner: "records" },
	});
	assert.deepEqual(toTagArgs({}, part, recorded), { tags: { createdBy: "policy", owner: "it" } });
	assert.deepEqual(toTagArgs(undefined, part, recorded), {});
	const taken = { ...part, live: { team: "files" } };
	assert.deepEqual(toTagArgs({ owner: "records" }, taken, noNames), { tags: { team: "files", owner: "records" } });
});

test("whatever has tags gets the file's, and what is recorded tells them from others'", async () => {
	const { one } = await registerStorage(storageStage({ tags: { owner: "records" } }), () => {}, {
		...noNames,
		recorded: [{ type: "azure-native:resources:ResourceGroup", name: "storage", id: "id", tags: { a: "b" } }],
	});
	assert.deepEqual(one("storage:StorageAccount").inputs.tags, { owner: "records" });
	assert.deepEqual(one("resources:ResourceGroup").inputs.tags, { a: "b", owner: "records" });
	assert.deepEqual(one("operationalinsights:Workspace").inputs.tags, { owner: "records" });
	assert.ok(!one("storage:StorageAccount").opts.ignoreChanges?.includes("tags"));
	const dns = {
		resourceGroup: { name: "acme-dns" },
		tags: { owner: "it" },
		zones: { acme: { domain: "acme.example" } },
	};
	const zones = await registerDns(storageStage({ "/dns": dns }));
	assert.deepEqual(zones.one("dns:Zone").inputs.tags, { owner: "it" });
	assert.deepEqual(zones.one("resources:ResourceGroup").inputs.tags, { owner: "it" });
	assert.deepEqual(zones.one("dns:Zone").opts.ignoreChanges, [
		"registrationVirtualNetworks",
		"resolutionVirtualNetworks",
	]);
});

test("without tags and CORS rules nothing is said of either, and both are kept", async () => {
	const { one, all } = await registerStorage(storageStage());
	for (const type of ["storage:StorageAccount", "resources:ResourceGroup", "operationalinsights:Workspace"]) {
		assert.ok(!("tags" in one(type).inputs), type);
	}
	assert.ok(!("cors" in one("storage:BlobServiceProperties").inputs));
	assert.ok(one("storage:BlobServiceProperties").opts.ignoreChanges?.includes("cors"));
	assert.equal(all("storage:StorageAccount").length, 1);
});

test("CORS rules go out whole and in the order of their names, as Pulumi hands keys over sorted", async () => {
	const cors = {
		upload: { origins: ["https://portal.acme.example"], methods: ["PUT"], maxAgeSeconds: 60 },
		read: {
			origins: ["https://*.acme.example"],
			methods: ["GET", "HEAD"],
			headers: ["x-ms-*"],
			exposedHeaders: ["ETag"],
		},
	};
	const { one } = await registerStorage(storageStage({ cors }));
	assert.deepEqual(one("storage:BlobServiceProperties").inputs.cors, {
		corsRules: [
			{
				allowedOrigins: ["https://*.acme.example"],
				allowedMethods: ["GET", "HEAD"],
				allowedHeaders: ["x-ms-*"],
				exposedHeaders: ["ETag"],
				maxAgeInSeconds: 3600,
			},
			{
				allowedOrigins: ["https://portal.acme.example"],
				allowedMethods: ["PUT"],
				allowedHeaders: ["*"],
				exposedHeaders: [],
				maxAgeInSeconds: 60,
			},
		],
	});
	assert.ok(!one("storage:BlobServiceProperties").opts.ignoreChanges?.includes("cors"));
});

test("lifecycle rules by prefix stand beside those of others, and go with their lines", () => {
	const { storage } = storageStage({
		redundancy: "GRS",
		"lifecycle/rules": {
			exports: { prefixes: ["documents/exports/"], coolAfterDays: 7, archiveAfterDays: 30, deleteAfterDays: 90 },
		},
	});
	assert.ok(storage);
	const exports = {
		name: "exports",
		enabled: true,
		type: "Lifecycle",
		definition: {
			filters: { blobTypes: ["blockBlob"], prefixMatch: ["documents/exports/"] },
			actions: {
				baseBlob: {
					tierToCool: { daysAfterModificationGreaterThan: 7 },
					tierToArchive: { daysAfterModificationGreaterThan: 30 },
					delete: { daysAfterModificationGreaterThan: 90 },
				},
			},
		},
	};
	assert.deepEqual((toLifecycleArgs(storage).policy as { rules: unknown[] }).rules[1], exports);
	const found = ["theirs", "former", "exports"].map((name) => ({ ...exports, name, enabled: false }));
	const { rules } = toLifecycleArgs(storage, found, ["former", "exports"]).policy as { rules: { name: string }[] };
	assert.deepEqual(
		rules.map(({ name }) => name),
		["theirs", "exports", "age"],
	);
	assert.deepEqual(rules[1], exports);
});
