import { listEnvironments } from "./cli/environment.ts";
import { AptibleError } from "./client/errors.ts";
import type { Context } from "./context.ts";

/** How an object is found in a list: `findByIdentity` or, for a removal, `findRecorded`. */
export type Find = typeof findByIdentity;

/**
 * The object with the id it had last time, else the one with the declared handle, else, where none was recorded, the one it is
 * renamed from. The id comes first: it still finds an object that somebody renamed by hand. What was recorded and is gone is not
 * what has its former handle now.
 */
export function findByIdentity<T extends { id: number; handle: string }>(
	objects: readonly T[],
	spec: { handle: string; renamedFrom?: string | undefined },
	previous: { id: number } | undefined,
): T | undefined {
	return (
		objects.find(({ id }) => id === previous?.id) ??
		objects.find(({ handle }) => handle === spec.handle) ??
		(previous === undefined ? objects.find(({ handle }) => handle === spec.renamedFrom) : undefined)
	);
}

/** The object that a removal is about: once there was a recorded one, only that, as its handle may be somebody else's by now. */
export const findRecorded: Find = (objects, spec, previous) =>
	previous === undefined ? findByIdentity(objects, spec, undefined) : objects.find(({ id }) => id === previous.id);

/**
 * The handle that an object's environment has now, for the object's removal: by id, since the environment may have been
 * renamed in this very run.
 *
 * @throws AptibleError when it is not listed. That may mean that it is gone, or that this token is somebody else's; taking
 * the second for the first would forget an object that still runs and still costs.
 */
export async function environmentOf(
	context: Context,
	handle: string,
	previous: { environmentId: number } | undefined,
): Promise<string> {
	return (await liveEnvironmentOf(context, handle, previous)).handle;
}

/** As `environmentOf`, with the environment's id. */
export async function liveEnvironmentOf(
	context: Context,
	handle: string,
	previous: { environmentId: number } | undefined,
): Promise<{ id: number; handle: string }> {
	const environments = await listEnvironments(context.cli);
	const live =
		environments.find(({ id }) => id === previous?.environmentId) ??
		environments.find((environment) => environment.handle === handle);
	if (live !== undefined) return live;
	throw new AptibleError(
		`environment "${handle}" is not among those that this token sees, so nothing in it can be changed or removed. Log in as a user who ` +
			"sees it (`aptible login`). If it was deleted by hand, take its resources out of the state: `pulumi state delete URN`.",
	);
}
