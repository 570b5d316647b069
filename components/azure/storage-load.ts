import type { Storage } from "../../config/azure/storage.ts";
import { isWorm } from "../../config/azure/storage-worm.ts";
import { mapValues } from "../../config/map-values.ts";
import type { Stage } from "../../config/stage.ts";
import type { Environment } from "../environment.ts";
import type { ObjectStorage } from "./object-storage.ts";
import type { OwnNames } from "./own-names.ts";
import { sasClock } from "./storage-clock.ts";
import { requireAzure } from "./storage-credentials.ts";
import type { LiveStorage } from "./storage-live.ts";
import type { Worm } from "./storage-worm.ts";

/** What there is before a run: the account, where the stage takes one over, and what of the stage file the last run recorded. */
export interface FoundStorage {
	live?: LiveStorage;
	names: OwnNames;
	/** Retention and legal holds of its containers, where the stage has some. */
	worm?: Worm;
}

/**
 * The account that a stage takes over, as it is now, and the names that it has declared. Read before anything is registered: while the
 * engine registers, it writes the state that this reads.
 */
export async function findStorage({ storage }: Stage): Promise<FoundStorage | undefined> {
	if (storage === undefined) return undefined;
	const { existing, tags, lifecycle, encryptionKey } = storage;
	const isTaken = existing === "import" || existing === "managed";
	const needsWorm = existing !== "reference" && Object.values(storage.containers).some(isWorm);
	if (isTaken || needsWorm) requireAzure("storage");
	const { noNames, readOwnNames } = await import("./own-names.ts");
	const needsNames = isTaken || needsWorm || [tags, lifecycle.rules, encryptionKey].some((one) => one !== undefined);
	const [names, worm] = await Promise.all([
		needsNames ? readOwnNames("ObjectStorage") : noNames,
		needsWorm ? findWorm(storage) : undefined,
	]);
	const found = { names, ...(worm === undefined ? {} : { worm }) };
	if (!isTaken) return found;
	const { readLive } = await import("./storage-read.ts");
	return { ...found, live: await readLive(storage, names.rules) };
}

async function findWorm(storage: Storage): Promise<Worm> {
	const [{ readWorm }, { declareWorm }] = await Promise.all([import("./worm-read.ts"), import("./storage-worm.ts")]);
	return { live: await readWorm(storage), declare: declareWorm };
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
