/** What is in Azure of an account that was there before the program, and in the state of the stack. */
import type { GetStorageAccountResult } from "@pulumi/azure-native/storage/getStorageAccount.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Storage } from "../../config/azure/storage.ts";
import type { RecordedResource } from "../../drift/recorded.ts";
import type { LifecycleRule } from "./storage-baseline.ts";
import { untouched } from "./storage-options.ts";

/** An account that was there before the program. */
export interface LiveStorage {
	/** Id of the account, as the state has it, or in the casing of the portal. */
	id: string;
	account: GetStorageAccountResult;
	/** Origins that the CORS rules of its blob service admit. */
	corsOrigins: readonly string[];
	/** Rules of its lifecycle; none where it has none. */
	lifecycle: readonly LifecycleRule[];
	/** Names of those that the stage file had. */
	formerRules: readonly string[];
	/** Ids of those resources of the stage file that are in Azure. */
	there: ReadonlySet<string>;
	/** What the state of the stack has of Azure. */
	recorded: readonly RecordedResource[];
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
