import type { z } from "zod";
import { databaseTypes } from "./catalogue.ts";
import { block, text, whole } from "./fields.ts";
import { adopt, containerMb, containerProfile, protect, renamedFrom } from "./shared-fields.ts";

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
	diskGb: whole("GB of disk", 10, 16000).default(10),
	/** Provisioned IOPS; at least 1 GB of disk for each 500 (the same page). @default 3000 */
	iops: whole("provisioned IOPS of the disk", 3000, 16000).default(3000),
	/** Take over a database that exists already. @default false */
	adopt: adopt(),
	/** Handle it had before: renames it. */
	renamedFrom: renamedFrom(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type Database = z.infer<typeof Database> & { protect: boolean };
