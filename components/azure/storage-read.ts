/** Reads from Azure and from the state of the stack what there is of an account that was there before the program. */
import { getBlobContainer } from "@pulumi/azure-native/storage/getBlobContainer.js";
import { getBlobServiceProperties } from "@pulumi/azure-native/storage/getBlobServiceProperties.js";
import { getManagementPolicy } from "@pulumi/azure-native/storage/getManagementPolicy.js";
import { type GetStorageAccountResult, getStorageAccount } from "@pulumi/azure-native/storage/getStorageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage } from "../../config/azure/storage.ts";
import { readRecordedAzure } from "../../drift/recorded.ts";
import { unlessMissing } from "./missing.ts";
import { accountId, containerId } from "./storage-ids.ts";
import { blobServiceId, type LiveStorage, lifecycleId } from "./storage-live.ts";
import { findRefusals } from "./storage-refusals.ts";

/**
 * Reads an account that is taken over.
 *
 * @param formerRules names of lifecycle rules that the stage file had
 * @throws pulumi.RunError where it is not there, or is one that cannot be taken over as the stage file says
 */
export async function readLive(storage: Storage, formerRules: readonly string[]): Promise<LiveStorage> {
	const { existing, resourceGroup } = storage;
	const [account, recorded] = await Promise.all([
		readAccount(storage),
		// What is taken over has to be told from what the stack has already.
		readRecordedAzure("the storage account", "nothing is taken over without it"),
	]);
	const subscription = storage.subscription ?? account.id.split("/")[2] ?? "";
	const written = accountId({ subscription, resourceGroup: resourceGroup.name }, storage.account);
	const id = recorded.find((one) => one.id.toLowerCase() === written.toLowerCase())?.id ?? written;
	const parts = existing === "import" ? importedParts(storage, id) : await readParts(storage, id);
	const live = { id, account, recorded, formerRules, ...parts };
	const refusals = findRefusals(storage, live);
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
	return live;
}

type Parts = Pick<LiveStorage, "corsOrigins" | "lifecycle" | "there">;

/** An import asserts that account and containers are there, and takes nothing else. */
function importedParts({ containers }: Storage, id: string): Parts {
	const ids = Object.values(containers).map(({ name }) => containerId(id, name));
	return { corsOrigins: [], lifecycle: [], there: new Set([id, ...ids]) };
}

async function readParts(storage: Storage, id: string): Promise<Parts> {
	const place = { resourceGroupName: storage.resourceGroup.name, accountName: storage.account };
	const names = Object.values(storage.containers).map(({ name }) => name);
	const [service, policy, ...containers] = await Promise.all([
		getBlobServiceProperties({ ...place, blobServicesName: "default" }),
		unlessMissing(getManagementPolicy({ ...place, managementPolicyName: "default" })),
		...names.map((containerName) => unlessMissing(getBlobContainer({ ...place, containerName }))),
	]);
	return {
		corsOrigins: (service.cors?.corsRules ?? []).flatMap(({ allowedOrigins }) => allowedOrigins),
		lifecycle: policy?.policy.rules ?? [],
		there: new Set([
			id,
			blobServiceId(id),
			...(policy === undefined ? [] : [lifecycleId(id)]),
			...names.filter((_, index) => containers[index] !== undefined).map((name) => containerId(id, name)),
		]),
	};
}

async function readAccount({ account, resourceGroup, existing }: Storage): Promise<GetStorageAccountResult> {
	const found = await unlessMissing(getStorageAccount({ accountName: account, resourceGroupName: resourceGroup.name }));
	if (found !== undefined) return found;
	throw new pulumi.RunError(
		`storage.account: "${account}" is not in the resource group "${resourceGroup.name}" of the subscription that is logged in to, ` +
			`and existing: ${existing} takes over one that is there; \`az storage account list --output table\` shows yours`,
	);
}
