import type { Operation } from "./api/operation.ts";

/**
 * What an operation carries, by which ours is told from somebody else's on the same object. What is left out, and what the API
 * does not show of an operation, is not compared.
 */
export interface Carried {
	/** Its type, or those that it may have. */
	type: string | readonly string[];
	/** Image that the app is set to: the CLI's `--docker-image` (recorded run 21). */
	image?: string | undefined;
	/** Commit or branch. */
	commit?: string | undefined;
	/** Names of the config keys that are set or removed. */
	keys?: readonly string[];
	/** Names of an endpoint's settings. */
	settings?: readonly string[];
	/** Handle of the database that it makes. */
	handle?: string;
	containerCount?: number | undefined;
	containerMb?: number | undefined;
	containerProfile?: string | undefined;
	diskGb?: number | undefined;
	iops?: number | undefined;
}

/** Whether an operation is one that carries this. */
export function isCarriedBy(operation: Operation, carried: Carried): boolean {
	const { type, keys, settings } = carried;
	return (
		[type].flat().includes(operation.type) &&
		isSame(carried.image, operation.settings?.APTIBLE_DOCKER_IMAGE) &&
		isSameCommit(carried.commit, operation.git_ref) &&
		isSameSet(keys, operation.env) &&
		isSameSet(settings, operation.settings && Object.keys(operation.settings)) &&
		isSame(carried.handle, operation.handle) &&
		isSame(carried.containerCount, operation.container_count) &&
		isSame(carried.containerMb, operation.container_size) &&
		// Sent as a letter, and shown elsewhere with its generation (`m5`).
		isSame(carried.containerProfile?.slice(0, 1), operation.instance_profile?.slice(0, 1)) &&
		isSame(carried.diskGb, operation.disk_size) &&
		isSame(carried.iops, operation.provisioned_iops)
	);
}

/** An operation as messages call it: `operation 141 (deploy by Ana Ops, ana@acme.example)`. */
export function tellOperation({ id, type, user_name, user_email }: Operation): string {
	const who = [user_name, user_email].filter((name) => name != null && name !== "").join(", ");
	return `operation ${id} (${type}${who === "" ? "" : ` by ${who}`})`;
}

function isSame(sent: unknown, shown: unknown): boolean {
	return sent === undefined || shown === undefined || shown === null || sent === shown;
}

/** Nothing shown may be hidden as well as none. */
function isSameSet(sent: readonly string[] | undefined, shown: readonly string[] | null | undefined): boolean {
	if (sent === undefined || shown == null || shown.length === 0) return true;
	return sent.length === shown.length && sent.every((name) => shown.includes(name));
}

const commitPattern = /^[0-9a-f]{7,40}$/;

/** Aptible may show a commit at full length, and the commit of a branch. */
function isSameCommit(sent: string | undefined, shown: string | null | undefined): boolean {
	if (sent === undefined || !shown) return true;
	const [wanted, live] = [sent, shown].map((ref) => ref.replace(/^refs\/heads\//, ""));
	if (wanted === undefined || live === undefined) return true;
	if (commitPattern.test(live) && !commitPattern.test(wanted)) return true;
	return commitPattern.test(wanted) ? live.startsWith(wanted) : live === wanted;
}
