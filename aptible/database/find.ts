import type { DatabaseSpec } from "../../wire/database.ts";
import { listHandles } from "../api/database.ts";
import { objectExists } from "../api/existence.ts";
import { type CliDatabase, listDatabases } from "../cli/database.ts";
import { AptibleError, unlessGone } from "../client/errors.ts";
import { lookUntilFound } from "../client/lag.ts";
import type { Context, OperationObject } from "../context.ts";
import { type Find, findByIdentity, liveEnvironmentOf } from "../find.ts";

type Place = Pick<DatabaseSpec, "environment" | "handle" | "renamedFrom">;

/** The database as it is listed now: by the id it had last time, its handle, or the one it is renamed from. */
export async function findDatabase(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
	find: Find = findByIdentity,
): Promise<CliDatabase | undefined> {
	return find(await listDatabases(context.cli, spec.environment), spec, previous);
}

/** A database as operations are sent to it. */
export function databaseObject({ id, handle }: Pick<CliDatabase, "id" | "handle">): OperationObject {
	return { target: "databases", id, label: `database "${handle}"` };
}

/**
 * The database once nothing is at work on it; undefined where there is none. An earlier run may have been killed at work.
 *
 * @throws AptibleError where it is known to be there and the list does not show it
 */
export async function findSettledDatabase(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
	find: Find = findByIdentity,
): Promise<CliDatabase | undefined> {
	// With the id of last time there is something to wait for before the first list, which then needs no second one.
	if (previous !== undefined) await context.settled(databaseObject({ ...spec, id: previous.id })).catch(unlessGone);
	const found = await findListed(context, spec, previous, find);
	if (found === undefined || found.id === previous?.id) return found;
	await context.settled(databaseObject(found)).catch(unlessGone);
	return findListed(context, spec, found, find);
}

/**
 * As `findDatabase`. A list may lag behind, and under a new handle an empty database would be made in the place of one that it does
 * not show, or one that is to be removed would be forgotten. So what was there before is gone only when Aptible does not know
 * its id any more; and what is renamed and was never recorded, when it is missing from the lists of the CLI and the API for a while.
 */
async function findListed(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
	find: Find,
): Promise<CliDatabase | undefined> {
	const found = await findDatabase(context, spec, previous, find);
	if (found !== undefined && (previous === undefined || found.id === previous.id)) return found;
	if (previous !== undefined) {
		if (!(await objectExists(context.api, "databases", previous.id))) return found;
		const late = await lookUntilFound(context, async () =>
			(await listDatabases(context.cli, spec.environment)).find(({ id }) => id === previous.id),
		);
		return late ?? refuseUnlisted(spec.handle);
	}
	if (spec.renamedFrom === undefined) return undefined;
	const renamed = await lookUntilFound(context, () => findDatabase(context, spec, undefined));
	if (renamed !== undefined) return renamed;
	const { id } = await liveEnvironmentOf(context, spec.environment, undefined);
	const handles = await listHandles(context.api, id);
	const known = [spec.handle, spec.renamedFrom].find((handle) => handles.includes(handle));
	return known === undefined ? undefined : refuseUnlisted(known);
}

function refuseUnlisted(handle: string): never {
	throw new AptibleError(`database "${handle}" is not listed, but still there. Run the command again.`);
}
