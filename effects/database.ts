import type { DatabaseSpec } from "../wire/database.ts";
import type { DatabaseRestartSpec } from "../wire/database-restart.ts";
import { type Change, describeRename, step } from "./change.ts";

/** What a change does to a database: IOPS change without a restart, every other size with one (facts/aptible.md §3.2). */
export function describeDatabase({ before, after }: Change<DatabaseSpec>): string[] {
	if (before === undefined) return [`new, ${originOf(after)}, ${after.containerMb} MB, disk ${after.diskGb} GB`];
	const isResized = after.leavesSizes !== true && sizesOf(before) !== sizesOf(after);
	return [
		...describeRename(before, after, isResized, "a reload of it"),
		...(after.leavesSizes === true ? tellLater(before, after) : describeSizes(before, after)),
		...(before.replicaOf !== undefined && after.replicaOf === undefined
			? [`no longer a replica of ${before.replicaOf.handle}`]
			: []),
		...(before.automaticBackups === after.automaticBackups ? [] : [backupsText(after.automaticBackups)]),
		...(before.finalBackup === after.finalBackup
			? []
			: [`from now on it ${after.finalBackup ? "is never" : "may be"} deleted without a last backup`]),
	];
}

/** The restart of a database in a move, which has its sizes. */
export function describeDatabaseRestart({ before, after }: Change<DatabaseRestartSpec>): string[] {
	const sizes = before === undefined ? [] : describeSizes(before, after);
	return sizes.length === 0 ? ["one restart for the move (usually under a minute)"] : sizes;
}

/** What goes with a database, and what is kept. */
export function describeRemovedDatabase(spec: DatabaseSpec, keepsFinal: boolean | undefined): string {
	return `IS DELETED: ${spec.diskGb} GB; ${keptOf(spec, keepsFinal)}`;
}

/** What becomes of a database that somebody has deleted: without a line that is new in the stage file its reconciler refuses an empty one. */
export function describeLostDatabase(before: DatabaseSpec | undefined, after: DatabaseSpec): string {
	const { replicaOf, restoreFrom, acceptLossOf } = after;
	if (replicaOf !== undefined) return `is made again as a replica of ${replicaOf.handle}`;
	if (restoreFrom === before?.restoreFrom && acceptLossOf === before?.acceptLossOf)
		return "THE UPDATE FAILS until the stage file says what becomes of its data";
	return restoreFrom === undefined
		? "is made again EMPTY: its data IS LOST"
		: `is made again from backup ${restoreFrom}`;
}

function keptOf({ finalBackup, automaticBackups }: DatabaseSpec, keepsFinal: boolean | undefined): string {
	if (finalBackup) return "a last backup is taken first and kept";
	if (!automaticBackups || keepsFinal === false) return "NO backup is kept";
	return keepsFinal === true
		? "the last backup is kept"
		: "whether the last backup is kept is up to Aptible's own policy";
}

function originOf({ type, version, restoreFrom, replicaOf }: DatabaseSpec): string {
	const what = `${type} ${version}`;
	if (restoreFrom !== undefined) return `${what} from backup ${restoreFrom}`;
	if (replicaOf === undefined) return `${what}, empty`;
	return `${what}, a ${replicaOf.logical ? "logical" : "streaming"} replica of ${replicaOf.handle}`;
}

type Sizes = Pick<DatabaseSpec, "containerMb" | "containerProfile" | "diskGb" | "iops">;

/** The sizes that take a restart. */
function sizesOf({ containerMb, containerProfile, diskGb }: Sizes): string {
	return `${containerMb} ${containerProfile} ${diskGb}`;
}

function describeSizes(before: Sizes, after: Sizes): string[] {
	const changed = [
		...(before.diskGb === after.diskGb ? [] : [`disk ${step(before.diskGb, after.diskGb)} GB`]),
		...(before.containerMb === after.containerMb
			? []
			: [`container ${step(before.containerMb, after.containerMb)} MB`]),
		...(before.containerProfile === after.containerProfile
			? []
			: [`profile ${step(before.containerProfile, after.containerProfile)}`]),
		...(before.iops === after.iops ? [] : [`${step(before.iops, after.iops)} IOPS`]),
	];
	if (changed.length === 0) return [];
	if (before.diskGb > after.diskGb)
		return [`THE UPDATE FAILS, as a disk of ${before.diskGb} GB never shrinks: write diskGb: ${before.diskGb}`];
	const how = sizesOf(before) === sizesOf(after) ? "no restart" : "one restart (usually under a minute)";
	return [`${changed.join(", ")}, ${how}`];
}

/** During a move the sizes are those of the restart, which has a line of its own. */
function tellLater(before: Sizes, after: Sizes): string[] {
	return describeSizes(before, after).length === 0 ? [] : ["its sizes change with the restart of the move"];
}

function backupsText(isOn: boolean): string {
	return isOn ? "backed up every day" : "NOT backed up every day any more, and no last backup when it is deleted";
}
