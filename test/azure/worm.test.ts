/** Retention and legal holds on the engine: found where nobody recorded them, lost behind the state's back, and in the way of a destroy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, succeed } from "../support/stage.ts";
import { openSeeded } from "./seeded.ts";
import { clientOf } from "./storage-stage.ts";

const place = { resourceGroupName: "maple-files", accountName: "maplefiles" };

test("a retention and a hold that a killed run or a person has made are taken over, and keep their container", async (t) => {
	const opened = await openSeeded(
		t,
		{
			environment: { handle: "maple-staging", stack: "shared-ca-central-1", phi: false },
			storage: {
				resourceGroup: { name: "maple-files" },
				account: "maplefiles",
				location: "canadacentral",
				redundancy: "LRS",
				protect: false,
				containers: { records: { name: "records" }, evidence: { name: "evidence" } },
			},
		},
		[],
	);
	const { stage, azure, cloud, live } = opened;
	await succeed(stage.up());
	const retention = { ...place, containerName: "records", immutabilityPolicyName: "default" };
	await cloud.create("azure-native:storage:BlobContainerImmutabilityPolicy", {
		...retention,
		immutabilityPeriodSinceCreationInDays: 30,
	});
	await cloud.create("azure-native:storage:BlobContainerLegalHold", {
		...place,
		containerName: "evidence",
		tags: ["case1"],
	});

	await t.test("with what the file says of them, which a second run finds so", async () => {
		await stage.edit(({ storage }) => {
			storage.containers.records.immutable = { days: 60 };
			storage.containers.evidence.legalHold = ["case1", "case2"];
		});
		await succeed(stage.up());
		assert.equal(live("storage:BlobContainerImmutabilityPolicy").immutabilityPeriodSinceCreationInDays, 60);
		assert.deepEqual(live("storage:BlobContainerLegalHold").tags, ["case1", "case2"]);
		await succeed(stage.up("--expect-no-changes"));
	});

	await t.test("a retention that somebody has deleted is warned of, and is there again after a refresh", async () => {
		azure.remove(azure.ofType("azure-native:storage:BlobContainerImmutabilityPolicy")[0]?.id ?? assert.fail());
		const shown = await succeed(stage.preview("--expect-no-changes"));
		assert.match(
			shown,
			/the retention of "records" is gone from Azure; `pulumi refresh`, then `pulumi up` brings it back/,
		);
		await succeed(stage.pulumi("refresh", "--yes", "--skip-preview"));
		await succeed(stage.up());
		assert.equal(live("storage:BlobContainerImmutabilityPolicy").immutabilityPeriodSinceCreationInDays, 60);
	});

	await t.test("a destroy ends at the container, and goes on once a person has deleted the retention", async () => {
		await stage.edit(({ storage }) => {
			delete storage.containers.evidence;
		});
		const hold = azure.ofType("azure-native:storage:BlobContainerLegalHold")[0]?.id ?? assert.fail();
		const urn =
			(await opened.resources()).find(({ type }) => type.endsWith(":BlobContainerLegalHold"))?.urn ?? assert.fail();
		await opened.stage.sandbox.pulumi(["state", "unprotect", urn, "--yes", "--stack", "staging"]);
		assert.match(await fail(stage.up()), /ContainerImmutabilityPolicyFailure.*'evidence'/);
		azure.remove(hold);
		await succeed(stage.up());
		const { endpoint, containers } = await opened.outputs();
		await clientOf(endpoint, containers.records?.sasToken ?? "", "records").uploadBlockBlob("a.txt", "x", 1);
		const account = azure.ofType("azure-native:storage:StorageAccount")[0]?.id ?? assert.fail();
		await assert.rejects(cloud.remove(account), /Code="ContainerImmutabilityPolicyFailure".*'records'/);
		assert.match(
			await fail(stage.pulumi("destroy", "--yes", "--skip-preview")),
			/ContainerImmutabilityPolicyFailure.*'records'/,
		);
		azure.remove(azure.ofType("azure-native:storage:BlobContainerImmutabilityPolicy")[0]?.id ?? assert.fail());
		await succeed(stage.pulumi("destroy", "--yes", "--skip-preview"));
		assert.deepEqual(azure.all(), []);
	});
});
