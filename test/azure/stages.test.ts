import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, succeed } from "../support/stage.ts";
import { clientOf, listBlobs, openStorageStage } from "./storage-stage.ts";

/** The stage files of the repository as they are. */
const asItIs = () => {};

for (const name of ["staging", "prod"] as const) {
	test(`${name}: one up makes both clouds, and the second changes nothing`, async (t) => {
		const { stage, azure, outputs, resources } = await openStorageStage(t, name, asItIs);
		await succeed(stage.up());
		await succeed(stage.up("--expect-no-changes"));
		const { endpoint, containers } = await outputs();
		assert.deepEqual(await listBlobs(clientOf(endpoint, containers.documents?.sasToken ?? "", "documents")), []);

		const locks = azure.ofType("azure-native:authorization:ManagementLockByScope");
		assert.equal(locks.length, name === "prod" ? 1 : 0);
		const account = (await resources()).find(({ type }) => type === "azure-native:storage:StorageAccount");
		assert.equal(account?.protect ?? false, name === "prod");
		assert.equal(account?.retainOnDelete ?? false, name === "prod");
		if (name === "prod") assert.match(await fail(stage.destroy()), /protected/);
	});
}
