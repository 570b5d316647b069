import { z } from "zod";
import { ClaimsFacts } from "./claims.ts";
import { Handle, Warnings } from "./fields.ts";

/** What goes with its environment though no resource deletes it. */
export const LeftoversSpec = z.strictObject({
	environment: Handle,
	/** Places (`databases.main`) of what the stage protects: it never goes. */
	protected: z.array(z.string()),
});
export type LeftoversSpec = z.infer<typeof LeftoversSpec>;

export const LeftoversFacts = z.object({ warnings: Warnings });
export type LeftoversFacts = z.infer<typeof LeftoversFacts>;

/** What has been claimed, less endpoints, which go with what they belong to. */
export const ClaimedHandles = ClaimsFacts.pick({ claimed: true, marks: true, kept: true });
export type ClaimedHandles = z.infer<typeof ClaimedHandles>;

/** Variable in which the Command gets what has been claimed, as JSON. */
export const claimsVariable = "CLAIMS";

/** Reference under which the Command gets the id of its environment. */
export const environmentHint = "hints.environment";

/** The value of that variable. */
export function encodeClaims({ claimed, marks, kept }: ClaimsFacts): string {
	return JSON.stringify({ claimed, marks, kept } satisfies ClaimedHandles);
}
