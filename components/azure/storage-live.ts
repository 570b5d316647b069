/** What is in Azure of an account that was there before the program, and in the state of the stack. */
import { getBlobContainer } from "@pulumi/azure-native/storage/getBlobContainer.js";
import { getBlobServiceProperties } from "@pulumi/azure-native/storage/getBlobServiceProperties.js";
import { getManagementPolicy } from "@pulumi/azure-native/storage/getManagementPolicy.js";
import { type GetStorageAccountResult, getStorageAccount } from "@pulumi/azure-native/storage/getStorageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage } from "../../config/azure/storage.ts";
import { type RecordedResource, readRecordedAzure } from "../../drift/recorded.ts";
import { unlessMissing } from "./missing.ts";
import type { LifecycleRule } from "./storage-baseline.ts";
import { accountId, containerId } from "./storage-ids.ts";
import { untouched } from "./storage-options.ts";
import { refusalsOf } from "./storage-refusals.ts";

/** An account that was there before the program. */
export interface LiveStorage {
	/** Id of the account, as the state has it, or in the casing of the portal. */
	id: string;
	account: GetStorageAccountResult;
	/** Origins that the CORS rules of its blob service admit. */
	corsOrigins: readonly string[];
	/** Rules of its lifecycle; none where it has none. */
	lifecycle: readonly LifecycleRule[];
	/** Ids of those resources of the stage file that are in Azure. */
	there: ReadonlySet<string>;
	/** What the state of the stack has of Azure. */
	recorded: readonly RecordedResource[];
}

/**
 * Reads an account that is taken over.
 *
 * @throws pulumi.RunError where it is not there, or is one that cannot be taken over as the stage file says
 */
export async function readLive(storage: Storage): Promise<LiveStorage> {
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
	const live = { id, account, recorded, ...parts };
	const refusals = refusalsOf(storage, live);
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

/** How an account came to be, and what is there of it. */
interface TakeOver {
	existing?: Storage["existing"];
	live: LiveStorage | undefined;
}

/** A resource of the account, as the program names it. */
export interface Part {
	type: string;
	name: string;
	id?: string;
}

/** Whether the state has a resource. */
export function isRecorded({ recorded }: LiveStorage, { type, name, id }: Part): boolean {
	return recorded.some(
		(one) =>
			one.type === `azure-native:${type}` &&
			one.name === name &&
			(id === undefined || one.id.toLowerCase() === id.toLowerCase()),
	);
}

/** Whether a resource beside an account is declared: an account that is only imported keeps those that it has got while it was managed. */
export function isDeclared({ existing, live }: TakeOver, part: Part): boolean {
	return existing !== "import" || (live !== undefined && isRecorded(live, part));
}

/**
 * Options of a resource of the account: taken over where it is in Azure and not in the state, and left as it is while the account is
 * only imported.
 *
 * @param kept properties that stay as they are in any case
 */
export function takeOver(
	{ existing, live }: TakeOver,
	part: Part & { id: string },
	kept: readonly string[],
): Pick<pulumi.CustomResourceOptions, "import" | "ignoreChanges"> {
	const isTaken = live?.there.has(part.id) === true && !isRecorded(live, part);
	return {
		...(isTaken ? { import: part.id } : {}),
		...(existing === "import" ? untouched : { ignoreChanges: [...kept] }),
	};
}

/** Id of the blob service of an account. */
export function blobServiceId(account: string): string {
	return `${account}/blobServices/default`;
}

/** Id of the lifecycle of an account. */
export function lifecycleId(account: string): string {
	return `${account}/managementPolicies/default`;
}

async function readAccount({ account, resourceGroup, existing }: Storage): Promise<GetStorageAccountResult> {
	const found = await unlessMissing(getStorageAccount({ accountName: account, resourceGroupName: resourceGroup.name }));
	if (found !== undefined) return found;
	throw new pulumi.RunError(
		`storage.account: "${account}" is not in the resource group "${resourceGroup.name}" of the subscription that is logged in to, ` +
			`and existing: ${existing} takes over one that is there; \`az storage account list --output table\` shows yours`,
	);
}
