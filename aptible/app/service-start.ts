/** How services come up that a release brings in. */

import type { AppFacts, AppSpec } from "../../wire/app.ts";
import { compare } from "../../wire/difference.ts";
import { lookUp } from "../../wire/own.ts";
import type { ServiceSize } from "../../wire/service.ts";
import { listOperations } from "../api/operation.ts";
import { findUserEmail } from "../api/token.ts";
import { isCarriedBy } from "../carried.ts";
import type { Context } from "../context.ts";
import type { LiveService } from "./services.ts";

/** How Aptible starts a service that nothing is said of (Aptible docs: services). */
const startSize: ServiceSize = { containers: 1, containerMb: 1024, containerProfile: "m" };

/**
 * With how many containers a release has to bring new services up; undefined: as Aptible does by itself. What a deploy says of
 * containers goes to every service that is new in it, declared or not (aptible-cli PR 342), so that none of them may run before it
 * has the size of its own.
 */
export function startingCount(declared: readonly ServiceSize[]): 0 | undefined {
	return declared.every((size) => compare(startSize, size).length === 0) ? undefined : 0;
}

/**
 * The services that a release of ours has brought up with no containers and that are to have one: not declared, and never scaled.
 * Those of this very run are known. Those that an earlier run left, killed before it scaled them, nobody has recorded: its deploy
 * is the mark of it. What may as well be somebody's own 0 stays as it is.
 *
 * @param known ids of the services that were there before this run released anything
 */
export async function findUnstartedServices(
	context: Context,
	spec: AppSpec,
	appId: number,
	services: readonly LiveService[],
	{ known, previous }: { known: ReadonlySet<number>; previous: AppFacts | undefined },
): Promise<LiveService[]> {
	const idle = services.filter(
		({ service, containerCount: count }) =>
			count === 0 && !Object.hasOwn(spec.services, service) && !previous?.services.includes(service),
	);
	const isFresh = ({ id }: LiveService) => !known.has(id);
	if (idle.every(isFresh)) return neverScaled(context, idle);
	const isLeft = await hasLeftServices(context, spec, appId, services, previous);
	return neverScaled(context, isLeft ? idle : idle.filter(isFresh));
}

/**
 * Whether a deploy that no facts record looks like one of this stack: sent by the token's user, and by an app's first run with all that
 * the spec says. Then a declared service is still at 0 as well, for those come last.
 */
async function hasLeftServices(
	context: Context,
	spec: AppSpec,
	appId: number,
	services: readonly LiveService[],
	previous: AppFacts | undefined,
): Promise<boolean> {
	const user = await findUserEmail(context.api.authRoot);
	if (user === undefined) return false;
	const since = previous?.release?.operationId ?? 0;
	const first = {
		image: spec.image,
		commit: spec.git?.commitish,
		keys: Object.keys(spec.config),
	};
	const carries = { type: "deploy", containerCount: 0, ...(previous === undefined ? first : {}) };
	const isOurs = (await listOperations(context.api, "apps", appId)).some(
		(operation) =>
			operation.id > since &&
			operation.status === "succeeded" &&
			operation.container_count === 0 &&
			operation.user_email === user &&
			isCarriedBy(operation, carries),
	);
	if (!isOurs || previous !== undefined) return isOurs;
	const waiting = services.filter(
		({ service, containerCount: count }) => count === 0 && (lookUp(spec.services, service)?.containers ?? 0) > 0,
	);
	return (await neverScaled(context, waiting)).length > 0;
}

async function neverScaled({ api }: Context, services: readonly LiveService[]): Promise<LiveService[]> {
	const histories = await Promise.all(services.map(({ id }) => listOperations(api, "services", id)));
	return services.filter((_, index) => !histories[index]?.some(({ status }) => status === "succeeded"));
}
