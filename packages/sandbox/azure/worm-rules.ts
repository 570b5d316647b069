import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import type { RuleContext } from "./arm-values.ts";
import type { ArmResource, ArmStore } from "./store.ts";

/** Retention by time and legal holds of a container, as Azure has them (Azure docs: immutable storage; azure-native#2156). */

const CONTAINER = /^.*\/containers\/[^/]+/i;

function requireContainer({ id, store }: RuleContext): void {
	const container = CONTAINER.exec(id)?.[0] ?? "";
	if (store.find(container) !== undefined) return;
	throw new ArmError(404, "ContainerNotFound", `The specified container does not exist: '${container}'.`);
}

const lockOf = ({ accountName, containerName }: PropertyMap) => `locked ${accountName}/${containerName}`.toLowerCase();

/** Locks a retention, as `az storage container immutability-policy lock` does. There is no way back. */
export function lockRetention(store: ArmStore, policy: ArmResource): void {
	store.set(lockOf(policy.inputs), "true");
	store.save({ ...policy, state: { ...policy.state, state: "Locked" } });
}

export function isLocked(inputs: PropertyMap, store: ArmStore): boolean {
	return store.setting(lockOf(inputs)) === "true";
}

export function retentionRules(context: RuleContext): void {
	requireContainer(context);
	const { inputs, store } = context;
	if (inputs.immutabilityPolicyName !== "default") {
		throw new ArmError(404, "ResourceNotFound", `'${inputs.immutabilityPolicyName}' has to be "default".`);
	}
	if (isLocked(inputs, store)) {
		throw new ArmError(
			409,
			"ContainerImmutabilityPolicyFailure",
			"Operation not allowed on locked immutability policy.",
		);
	}
	const days = Number(inputs.immutabilityPeriodSinceCreationInDays);
	const isOne = Number.isInteger(days) && days >= 1 && days <= 146_000;
	if (isOne && !(inputs.allowProtectedAppendWrites === true && inputs.allowProtectedAppendWritesAll === true)) return;
	throw new ArmError(400, "InvalidRequestPropertyValue", `The immutability policy of ${days} days is not valid.`);
}

/** The request lacks what Azure asks for: the released provider sends no etag. */
export function refuseRetentionRemoval(): never {
	const message = "Operation not allowed on immutability policy with incorrect etag.";
	throw new ArmError(412, "ContainerImmutabilityPolicyFailure", message);
}

export function legalHoldRules(context: RuleContext): void {
	requireContainer(context);
	const { tags } = context.inputs;
	const isOne = (tag: unknown) => typeof tag === "string" && /^[0-9a-z]{3,23}$/.test(tag);
	if (Array.isArray(tags) && tags.length > 0 && tags.length <= 10 && tags.every(isOne)) return;
	throw new ArmError(400, "InvalidLegalHoldTag", "A legal hold has 1 to 10 tags of 3 to 23 alphanumeric characters.");
}

/**
 * Refuses a removal of a container with a retention or a hold, and of what such a container lies in while it has blobs (Azure docs:
 * container-level WORM policies).
 */
export async function refuseHeldRemoval(
	{ id }: ArmResource,
	store: ArmStore,
	hasBlobs: (container: PropertyMap) => Promise<boolean>,
): Promise<void> {
	for (const container of [...store.below(id), store.find(id)]) {
		if (container?.token !== "azure-native:storage:BlobContainer") continue;
		const { hasImmutabilityPolicy, hasLegalHold } = answerContainer(container, store);
		if (hasImmutabilityPolicy !== true && hasLegalHold !== true) continue;
		if (container.id.toLowerCase() !== id.toLowerCase() && !(await hasBlobs(container.inputs))) continue;
		const message = `The container '${container.inputs.containerName}' is protected from deletion due to an immutability policy or legal hold.`;
		throw new ArmError(409, "ContainerImmutabilityPolicyFailure", message);
	}
}

/** What a container answers of both. */
export function answerContainer({ id, inputs }: ArmResource, store: ArmStore): PropertyMap {
	const policy = store.find(`${id}/immutabilityPolicies/default`);
	const tags = store.find(`${id}/legalHold`)?.inputs.tags;
	const held = Array.isArray(tags) ? tags : [];
	return {
		hasImmutabilityPolicy: policy !== undefined,
		immutabilityPolicy: {
			immutabilityPeriodSinceCreationInDays: policy?.inputs.immutabilityPeriodSinceCreationInDays ?? 0,
			state: isLocked(inputs, store) ? "Locked" : "Unlocked",
			etag: "",
			updateHistory: [],
		},
		hasLegalHold: held.length > 0,
		legalHold: { hasLegalHold: held.length > 0, tags: held.map((tag) => ({ tag })) },
	};
}
