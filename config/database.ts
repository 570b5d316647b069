import type { z } from "zod";
import { databaseTypes } from "./catalogue.ts";
import { DatabaseEndpoint } from "./endpoint.ts";
import { block, flag, named, pattern, text, whole } from "./fields.ts";
import { adopt, handlePattern, handleText, protect, renamedFrom } from "./shared-fields.ts";
import { containerMb, containerProfile, diskGb, iops } from "./sizes.ts";

const kmsKeyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[0-9A-Za-z-]+$/;

/** A managed database; its key in the stage file is its handle. */
export const Database = block("a database", {
	type: text("a database type", Object.keys(databaseTypes).join(", ")),
	/** In quotes, or YAML makes a number of it. */
	version: text("a version", 'text in quotes, such as "16"'),
	/** Memory in MB. @default 1024 */
	containerMb: containerMb(),
	/** @default "m" */
	containerProfile: containerProfile(),
	/** Disk in GB; it only ever grows (Aptible docs: database scaling; facts/aptible.md §3.2). @default 10 */
	diskGb: diskGb(),
	/** Provisioned IOPS; at least 1 GB of disk for each 500 (the same page). @default 3000 */
	iops: iops(),
	/** Id of the backup that it is made from (`aptible backup:list`). @default none: it begins empty */
	restoreFrom: whole("id of a backup", 1).optional(),
	/** Id of the database that was deleted by hand, and may be made anew without its data. @default none: that is refused */
	acceptLossOf: whole("id of a database that is gone", 1).optional(),
	/** Database of this stage that it is a replica of. @default none */
	replicaOf: pattern("a handle", handleText, handlePattern).optional(),
	/** Logical replica, of a newer PostgreSQL version: the way to an upgrade. @default false: it streams */
	logical: flag("true makes a logical replica, for an upgrade").default(false),
	/** Key of AWS KMS for its disk, in the stack's region (Aptible docs: custom database encryption). @default Aptible's own */
	kmsKeyArn: pattern(
		"the ARN of a KMS key",
		"the like of arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
		kmsKeyArn,
	).optional(),
	/** Whether Aptible backs it up once a day, and once more when it is deleted. @default true */
	automaticBackups: flag("true has it backed up every day").default(true),
	/** Never delete it without a last backup. @default the value of `environment.phi`; false for a replica */
	finalBackup: flag("true never deletes it without a last backup").optional(),
	/** By a name of your choice: how it is reached from outside the stack. @default none */
	endpoints: named("endpoints", DatabaseEndpoint).default({}),
	/** Take over a database that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type Database = z.infer<typeof Database> & {
	protect: boolean;
	finalBackup: boolean;
	endpoints: Record<string, DatabaseEndpoint>;
};
