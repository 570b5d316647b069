import { z } from "zod";
import { EndpointClaim } from "./endpoint.ts";
import { ClaimedEndpoints } from "./endpoint-claims.ts";
import { Handle, Warnings } from "./fields.ts";
import { MoveStep } from "./move.ts";

const Claim = z.strictObject({ adopt: z.boolean(), renamedFrom: Handle.optional() });

const DrainClaim = z.strictObject({ adopt: z.boolean() });

/**
 * The handles that a stage takes. Looked at before anything is created, so that what is found under one of them afterwards
 * is this program's own work, also after a create that was killed before Pulumi recorded it.
 */
export const ClaimsSpec = z.strictObject({
	environment: Claim.extend({ handle: Handle }),
	databases: z.record(Handle, Claim.extend({ endpoints: ClaimedEndpoints.optional() })),
	apps: z.record(Handle, Claim.extend({ endpoints: ClaimedEndpoints })),
	/** Defaults, as the state holds specs from before there were drains. */
	logDrains: z.record(Handle, DrainClaim).default({}),
	metricDrains: z.record(Handle, DrainClaim).default({}),
	/** Nothing is claimed for it: here the state has the phase of the last update, which the next one is judged by. */
	move: MoveStep.optional(),
});
export type ClaimsSpec = z.infer<typeof ClaimsSpec>;

/** What is noted of a handle when it is claimed. */
export const ClaimMark = z.object({
	/** Newest id of its kind at that moment. */
	after: z.int(),
	/** E-mail address of the user who claims it; absent where the token does not say. */
	by: z.string().optional(),
	/** The object that is adopted. */
	id: z.int().optional(),
});
export type ClaimMark = z.infer<typeof ClaimMark>;

/** What has been claimed: `environment`, `databases.main`, `apps.portal`; sorted. */
export const ClaimsFacts = z.object({
	claimed: z.array(z.string()),
	/** Endpoints by place and key: `apps.portal.endpoints.public/portal.acme.example`. */
	endpoints: z.record(z.string(), EndpointClaim).default({}),
	/** By place; none of what was claimed before there were marks. */
	marks: z.record(z.string(), ClaimMark).default({}),
	/** Ids of live objects whose lines are gone: until its object is gone too, a line that comes back is no other one. */
	kept: z.record(z.string(), z.int()).default({}),
	warnings: Warnings,
});
export type ClaimsFacts = z.infer<typeof ClaimsFacts>;
