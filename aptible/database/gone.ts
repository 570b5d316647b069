/** A database that was there and is gone: somebody deleted it by hand. An empty one must not come in its place unasked. */

import type { DatabaseSpec } from "../../wire/database.ts";
import { type Backup, type BackupOrigin, listOrphanedBackups, readBackupOrigin } from "../api/backup.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";

/** What the last run recorded of it. */
interface Lost {
	id: number;
	handle: string;
}

type Wanted = Pick<DatabaseSpec, "environment" | "handle" | "restoreFrom" | "acceptLossOf"> & { replicaOf?: unknown };

/** @throws AptibleError where what would be made in its place had not its data, and nobody said that it is given up */
export async function refuseLoss(context: Context, spec: Wanted, lost: Lost): Promise<void> {
	const refused = await describeLoss(context, spec, lost);
	if (refused !== undefined) throw new AptibleError(refused);
}

/**
 * What is lost, what is left of it, and which line of the stage file says what becomes of it.
 *
 * @returns undefined where the stage file says so already, or nothing is lost: a replica has the data of its primary
 */
export async function describeLoss(context: Context, spec: Wanted, lost: Lost): Promise<string | undefined> {
	const { environment, handle, restoreFrom, replicaOf, acceptLossOf } = spec;
	if (replicaOf !== undefined || acceptLossOf === lost.id) return undefined;
	const origin = restoreFrom === undefined ? undefined : await readBackupOrigin(context.api, restoreFrom);
	if (origin?.databaseId === lost.id) return undefined;
	const place = `databases.${handle}`;
	const becomes =
		restoreFrom === undefined
			? "a new one would be empty"
			: `backup ${restoreFrom}, which ${place}.restoreFrom names, is ${describeOrigin(origin)}`;
	return (
		`database "${handle}" (id ${lost.id}) is gone from Aptible, and ${becomes}. ${await describeBackups(context, environment, lost, place)}To ` +
		`give up its data, set ${place}.acceptLossOf: ${lost.id}. Then run \`pulumi up\` again.`
	);
}

/** What comes in the place of a database that is gone, where the stage file says so or nothing is lost. */
export function describeReturn({ handle, restoreFrom, replicaOf }: Wanted, { id }: Lost): string {
	const how =
		restoreFrom !== undefined
			? `from backup ${restoreFrom}`
			: replicaOf !== undefined
				? "as a replica of its primary"
				: "empty, as its acceptLossOf says";
	return `database "${handle}" (id ${id}) is gone from Aptible, and is made again ${how}`;
}

function describeOrigin(origin: BackupOrigin | undefined): string {
	if (origin === undefined) return "not there";
	if (origin.databaseId !== undefined) return `of another database, "${origin.handle}"`;
	return `of a "${origin.handle}" of which Aptible does not say whether it is this one`;
}

async function describeBackups(context: Context, environment: string, lost: Lost, place: string): Promise<string> {
	const { id: environmentId } = await environmentNamed(context, environment);
	const orphans = (await listOrphanedBackups(context.api, environmentId))
		.filter(({ isCopy }) => !isCopy)
		.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
	const [newest, ...others] = orphans.filter(({ databaseId }) => databaseId === lost.id);
	const unsure = orphans.filter(({ databaseId, databaseHandle = lost.handle }) => {
		return databaseId === undefined && databaseHandle === lost.handle;
	});
	const isUnknown =
		unsure.length === 0
			? ""
			: `Aptible does not say whether ${unsure.slice(0, 4).map(describe).join(", ")} is a backup of it or of another "${lost.handle}". To ` +
				`bring it back from such a one, set ${place}.restoreFrom to its number beside ${place}.acceptLossOf: ${lost.id}. `;
	if (newest === undefined)
		return isUnknown || `No backup of it is left (\`aptible backup:orphaned --environment ${environment}\`). `;
	const older = others.length === 0 ? "" : `, older ones are ${others.slice(0, 3).map(describe).join(", ")}`;
	return `Its last backup is ${describe(newest)}${older}. To bring it back, set ${place}.restoreFrom: ${newest.id}. ${isUnknown}`;
}

function describe({ id, createdAt }: Backup): string {
	return `${id} of ${createdAt}`;
}
