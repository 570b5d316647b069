import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "./api/operations.ts";
import { type CliDatabase, listDatabases } from "./cli/databases.ts";
import type { Context, OperationObject } from "./context.ts";
import { ApiError } from "./errors.ts";
import { findByIdentity } from "./find.ts";
import type { DatabaseSpec } from "./specs/database.ts";

/** The database as it is listed now: by the id it had last time, its handle, or the one it is renamed from. */
export async function findDatabase(
	context: Context,
	spec: Pick<DatabaseSpec, "environment" | "handle" | "renamedFrom">,
	previous: { id: number } | undefined,
): Promise<CliDatabase | undefined> {
	return findByIdentity(await listDatabases(context.cli, spec.environment), spec, previous);
}

/** A database as operations are sent to it. */
export function databaseObject({ id, handle }: Pick<CliDatabase, "id" | "handle">): OperationObject {
	return { target: "databases", id, label: `database "${handle}"` };
}

/** The database once nothing is at work on it, and the newest operation on it. An earlier run may have been killed at work. */
export async function findSettledDatabase(
	context: Context,
	spec: Pick<DatabaseSpec, "environment" | "handle" | "renamedFrom">,
	previous: { id: number } | undefined,
): Promise<{ live: CliDatabase | undefined; newest: Operation | undefined }> {
	// With the id of last time there is something to wait for before the first list, which then needs no second one.
	const known = previous && (await settledUnlessGone(context, databaseObject({ ...spec, id: previous.id })));
	const found = await findPatiently(context, spec, previous);
	if (found === undefined || found.id === previous?.id) return { live: found, newest: known };
	const newest = await settledUnlessGone(context, databaseObject(found));
	return { live: await findPatiently(context, spec, found), newest };
}

/**
 * As `findDatabase`. One that was there before is gone only when it is missing from three lists, as a list may lag behind: under a
 * new handle an empty one would be made in its place, and one that is to be removed would be forgotten.
 */
async function findPatiently(
	context: Context,
	spec: Pick<DatabaseSpec, "environment" | "handle" | "renamedFrom">,
	previous: { id: number } | undefined,
): Promise<CliDatabase | undefined> {
	const wasThere = previous !== undefined || spec.renamedFrom !== undefined;
	for (const pauseMs of wasThere ? [500, 1000, 0] : [0]) {
		const found = await findDatabase(context, spec, previous);
		if (found !== undefined) return found;
		await sleep(pauseMs);
	}
	return undefined;
}

/** Waits until nothing is at work on an object, and gives the newest operation on it; of what is gone there is none. */
export async function settledUnlessGone(context: Context, object: OperationObject): Promise<Operation | undefined> {
	try {
		return await context.settled(object);
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return undefined;
		throw error;
	}
}
