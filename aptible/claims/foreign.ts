/** Tells what this stack made under a handle that it claimed from what somebody else made there. */

import { ClaimMark } from "../../wire/claims.ts";
import { environmentKey } from "../../wire/template.ts";
import { listOperations, type OperationTarget } from "../api/operation.ts";
import { listServices } from "../api/service.ts";
import { findUserEmail } from "../api/token.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";

/** An object under a claimed handle. */
interface ClaimedObject {
	target: OperationTarget;
	id: number;
}

/** Something that lives under a handle which the stage declares: where, and what it is. */
export interface Taken {
	place: string;
	text: string;
}

/**
 * Whether what lives under a claimed handle was made by this stack. It is older than the claim, or a user who neither made the claim
 * nor runs this has sent it an operation: then it is somebody else's. Where Aptible or the token names no user, it is unknown.
 *
 * @param isOfCi it is an app that CI releases: then only who sent the first operation counts
 */
export async function judgeOrigin(
	context: Context,
	mark: ClaimMark,
	object: ClaimedObject,
	isOfCi = false,
): Promise<"ours" | "foreign" | "unknown"> {
	if (object.id <= mark.after) return "foreign";
	const user = await findUserEmail(context.api.authRoot);
	const users = isOfCi ? (await usersOn(context, object.target, object.id)).slice(-1) : await usersOf(context, object);
	const isOurs = (one: string | undefined) => one !== undefined && (one === mark.by || one === user);
	if (users.every(isOurs)) return "ours";
	return user !== undefined && users.some((one) => one !== undefined && !isOurs(one)) ? "foreign" : "unknown";
}

/**
 * Refuses to go on with an object that was found by its handle where none was recorded, and that somebody else made after the handle
 * was claimed. The Command hands the claim's mark over; a state of version 0.1 has none, and what is adopted gets none.
 *
 * @throws AptibleError as the claims do
 */
export async function refuseForeign(
	context: Context,
	object: ClaimedObject,
	{ place, describe, isOfCi }: { place: string; describe: () => string | Promise<string>; isOfCi?: boolean },
): Promise<void> {
	const mark = ClaimMark.nullable().parse(JSON.parse(process.env[environmentKey("hints.claim")] ?? "null"));
	if (mark === null || object.id === mark.id) return;
	if ((await judgeOrigin(context, mark, object, isOfCi)) === "foreign") {
		throw new AptibleError(describeTaken([{ place, text: await describe() }]));
	}
}

/** What is taken, and what to do about it. */
export function describeTaken(taken: readonly Taken[]): string {
	return [
		"these exist on Aptible and were not made by this stack:",
		...taken.map(({ place, text }) => `  ${place}: ${text}`),
		"To take one over as the stage file describes it, set `adopt: true` on it; what differs will then be changed. To leave " +
			"it alone, choose another handle.",
	].join("\n");
}

/** Who has sent operations to an object, to an app's services too; undefined where Aptible does not name them. */
async function usersOf(context: Context, { target, id }: ClaimedObject): Promise<(string | undefined)[]> {
	const users = await usersOn(context, target, id);
	if (target !== "apps") return users;
	const services = await listServices(context.api, id);
	return [...users, ...(await Promise.all(services.map((one) => usersOn(context, "services", one.id)))).flat()];
}

/** Who has sent the operations of one object, the newest first. */
async function usersOn({ api }: Context, target: OperationTarget, id: number): Promise<(string | undefined)[]> {
	return (await listOperations(api, target, id, 0)).map(({ user_email }) => user_email ?? undefined);
}
