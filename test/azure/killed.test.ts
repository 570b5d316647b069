/** A create in Azure that was killed: what docs/azure.md says to do then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, succeed } from "../support/stage.ts";
import { openStorageStage } from "./storage-stage.ts";

const account = "azure-native:storage:StorageAccount";

test("an account whose creation was killed is imported, and the next up goes on with it", async (t) => {
	const { stage, azure } = await openStorageStage(t);
	azure.set("create_ms", "1000");
	assert.equal(await stage.killWhen("up", () => azure.ofType(account).length > 0), true);
	azure.set("create_ms", "0");
	const refused = await fail(stage.up());
	const id = /cannot create already existing resource '(\S+)'/.exec(refused)?.[1] ?? "";
	const parent = "urn:pulumi:staging::medstack-to-aptible::medstack-to-aptible:index:ObjectStorage::storage";
	const options = ["--parent", parent, "--protect=false", "--generate-code=false", "--yes", "--skip-preview"];
	await succeed(stage.pulumi("import", account, "storage", id, ...options));
	await succeed(stage.up());
	await succeed(stage.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview"));
	assert.doesNotMatch(await succeed(stage.up("--expect-no-changes")), /pending operations/);
	assert.equal(azure.ofType(account).length, 1);
});
