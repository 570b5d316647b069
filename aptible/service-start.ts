/** How services come up that a release brings in. */
import { listOperations } from "./api/operations.ts";
import type { Context } from "./context.ts";
import { compare } from "./difference.ts";
import type { LiveService } from "./services.ts";
import type { AppFacts, AppSpec } from "./specs/app.ts";
import type { ServiceSize } from "./specs/service.ts";

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
 * The services that a release was to bring up with one container and that have none: not declared, and left by a run that did not
 * come to its end. Its deploy is the mark of it: Pulumi keeps no facts of such a run, and a service can only have come up with no
 * containers by a deploy that said so. One that was scaled since, by whomever, is left alone.
 */
export async function unstartedServices(
	{ api }: Context,
	spec: AppSpec,
	appId: number,
	services: readonly LiveService[],
	previous: AppFacts | undefined,
): Promise<LiveService[]> {
	const idle = services.filter(
		({ service, container_count: count }) => count === 0 && !Object.hasOwn(spec.services, service),
	);
	if (idle.length === 0) return [];
	const since = previous?.release?.operationId ?? 0;
	const operations = await listOperations(api, "apps", appId);
	const isOurs = operations.some(
		({ id, type, status, container_count: count }) =>
			id > since && type === "deploy" && status === "succeeded" && count === 0,
	);
	if (!isOurs) return [];
	const histories = await Promise.all(idle.map(({ id }) => listOperations(api, "services", id)));
	return idle.filter((_, index) => !histories[index]?.some(({ status }) => status === "succeeded"));
}
