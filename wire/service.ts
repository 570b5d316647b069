import { z } from "zod";
import { ContainerProfile } from "./fields.ts";
import { OptionsSpec } from "./service-options.ts";

const common = {
	lookbackSeconds: z.int(),
	percentile: z.number(),
	scaleUpCooldownSeconds: z.int(),
	scaleDownCooldownSeconds: z.int(),
	releaseCooldownSeconds: z.int(),
};

/** Autoscaling of a service. Every parameter is there: Aptible gives one that it is not sent its default (facts/aptible.md §2.4). */
export const AutoscaleSpec = z.discriminatedUnion("kind", [
	z.strictObject({
		kind: z.literal("horizontal"),
		/** Containers. */
		min: z.int().min(1),
		max: z.int().min(1),
		/** Shares of the CPU. */
		minCpu: z.number(),
		maxCpu: z.number(),
		/** Containers at a time. */
		scaleUpStep: z.int(),
		scaleDownStep: z.int(),
		restartFree: z.boolean(),
		...common,
	}),
	z.strictObject({
		kind: z.literal("vertical"),
		/** MB of memory. */
		minMb: z.int(),
		/** Absent: up to the largest container there is. */
		maxMb: z.int().optional(),
		/** Shares of the memory. */
		scaleUpMemory: z.number(),
		scaleDownMemory: z.number(),
		/** GB of memory for each CPU, above which a memory profile is taken, and below which a compute profile. */
		memoryProfileRatio: z.number(),
		computeProfileRatio: z.number(),
		...common,
	}),
]);
export type AutoscaleSpec = z.infer<typeof AutoscaleSpec>;

/**
 * A service of an app: number, size (MB of memory) and profile of its containers, and how it is released.
 *
 * What autoscaling decides (the number when horizontal, size and profile when vertical) is what the service starts with.
 */
export const ServiceSpec = z.strictObject({
	containers: z.int().min(0),
	containerMb: z.int().positive(),
	containerProfile: ContainerProfile,
	...OptionsSpec,
	autoscale: AutoscaleSpec.optional(),
});
export type ServiceSpec = z.infer<typeof ServiceSpec>;

/** Number, size and profile of containers. */
export type ServiceSize = Pick<ServiceSpec, "containers" | "containerMb" | "containerProfile">;
