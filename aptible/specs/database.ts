import { z } from "zod";
import { ContainerProfile, Handle, Warnings } from "./fields.ts";

/** A managed database. Type, version and handle (unless `renamedFrom`) cannot change in place. */
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
});
export type DatabaseSpec = z.infer<typeof DatabaseSpec>;

export const DatabaseFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	handle: Handle,
	type: z.string(),
	version: z.string(),
	warnings: Warnings,
});
export type DatabaseFacts = z.infer<typeof DatabaseFacts>;

/** Type and version are fixed at creation, and a disk only grows (facts/aptible.md §3.2). */
export function databaseIdentity(
	before: { handle: string; type: string; version: string; diskGb: number },
	after: { type: string; version: string; diskGb: number },
): string | undefined {
	if (before.type !== after.type || before.version !== after.version) {
		return (
			`database "${before.handle}" is ${before.type} ${before.version} and cannot become ${after.type} ${after.version} in ` +
			"place. Declare a second database with the new type or version, move the data, then take the old one out."
		);
	}
	if (before.diskGb > after.diskGb) {
		return (
			`database "${before.handle}" has a disk of ${before.diskGb} GB and cannot go to ${after.diskGb} GB: disks never shrink. ` +
			`Set databases.${before.handle}.diskGb to ${before.diskGb} or more, or move the data to a new, smaller database.`
		);
	}
	return undefined;
}
