import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { Environment } from "../../components/environment.ts";
import { parseStage } from "../../config/parse.ts";
import { stageWith } from "../config/stage-file.ts";

/** Files of Azure's SDK that this process has loaded. */
function loaded(): string[] {
	return Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("/azure-native/"));
}

test("a stage without storage and zones loads nothing of Azure's SDK and asks for no login", async () => {
	const { declareStorage, showStorage } = await import("../../components/azure/storage-load.ts");
	const { declareDns, nameServersOf } = await import("../../components/azure/dns-load.ts");
	await import("../../components/apps.ts");
	const stage = parseStage(stageWith(), { file: "Pulumi.test.yaml" });
	for (const name of Object.keys(process.env)) if (name.startsWith("ARM_")) delete process.env[name];
	assert.equal(await declareStorage(stage, {} as Environment, undefined), undefined);
	assert.deepEqual(await declareDns(undefined, {}), {});
	assert.deepEqual([showStorage(stage, undefined), nameServersOf({})], [{}, {}]);
	assert.deepEqual(loaded(), []);
});

test("a stage with storage loads the classes that it uses, and not the package", async () => {
	await import("../../components/azure/object-storage.ts");
	const files = loaded().map((file) => file.replace(/^.*\/azure-native\//, ""));
	assert.ok(files.includes("storage/storageAccount.js"));
	assert.deepEqual(
		files.filter((file) => file.endsWith("index.js")),
		[],
	);
	assert.ok(files.length < 20, files.join(" "));
});
