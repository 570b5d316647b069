import type { z } from "zod";
import { databaseTypes } from "./catalogue.ts";
import { DatabaseEndpoint } from "./endpoint.ts";
import { block, flag, named, pattern, text, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { adopt, handlePattern, handleText, protect, renamedFrom } from "./shared-fields.ts";
import { containerMb, containerProfile, diskGb, iops } from "./sizes.ts";

const kmsKeyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[0-9A-Za-z-]+$/;

/** A managed database; its key in the stage file is its handle. */
export const Database = block("a database", {
	type: text("a database type", Object.keys(databaseTypes).join(", ")).register(keyDocs, {
		description: "database type",
		inPlace: "no",
	}),
	version: text("a version", 'text in quotes, such as "16"').register(keyDocs, {
		description: "version of the type",
		inPlace: "no",
	}),
	containerMb: containerMb(),
	containerProfile: containerProfile(),
	diskGb: diskGb(),
	iops: iops(),
	restoreFrom: whole("id of a backup", 1).optional().register(keyDocs, {
		description: "backup that it is made from",
		inPlace: "no; the line may go",
		allowed: "id of a backup (`aptible backup:list`)",
		otherwise: "none: it begins empty",
	}),
	acceptLossOf: whole("id of a database that is gone", 1).optional().register(keyDocs, {
		description: "database deleted by hand whose data is given up; the line may go",
		inPlace: "yes",
		allowed: "id of a database that is gone",
		otherwise: "none: a new one is refused",
	}),
	replicaOf: pattern("a handle", handleText, handlePattern).optional().register(keyDocs, {
		description: "primary that it is a replica of",
		inPlace: "no; removing it unlinks the replica",
		allowed: "a database of this file that is no replica",
	}),
	logical: flag("true makes a logical replica, for an upgrade").default(false).register(keyDocs, {
		description: "logical replica, of a newer version; PostgreSQL only",
		inPlace: "no",
	}),
	// Aptible docs: custom database encryption.
	kmsKeyArn: pattern(
		"the ARN of a KMS key",
		"for example arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
		kmsKeyArn,
	)
		.optional()
		.register(keyDocs, {
			description: "key that encrypts its disk as well; share it with Aptible first",
			inPlace: "no",
			allowed: "ARN of a key of AWS KMS in the stack's region",
			otherwise: "Aptible's key alone",
		}),
	automaticBackups: flag("true has it backed up every day").default(true).register(keyDocs, {
		description: "back it up every day, and when it is deleted",
		inPlace: "yes",
	}),
	finalBackup: flag("true never deletes it without a last backup").optional().register(keyDocs, {
		description: "never delete it without a last backup",
		inPlace: "yes",
		otherwise: "value of `environment.phi`; `false` for a replica",
	}),
	endpoints: named("endpoints", DatabaseEndpoint)
		.default({})
		.register(keyDocs, { description: "endpoints, which open it to the outside of its stack" }),
	adopt: adopt(),
	renamedFrom: renamedFrom(),
	protect: protect(),
});
export type Database = z.infer<typeof Database> & {
	protect: boolean;
	finalBackup: boolean;
	endpoints: Record<string, DatabaseEndpoint>;
	/** Absent: no data is moved into it, or no longer. */
	mover?: MoverAccess;
};

/** How the mover gets in. */
export interface MoverAccess {
	/** Name of its endpoint, after which the database is restarted, with its sizes if they differ: its certificate names it then. */
	endpoint: string;
	/** Whether apps that refer to the database wait for that. */
	isAwaited: boolean;
}
