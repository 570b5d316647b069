import { mapValues } from "../../config/map-values.ts";
import type { Stage } from "../../config/stage.ts";
import type { Environment } from "../environment.ts";
import type { ObjectStorage } from "./object-storage.ts";
import { sasClock } from "./storage-clock.ts";
import { requireAzure } from "./storage-credentials.ts";
import type { LiveStorage } from "./storage-live.ts";

/**
 * The account that a stage takes over, as it is now. Read before anything is registered: while the engine registers, it writes the
 * state that this reads.
 */
export async function findStorage({ storage }: Stage): Promise<LiveStorage | undefined> {
	if (storage?.existing !== "import" && storage?.existing !== "managed") return undefined;
	requireAzure("storage");
	const { readLive } = await import("./storage-read.ts");
	return readLive(storage);
}

/**
 * The storage of a stage, made once its environment is there. Azure's SDK is loaded here and only for a stage that has some: no
 * other pays for it.
 *
 * @param live the account, where it is taken over
 */
export async function declareStorage(
	{ storage }: Stage,
	environment: Environment,
	live: LiveStorage | undefined,
): Promise<ObjectStorage | undefined> {
	if (storage === undefined) return undefined;
	requireAzure("storage");
	const { ObjectStorage } = await import("./object-storage.ts");
	const { outboundIpAddresses } = environment;
	return new ObjectStorage(
		"storage",
		{ storage, outboundIpAddresses, now: sasClock(), ...(live === undefined ? {} : { live }) },
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
