import { mapValues } from "../../config/map-values.ts";
import type { Stage } from "../../config/stage.ts";
import type { Environment } from "../environment.ts";
import type { ObjectStorage } from "./object-storage.ts";
import type { OwnNames } from "./own-names.ts";
import { sasClock } from "./storage-clock.ts";
import { requireAzure } from "./storage-credentials.ts";
import type { LiveStorage } from "./storage-live.ts";

/** What there is before a run: the account, where the stage takes one over, and what of the stage file the last run recorded. */
export interface FoundStorage {
	live?: LiveStorage;
	names: OwnNames;
}

/**
 * The account that a stage takes over, as it is now, and the names that it has declared. Read before anything is registered: while the
 * engine registers, it writes the state that this reads.
 */
export async function findStorage({ storage }: Stage): Promise<FoundStorage | undefined> {
	if (storage === undefined) return undefined;
	const { existing, tags, lifecycle } = storage;
	const isTaken = existing === "import" || existing === "managed";
	if (isTaken) requireAzure("storage");
	const { noNames, readOwnNames } = await import("./own-names.ts");
	const names =
		isTaken || tags !== undefined || lifecycle.rules !== undefined ? await readOwnNames("ObjectStorage") : noNames;
	if (!isTaken) return { names };
	const { readLive } = await import("./storage-read.ts");
	return { names, live: await readLive(storage, names.rules) };
}

/**
 * The storage of a stage, made once its environment is there. Azure's SDK is loaded here and only for a stage that has some: no
 * other pays for it.
 *
 * @param found what there is before
 */
export async function declareStorage(
	{ storage }: Stage,
	environment: Environment,
	found: FoundStorage | undefined,
): Promise<ObjectStorage | undefined> {
	if (storage === undefined || found === undefined) return undefined;
	requireAzure("storage");
	const { ObjectStorage } = await import("./object-storage.ts");
	const { outboundIpAddresses } = environment;
	return new ObjectStorage(
		"storage",
		{ storage, outboundIpAddresses, now: sasClock(), ...found },
		{ dependsOn: environment },
	);
}

/** Where the files are and how long tokens live, and for each container all that AzCopy needs. */
export function showStorage({ storage }: Stage, made: ObjectStorage | undefined) {
	// Pulumi warns of an output that is undefined.
	if (storage === undefined || made === undefined) return {};
	return {
		account: storage.account,
		resourceGroup: storage.resourceGroup.name,
		endpoint: made.endpoint,
		allowedAddresses: made.allowedAddresses,
		sasRenews: made.sas.renews,
		sasExpires: made.sas.expires,
		containers: mapValues(made.containers, ({ url, sasToken }, key) => ({
			container: storage.containers[key]?.name,
			url,
			sasToken,
		})),
	};
}
