import { z } from "zod";
import { ContainerProfile, Handle, Warnings } from "./fields.ts";

/** Number, size (MB of memory) and profile of a service's containers. */
export const ServiceSpec = z.strictObject({
	containers: z.int().min(0),
	containerMb: z.int().positive(),
	containerProfile: ContainerProfile,
});
export type ServiceSpec = z.infer<typeof ServiceSpec>;

/** An app: one image, its config and its services. */
export const AppSpec = z.strictObject({
	environment: Handle,
	handle: Handle,
	renamedFrom: Handle.optional(),
	image: z.string().min(1),
	/** Credentials of a private registry; both are templates. */
	registry: z.strictObject({ username: z.string().min(1), password: z.string().min(1) }).optional(),
	/** Environment variables of the app's containers; the values are templates. */
	config: z.record(z.string(), z.string().min(1)),
	services: z.record(z.string(), ServiceSpec),
});
export type AppSpec = z.infer<typeof AppSpec>;

export const AppFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	handle: Handle,
	gitRemote: z.string(),
	/** Config keys that this program has set and so may remove; sorted. */
	configKeys: z.array(z.string()),
	/** Process types found in the release; sorted. */
	services: z.array(z.string()),
	warnings: Warnings,
});
export type AppFacts = z.infer<typeof AppFacts>;
