/** What Azure has of retention and legal holds, and what a run may not make of them. */
import { getBlobContainer } from "@pulumi/azure-native/storage/getBlobContainer.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage, StorageContainer } from "../../config/azure/storage.ts";
import { isWorm } from "../../config/azure/storage-worm.ts";
import { unlessMissing } from "./missing.ts";

/** A container with retention or holds, as it is. */
export interface FoundWorm {
	id: string;
	/** Days of its retention; absent where it has none. */
	days?: number;
	isLocked: boolean;
	/** Tags of its legal holds. */
	holds: readonly string[];
}

/** By the names of containers in Azure; those that are not there are absent. */
export type LiveWorm = Readonly<Record<string, FoundWorm>>;

/**
 * Reads what there is, before anything is registered.
 *
 * @throws pulumi.RunError where a run would shorten a locked retention or lift a hold, each with the command for whoever may
 */
export async function readWorm(storage: Storage): Promise<LiveWorm> {
	const entries = Object.entries(storage.containers).filter(([, container]) => isWorm(container));
	const found = await Promise.all(entries.map(([, { name }]) => readContainer(storage, name)));
	const refusals = entries.flatMap(([key, container], index) =>
		listRefusals(`storage.containers.${key}`, container, found[index], storage),
	);
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
	return Object.fromEntries(
		entries.flatMap(([, { name }], index) => {
			const one = found[index];
			return one === undefined ? [] : [[name, one] as const];
		}),
	);
}

async function readContainer(
	{ resourceGroup, account }: Storage,
	containerName: string,
): Promise<FoundWorm | undefined> {
	const place = { resourceGroupName: resourceGroup.name, accountName: account, containerName };
	const container = await unlessMissing(getBlobContainer(place));
	if (container === undefined) return undefined;
	// A container without a policy has one of 0 days (azure-native: defaultResourcesState.go).
	const { immutabilityPeriodSinceCreationInDays: days, state } = container.immutabilityPolicy ?? {};
	return {
		id: container.id,
		...(days === undefined || days === 0 ? {} : { days }),
		isLocked: state === "Locked",
		holds: (container.legalHold?.tags ?? []).map(({ tag }) => tag),
	};
}

/** Why a container cannot become what the stage file says. */
export function listRefusals(
	at: string,
	{ name, immutable, legalHold }: StorageContainer,
	found: FoundWorm | undefined,
	{ account, resourceGroup }: Pick<Storage, "account" | "resourceGroup">,
): string[] {
	const place = `--resource-group ${resourceGroup.name} --account-name ${account} --container-name ${name}`;
	const command = (verb: string, more = "") =>
		`\`az storage container immutability-policy ${verb} ${place}${more} --if-match "$(az storage container immutability-policy show ${place} --query etag --output tsv)"\``;
	const refusals: string[] = [];
	if (immutable?.locked === true && found?.isLocked !== true) {
		const how =
			found?.days === undefined
				? "remove the line until the retention is there"
				: `whoever answers for it locks it, which nobody can undo: ${command("lock")}; or remove the line`;
		refusals.push(
			`${at}.immutable.locked: true says that the retention of "${name}" is locked in Azure, and it is not; ${how}`,
		);
	}
	if (immutable !== undefined && found?.isLocked === true) {
		if (!immutable.locked) {
			refusals.push(
				`${at}.immutable: the retention of "${name}" is locked in Azure, so that nothing can be sent for it; write locked: true`,
			);
		}
		const days = found.days ?? 0;
		if (immutable.days > days) {
			const extend = command("extend", ` --period ${immutable.days}`);
			refusals.push(
				`${at}.immutable.days: ${immutable.days} is more than the ${days} days of the locked retention of "${name}"; a person extends it, five times at most: ${extend}`,
			);
		} else if (immutable.days < days) {
			refusals.push(
				`${at}.immutable.days: ${immutable.days} is less than the ${days} days of the locked retention of "${name}", which is never shortened; write days: ${days}`,
			);
		}
	}
	const lost = legalHold === undefined ? [] : (found?.holds ?? []).filter((tag) => !legalHold.includes(tag));
	if (lost.length > 0) {
		refusals.push(
			`${at}.legalHold: "${name}" is held by ${lost.join(", ")} too, and no run lifts a hold; add it to the list, or whoever answers for it lifts it: ` +
				`\`az storage container legal-hold clear ${place} --tags ${lost.join(" ")}\`, then \`pulumi refresh\``,
		);
	}
	return refusals;
}
