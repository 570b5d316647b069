import type { Api } from "./api/api.ts";
import { type Environment, listEnvironments } from "./api/environment.ts";
import { AptibleError } from "./client/errors.ts";
import { findUntilThere, readUntil } from "./client/lag.ts";
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

/** Per client, and so per Command: nothing renames an environment while a Command in it runs. */
const named = new WeakMap<Api, Map<string, Promise<Environment>>>();

function namedFor({ api }: Context): Map<string, Promise<Environment>> {
	const known = named.get(api) ?? new Map<string, Promise<Environment>>();
	named.set(api, known);
	return known;
}

/** The environment with a handle, which is looked for once. */
export function environmentNamed(context: Context, handle: string): Promise<Environment> {
	const known = namedFor(context);
	const before = known.get(handle);
	if (before !== undefined) return before;
	const found = liveEnvironmentOf(context, handle, undefined);
	known.set(handle, found);
	found.catch(() => known.delete(handle));
	return found;
}

/**
 * Refuses an object that a list shows and that the API does not find by its id: taken for gone, it would be forgotten, or made a
 * second time. As a list may lag behind, it is read for a while.
 *
 * @param object with its label, as messages call it
 */
export async function refuseHidden(
	context: Context,
	{ id, label }: { id: number; label: string },
	isListed: () => Promise<boolean>,
): Promise<void> {
	if (!(await readUntil(context, isListed, (listed) => !listed))) return;
	throw new AptibleError(
		`${label} (id ${id}) is listed, but Aptible does not find it by its id, so whether it is gone is unknown, and nothing is changed. ` +
			"Run the command again. If it fails again, ask Aptible's support (https://app.aptible.com/support).",
	);
}

/**
 * Refuses an object that was found by its id where its environment does not have the handle any more: the CLI goes by handles, and
 * would change what has the same one in the environment that has it now.
 *
 * @param label the object, as messages call it
 */
export async function refuseOtherEnvironment(
	context: Context,
	label: string,
	live: { id: number; environmentId: number },
	handle: string,
): Promise<void> {
	const { id } = await environmentNamed(context, handle);
	if (id === live.environmentId) return;
	throw new AptibleError(
		`${label} (id ${live.id}) is in environment ${live.environmentId}, and "${handle}" is environment ${id}. Give the environments ` +
			"their handles back (`aptible environment:rename OLD_HANDLE NEW_HANDLE`), then run the command again.",
	);
}

/**
 * The environment of an object that is to be removed: by id, since it may have been renamed in this very run, and another one may have
 * its handle by now.
 *
 * @throws AptibleError when it is not listed. That may mean that it is gone, or that this token is somebody else's; taking
 * the second for the first would forget an object that still runs and still costs.
 */
export function liveEnvironmentOf(
	context: Context,
	handle: string,
	previous: { environmentId: number } | undefined,
): Promise<Environment> {
	return findEnvironment(context, handle, previous?.environmentId, (environments) =>
		environments.find((one) => (previous === undefined ? one.handle === handle : one.id === previous.environmentId)),
	);
}

/**
 * The environment of an object that is to be there: the one that it was in, else the one that has the handle, which may have been made
 * in place of one that is gone.
 *
 * @throws AptibleError when neither is listed
 */
export function environmentToBeIn(
	context: Context,
	handle: string,
	previous: { environmentId: number } | undefined,
): Promise<Environment> {
	return findEnvironment(
		context,
		handle,
		previous?.environmentId,
		(environments) =>
			environments.find(({ id }) => id === previous?.environmentId) ??
			environments.find((environment) => environment.handle === handle),
	);
}

async function findEnvironment(
	context: Context,
	handle: string,
	id: number | undefined,
	find: (environments: readonly Environment[]) => Environment | undefined,
): Promise<Environment> {
	const known = await namedFor(context).get(handle);
	if (known !== undefined && (id === undefined || known.id === id)) return known;
	const live = await findUntilThere(context, async () => find(await listEnvironments(context.api)));
	if (live !== undefined) {
		namedFor(context).set(live.handle, Promise.resolve(live));
		return live;
	}
	throw new AptibleError(
		`environment "${handle}"${id === undefined ? "" : ` (id ${id})`} is not among those that this token sees, so nothing in it can be ` +
			"changed or removed. Log in as a user who sees it (`aptible login`). If it was deleted by hand, take its resources out of the " +
			"state: `pulumi state delete URN`.",
	);
}
