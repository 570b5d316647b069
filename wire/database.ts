import { z } from "zod";
import { ContainerProfile, Handle, Warnings } from "./fields.ts";

/** What a replica follows. */
export const ReplicaOf = z.strictObject({
	/** Handle of its primary, in the same environment. */
	handle: Handle,
	/** Handle that the primary had before. */
	renamedFrom: Handle.optional(),
	/** A logical replica may be of a newer version; it is the way to an upgrade. */
	logical: z.boolean(),
});
export type ReplicaOf = z.infer<typeof ReplicaOf>;

/**
 * A managed database. What it is made from, its type, version, key and handle (unless `renamedFrom`) cannot change in place.
 * Later fields have defaults: a deletion runs with the spec that the state recorded.
 */
export const DatabaseSpec = z.strictObject({
	environment: Handle,
	handle: Handle,
	renamedFrom: Handle.optional(),
	type: z.string(),
	version: z.string(),
	containerMb: z.int().positive(),
	containerProfile: ContainerProfile,
	diskGb: z.int().positive(),
	/** Provisioned IOPS of the disk. */
	iops: z.int().positive(),
	/** Id of the backup that it is made from; absent: it begins empty. */
	restoreFrom: z.int().positive().optional(),
	/** Id of the database that is gone and may be made again without the data that it held. */
	acceptLossOf: z.int().positive().optional(),
	/** Absent: it is no replica. */
	replicaOf: ReplicaOf.optional(),
	/** Key of AWS KMS for its disk; absent: Aptible's own. */
	kmsKeyArn: z.string().optional(),
	/** Whether Aptible backs it up every day, and once more when it is deleted. */
	automaticBackups: z.boolean().default(true),
	/** Whether it is never deleted without a last backup. */
	finalBackup: z.boolean().default(false),
	/** Whether the sizes of one that is there are left to `database-restart`: during a move they change after its endpoint is made. */
	leavesSizes: z.boolean().optional(),
});
export type DatabaseSpec = z.infer<typeof DatabaseSpec>;

export const DatabaseFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	handle: Handle,
	type: z.string(),
	version: z.string(),
	/** Backup that it was made from, while the stage file names it; versions before 2026-12 did not record it. */
	restoredFrom: z.int().optional(),
	warnings: Warnings,
});
export type DatabaseFacts = z.infer<typeof DatabaseFacts>;

/** What of a database is fixed when it is made. */
export type DatabaseIdentity = Pick<DatabaseSpec, "type" | "version" | "diskGb" | "replicaOf" | "kmsKeyArn">;

/**
 * Type, version, key and primary are fixed at creation, and a disk only grows (facts/aptible.md §3.2). A replica may stop being
 * one, which is what an upgrade ends with. For the backup that it is made from see `refuseRestoreInPlace`.
 *
 * @returns what to do instead, or nothing where the change can be made in place
 */
export function refuseDatabaseChange(
	before: DatabaseIdentity & { handle: string },
	after: DatabaseIdentity,
): string | undefined {
	const subject = `database "${before.handle}"`;
	if (before.type !== after.type || before.version !== after.version) {
		return (
			`${subject} is ${before.type} ${before.version} and cannot become ${after.type} ${after.version} in ` +
			"place. Declare a second database with the new type or version, move the data, then remove the old one."
		);
	}
	if (before.diskGb > after.diskGb) {
		return (
			`${subject} has a disk of ${before.diskGb} GB and cannot go to ${after.diskGb} GB: disks never shrink. ` +
			`Set databases.${before.handle}.diskGb to ${before.diskGb} or more, or move the data to a new, smaller database.`
		);
	}
	if (after.replicaOf !== undefined && !isSamePrimary(before.replicaOf, after.replicaOf)) {
		return (
			`${subject} is ${describeReplica(before.replicaOf)} and cannot become ${describeReplica(after.replicaOf)} in place. ` +
			"Declare a second database with that replicaOf, then remove this one."
		);
	}
	if (before.kmsKeyArn !== after.kmsKeyArn) {
		return (
			`${subject} is encrypted with ${before.kmsKeyArn ?? "Aptible's own key"} and cannot go to ` +
			`${after.kmsKeyArn ?? "Aptible's own key"} in place. Back it up (\`aptible db:backup ${before.handle}\`), declare a second ` +
			"database with restoreFrom that backup and the new key, move to it, then remove this one."
		);
	}
	return undefined;
}

/** Text that refuses a backup as the origin of a database that is there; nothing where the stage file named it before, or names none. */
export function refuseRestoreInPlace(
	handle: string,
	before: number | undefined,
	after: number | undefined,
): string | undefined {
	if (after === undefined || before === after) return undefined;
	const origin = before === undefined ? "exists" : `was made from backup ${before}`;
	return (
		`database "${handle}" ${origin} and cannot be made from backup ${after} in place. Declare a second database ` +
		`with restoreFrom: ${after}, move to it, then remove this one.`
	);
}

function isSamePrimary(before: ReplicaOf | undefined, after: ReplicaOf): boolean {
	if (before === undefined || before.logical !== after.logical) return false;
	return before.handle === after.handle || before.handle === after.renamedFrom;
}

function describeReplica(replica: ReplicaOf | undefined): string {
	if (replica === undefined) return "no replica";
	return `a ${replica.logical ? "logical" : "streaming"} replica of "${replica.handle}"`;
}
