import type { DatabaseSpec } from "../../wire/database.ts";
import {
	type Database,
	findDatabaseId,
	listNamedDatabases,
	type NamedDatabase,
	readDatabase,
} from "../api/database.ts";
import { unlessGone } from "../client/errors.ts";
import { findUntilThere } from "../client/lag.ts";
import type { Context, OperationObject } from "../context.ts";
import {
	environmentNamed,
	type Find,
	findByIdentity,
	findRecorded,
	refuseHidden,
	refuseOtherEnvironment,
} from "../find.ts";

type Place = Pick<DatabaseSpec, "environment" | "handle" | "renamedFrom">;

/** The database in the list: by the id it had last time, its handle, or the one it is renamed from. */
export async function findNamedDatabase(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
): Promise<NamedDatabase | undefined> {
	return findByIdentity(await listNamed(context, spec), spec, previous);
}

/** The database as it is now, found as `findNamedDatabase` does. */
export async function findDatabase(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
): Promise<Database | undefined> {
	const listed = await findNamedDatabase(context, spec, previous);
	return listed && readDatabase(context.api, listed.id).catch(unlessGone);
}

async function listNamed(context: Context, { environment }: Place): Promise<NamedDatabase[]> {
	return listNamedDatabases(context.api, (await environmentNamed(context, environment)).id);
}

/** A database as operations are sent to it. */
export function databaseObject({ id, handle }: Pick<Database, "id" | "handle">): OperationObject {
	return { target: "databases", id, label: `database "${handle}"` };
}

/** The database once no operation runs on it; undefined where there is none. An earlier run may have been killed. */
export async function findIdleDatabase(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
	find: Find = findByIdentity,
): Promise<Database | undefined> {
	if (previous !== undefined) {
		const recorded = await readSettled(context, spec, { ...spec, id: previous.id });
		if (recorded !== undefined || find === findRecorded) return recorded;
	}
	const found = await findListed(context, spec, previous);
	return found && readSettled(context, spec, found);
}

/** A database by its id, from no list, which may lag behind: under its handle an empty one would be made in its place. */
async function readSettled(
	context: Context,
	place: Place,
	found: { id: number; handle: string },
): Promise<Database | undefined> {
	await context.waitUntilIdle(databaseObject(found)).catch(unlessGone);
	const [live] = await Promise.all([
		readDatabase(context.api, found.id).catch(unlessGone),
		// For what refuses it below.
		environmentNamed(context, place.environment),
	]);
	if (live === undefined) {
		await refuseHidden(context, databaseObject(found), async () =>
			(await listNamed(context, place)).some(({ id }) => id === found.id),
		);
	}
	if (live === undefined || live.status === "deprovisioned") return undefined;
	await refuseOtherEnvironment(context, databaseObject(live).label, live, place.environment);
	return live;
}

/**
 * The database that has the handle. What is renamed and was never recorded is missing only when no list has it for a while, and Aptible
 * does not find it by its handle either.
 */
async function findListed(
	context: Context,
	spec: Place,
	previous: { id: number } | undefined,
): Promise<NamedDatabase | undefined> {
	const look = () => findNamedDatabase(context, spec, previous);
	const found = await look();
	if (found !== undefined || previous !== undefined || spec.renamedFrom === undefined) return found;
	const renamed = await findUntilThere(context, look);
	if (renamed !== undefined) return renamed;
	for (const handle of [spec.handle, spec.renamedFrom]) {
		const id = await findDatabaseId(context.api, spec.environment, handle);
		if (id !== undefined) return { id, handle };
	}
	return undefined;
}
