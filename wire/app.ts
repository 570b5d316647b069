import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";
import { ServiceSpec } from "./service.ts";

/** An app: an image or a commit, its config and its services. */
export const AppSpec = z
	.strictObject({
		environment: Handle,
		handle: Handle,
		renamedFrom: Handle.optional(),
		/** Exactly one of `image` and `git` is there. */
		image: z.string().min(1).optional(),
		/** A commit or branch that has been pushed to the app's git remote. */
		git: z.strictObject({ commitish: z.string().min(1) }).optional(),
		/** Who releases it after its first release: CI, or, without this, the stage file. */
		releasedBy: z.literal("ci").optional(),
		/** Credentials of a private registry; both are templates. */
		registry: z
			.strictObject({
				username: z.string().min(1),
				password: z.string().min(1),
				/** Other credentials are a reason to deploy. */
				deployOnChange: z.literal(true).optional(),
			})
			.optional(),
		/** Environment variables of the app's containers; the values are templates. */
		config: z.record(z.string(), z.string().min(1)),
		services: z.record(z.string(), ServiceSpec),
	})
	.refine(({ image, git }) => (image === undefined) !== (git === undefined), "has to have either image or git");
export type AppSpec = z.infer<typeof AppSpec>;

/** Names the apps of CI whose image or commit of the stage file a run deploys, with commas between them. */
export const releaseVariable = "MEDSTACK_TO_APTIBLE_RELEASE";
/** How that comes to the Command of such an app: as a time, so that each is done once. */
export const releaseHint = "hints.release";

/** What was released last from here, or of an app of CI what runs, and by which operation. */
export const Release = z.object({
	operationId: z.int(),
	image: z.string().optional(),
	commitish: z.string().optional(),
	/** What the image's tag stood for then. */
	digest: z.string().optional(),
});
export type Release = z.infer<typeof Release>;

export const AppFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	handle: Handle,
	gitRemote: z.string(),
	/** Config keys that this program has set and so may remove; sorted. */
	configKeys: z.array(z.string()),
	/** Whether this program has set the registry's credentials and so may remove them. */
	ownsRegistry: z.boolean().default(false),
	release: Release.optional(),
	/** Newest operation on the app that the run knew of; versions before 2026-12 did not record it. */
	operation: z.int().optional(),
	/** The last `--release` that was done, as `releaseHint` gave it. */
	releasedFor: z.string().optional(),
	/** Process types found in the release; sorted. */
	services: z.array(z.string()),
	warnings: Warnings,
});
export type AppFacts = z.infer<typeof AppFacts>;
