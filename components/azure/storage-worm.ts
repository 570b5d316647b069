/** Retention and legal holds of containers. */
import { BlobContainerImmutabilityPolicy } from "@pulumi/azure-native/storage/blobContainerImmutabilityPolicy.js";
import { BlobContainerLegalHold } from "@pulumi/azure-native/storage/blobContainerLegalHold.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage, StorageContainer } from "../../config/azure/storage.ts";
import type { RecordedResource } from "../../drift/recorded.ts";
import { keepOptions, untouched } from "./storage-options.ts";
import type { FoundWorm, LiveWorm } from "./worm-read.ts";

/** What there is of both, and what declares them: only a stage with some loads their classes. */
export interface Worm {
	live: LiveWorm;
	declare: typeof declareWorm;
}

/** Values of what keeps the blobs of a container as they are. */
export interface WormArgs {
	storage: Storage;
	container: StorageContainer;
	/** What Azure has of it, by the container's name there. */
	live: LiveWorm;
	/** What the state has of Azure. */
	recorded: readonly RecordedResource[];
}

/**
 * Declares a container's retention and its holds. Neither is ever taken off by the program: both stay in Azure when they leave the
 * stage. The retention's deletion needs an etag that azure-native does not send (azure-native#2156), and a hold is lifted by whoever
 * answers for it.
 *
 * @param name of the container's resource
 */
export function declareWorm(name: string, args: WormArgs, parent: pulumi.Resource, container: pulumi.Resource): void {
	const { storage, live, recorded } = args;
	const { immutable, legalHold } = args.container;
	const place = {
		resourceGroupName: storage.resourceGroup.name,
		accountName: storage.account,
		containerName: args.container.name,
	};
	const found = live[args.container.name];
	const recordOf = (type: string) =>
		recorded.find((one) => one.type === `azure-native:storage:${type}` && one.name === name);
	const retention = immutable === undefined ? undefined : recordOf("BlobContainerImmutabilityPolicy");
	const hold = legalHold === undefined ? undefined : recordOf("BlobContainerLegalHold");
	warnOfLoss(args.container.name, retention, hold, found);
	const optionsOf = (type: string, id: string | undefined) => {
		const isRecorded = recordOf(type) !== undefined;
		// An account that is only imported keeps what it got while it was managed.
		if (storage.existing === "import" && !isRecorded) return undefined;
		return {
			parent,
			dependsOn: container,
			retainOnDelete: true,
			...(id === undefined || isRecorded ? {} : { import: id }),
			...(storage.existing === "import" ? untouched : {}),
		};
	};
	if (immutable !== undefined) {
		const id = found?.days === undefined ? undefined : `${found.id}/immutabilityPolicies/default`;
		const options = optionsOf("BlobContainerImmutabilityPolicy", id);
		const args = {
			...place,
			// Any other name is a 404.
			immutabilityPolicyName: "default",
			immutabilityPeriodSinceCreationInDays: immutable.days,
			...(immutable.append === "allBlobs"
				? { allowProtectedAppendWritesAll: true }
				: { allowProtectedAppendWrites: immutable.append === "appendBlobs" }),
		};
		if (options !== undefined) {
			new BlobContainerImmutabilityPolicy(name, args, {
				...options,
				...keepOptions(storage.protect || immutable.locked),
				retainOnDelete: true,
				...(immutable.locked ? untouched : {}),
			});
		}
	}
	if (legalHold !== undefined) {
		const id = found === undefined || found.holds.length === 0 ? undefined : `${found.id}/legalHold`;
		const options = optionsOf("BlobContainerLegalHold", id);
		if (options !== undefined) {
			new BlobContainerLegalHold(name, { ...place, tags: [...legalHold].sort() }, { ...options, ...keepOptions(true) });
		}
	}
}

/** Says what somebody has taken off in Azure since the last run: the state has it still, so that no preview would show it. */
function warnOfLoss(
	container: string,
	retention: RecordedResource | undefined,
	hold: RecordedResource | undefined,
	found: FoundWorm | undefined,
): void {
	const { days: before = 0 } = retention ?? {};
	const now = found?.days ?? 0;
	const lifted = (hold?.holds ?? []).filter((tag) => found?.holds.includes(tag) !== true);
	const losses = [
		...(now === 0 && before > 0 ? [`the retention of "${container}" is gone from Azure`] : []),
		...(now > 0 && now < before
			? [
					`the retention of "${container}" has ${now} ${now === 1 ? "day" : "days"} in Azure, and ${before} in the state`,
				]
			: []),
		...(lifted.length > 0 ? [`the hold ${lifted.join(", ")} of "${container}" is gone from Azure`] : []),
	];
	for (const loss of losses) {
		void pulumi.log.warn(`storage: ${loss}; \`pulumi refresh\`, then \`pulumi up\` brings it back`);
	}
}
