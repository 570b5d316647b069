import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

/** How many backups Aptible keeps of each database of an environment, and whether one outlives its database. */
export const BackupRetention = z.strictObject({
	daily: z.int().min(1),
	monthly: z.int().min(0),
	yearly: z.int().min(0),
	makeCopy: z.boolean(),
	keepFinal: z.boolean(),
});
export type BackupRetention = z.infer<typeof BackupRetention>;

/** An Aptible environment (the API calls it an account). */
export const EnvironmentSpec = z.strictObject({
	handle: Handle,
	stack: z.string().min(1),
	/** True where the environment may hold protected health information: only ever on a dedicated stack. */
	phi: z.boolean(),
	renamedFrom: Handle.optional(),
	/** Absent: Aptible's own policy is left as it is. */
	backups: BackupRetention.optional(),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;

export const EnvironmentFacts = z.object({
	id: z.int(),
	handle: Handle,
	stack: z.string(),
	region: z.string(),
	/** Addresses from which the stack's containers reach the outside, as Aptible gives them (`203.0.113.10/32`), sorted. */
	outboundIpAddresses: z.array(z.string()),
	warnings: Warnings,
});
export type EnvironmentFacts = z.infer<typeof EnvironmentFacts>;

/** Aptible moves an environment between stacks only through its support (facts/aptible.md §1). */
export function environmentIdentity(
	before: { handle: string; stack: string },
	after: { stack: string },
): string | undefined {
	if (before.stack === after.stack) return undefined;
	return (
		`environment "${before.handle}" is on stack "${before.stack}" and cannot move to "${after.stack}" in place: Aptible's ` +
		"support moves environments between stacks of one region. Put environment.stack back, or declare a new stage and move " +
		"the data to it."
	);
}
