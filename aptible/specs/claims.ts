import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

const Claim = z.strictObject({ adopt: z.boolean(), renamedFrom: Handle.optional() });

/**
 * The handles that a stage takes. Looked at before anything is created, so that what is found under one of them afterwards
 * is this program's own work, also after a create that was killed before Pulumi recorded it.
 */
export const ClaimsSpec = z.strictObject({
	environment: Claim.extend({ handle: Handle }),
	databases: z.record(Handle, Claim),
	apps: z.record(
		Handle,
		Claim.extend({
			endpoints: z.record(
				z.string(),
				z.strictObject({ adopt: z.boolean(), defaultDomain: z.boolean(), domain: z.string().optional() }),
			),
		}),
	),
});
export type ClaimsSpec = z.infer<typeof ClaimsSpec>;

/** What has been claimed: `environment`, `databases.main`, `apps.portal`, `apps.portal.endpoints.public`; sorted. */
export const ClaimsFacts = z.object({ claimed: z.array(z.string()), warnings: Warnings });
export type ClaimsFacts = z.infer<typeof ClaimsFacts>;
