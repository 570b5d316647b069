import { z } from "zod";
import { OptionsShown } from "../../wire/service-options.ts";
import type { Api } from "./api.ts";

/** A service: its containers, and how it is released, which the CLI can set and not show (facts/terraform-provider.md §3.6). */
export const ApiService = z.looseObject({
	id: z.int(),
	process_type: z.string(),
	container_count: z.int(),
	container_memory_limit_mb: z.int(),
	/** `m5`: profile and generation. */
	instance_class: z.string().nullish(),
	...OptionsShown,
});
export type ApiService = z.infer<typeof ApiService>;

// Decimals may come as text.
const number = z.union([z.number(), z.string().transform(Number)]).nullish();

/** An autoscaling policy; `scaling_enabled` is false where somebody switched it off in the dashboard. */
export const ApiPolicy = z.looseObject({
	autoscaling: z.string(),
	scaling_enabled: z
		.boolean()
		.nullish()
		.transform((value) => value ?? true),
	metric_lookback_seconds: number,
	percentile: number,
	post_scale_up_cooldown_seconds: number,
	post_scale_down_cooldown_seconds: number,
	post_release_cooldown_seconds: number,
	min_containers: number,
	max_containers: number,
	min_cpu_threshold: number,
	max_cpu_threshold: number,
	scale_up_step: number,
	scale_down_step: number,
	use_horizontal_scale: z
		.boolean()
		.nullish()
		.transform((value) => value ?? false),
	minimum_memory: number,
	maximum_memory: number,
	mem_scale_up_threshold: number,
	mem_scale_down_threshold: number,
	mem_cpu_ratio_r_threshold: number,
	mem_cpu_ratio_c_threshold: number,
});
export type ApiPolicy = z.infer<typeof ApiPolicy>;

/** The services of an app. */
export function listServices(api: Api, appId: number): Promise<ApiService[]> {
	return api.list(`${api.root}/apps/${appId}/services?per_page=1000`, "services", ApiService);
}

/** A service by its id, which no list has to show yet. */
export function readService(api: Api, serviceId: number): Promise<ApiService> {
	return api.read(`${api.root}/services/${serviceId}`, ApiService);
}

/** The autoscaling policy of a service, if it has one; the CLI fails where it has none (recorded run 41). */
export async function readPolicy(api: Api, serviceId: number): Promise<ApiPolicy | undefined> {
	return (await api.list(policiesOf(api, serviceId), "service_sizing_policies", ApiPolicy))[0];
}

/** Changes the autoscaling policy that a service has. What is left out gets Aptible's default, so everything is said. */
export function updatePolicy(api: Api, serviceId: number, policy: Record<string, unknown>): Promise<void> {
	return api.send("PUT", policiesOf(api, serviceId), policy);
}

/** Takes the autoscaling policy of a service away; the CLI has no command for it (facts/aptible.md §0.a). */
export function deletePolicy(api: Api, serviceId: number): Promise<void> {
	return api.send("DELETE", `${api.root}/services/${serviceId}/service_sizing_policy`);
}

function policiesOf(api: Api, serviceId: number): string {
	return `${api.root}/services/${serviceId}/service_sizing_policies`;
}
