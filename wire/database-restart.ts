import { z } from "zod";
import { DatabaseSpec } from "./database.ts";
import { Warnings } from "./fields.ts";

/**
 * The one restart after which a database has the sizes of a move, and a certificate that names the mover's endpoint: it is made when the
 * database starts (facts/aptible.md §1). Which endpoint that is comes in the environment, as its id is known only when it is there.
 */
export const DatabaseRestartSpec = DatabaseSpec.pick({
	environment: true,
	handle: true,
	renamedFrom: true,
	containerMb: true,
	containerProfile: true,
	diskGb: true,
	iops: true,
});
export type DatabaseRestartSpec = z.infer<typeof DatabaseRestartSpec>;

/** Reference under which the Command gets the id of the endpoint. */
export const restartEndpoint = "move.endpoint";

export const DatabaseRestartFacts = z.object({
	databaseId: z.int(),
	endpointId: z.int(),
	warnings: Warnings,
});
export type DatabaseRestartFacts = z.infer<typeof DatabaseRestartFacts>;
