import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

/** How many backups Aptible keeps of each database of an environment, and whether one outlives its database. */
export const BackupRetention = z.strictObject({
	daily: z.int().min(1),
	monthly: z.int().min(0),
	yearly: z.int().min(0),
	makeCopy: z.boolean(),
	keepFinal: z.boolean(),
	/** Days of point-in-time recovery that the environment has: compared with Aptible, and never sent. */
	pitrDays: z.int().min(0).optional(),
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
	/** How many existing backups the policy may delete; one that would delete more is refused. */
	acceptLoss: z.int().min(0).default(0),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;

export const EnvironmentFacts = z.object({
	id: z.int(),
	handle: Handle,
	stack: z.string(),
	region: z.string(),
	/** Addresses from which the stack's containers reach the outside, as Aptible gives them (`203.0.113.10/32`), sorted. */
	outboundIpAddresses: z.array(z.string()),
	/** Certificate, as PEM, of the authority that signs the certificates of the environment's databases; public. */
	caCertificate: z.string().default(""),
	warnings: Warnings,
});
export type EnvironmentFacts = z.infer<typeof EnvironmentFacts>;

/**
 * Aptible moves an environment between stacks only through its support (facts/aptible.md §1). A new handle is a rename only
 * where the stage file says so: it could as well be meant as another environment.
 */
export function refuseEnvironmentChange(
	before: { handle: string; stack: string },
	after: { handle: string; stack: string; renamedFrom?: string | undefined },
): string | undefined {
	if (before.handle !== after.handle && before.handle !== after.renamedFrom) {
		return (
			`environment "${before.handle}" cannot become "${after.handle}" unless that is said to be a rename: put ` +
			`\`renamedFrom: ${before.handle}\` beside environment.handle, or declare a new stage for another environment.`
		);
	}
	if (before.stack === after.stack) return undefined;
	return (
		`environment "${before.handle}" is on stack "${before.stack}" and cannot move to "${after.stack}" in place: Aptible's ` +
		"support moves environments between stacks of one region. Put environment.stack back, or declare a new stage and move " +
		"the data to it."
	);
}
