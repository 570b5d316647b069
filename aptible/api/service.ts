import { z } from "zod";
import { OptionsShown, optionEntries } from "../../wire/service-options.ts";
import { AptibleError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { unlessObjectGone } from "./existence.ts";
import { Link, linkedId } from "./link.ts";

const ServiceForm = z.looseObject({
	id: z.int(),
	process_type: z.string(),
	container_count: z.int().nullish(),
	container_memory_limit_mb: z.int().nullish(),
	instance_class: z.string().nullish(),
	...OptionsShown,
	// Where the link to its policy says nothing, the service is asked for it.
	_links: z.looseObject({ app: Link, database: Link, service_sizing_policy: Link.catch(undefined) }).nullish(),
});

/** A service of an app, or the one of a database: its containers, and how it is released. */
export interface Service {
	id: number;
	/** Its name in the Procfile; the API calls it `process_type`. */
	service: string;
	/** Number and size are unknown where the API does not say. */
	containerCount: number | undefined;
	containerMb: number | undefined;
	/** The letter that can be set; the API answers `m5`, `r4`... (aptible-cli 0.26.6, resource_formatter.rb). */
	containerProfile: string | undefined;
	/** How it is released, by the names of a stage file; none means Aptible's own value. */
	options: Readonly<Record<string, boolean | number | undefined>>;
	/** Of the app or the database, whichever it belongs to. */
	appId: number | undefined;
	databaseId: number | undefined;
	/** Absent where nothing autoscales it, or the answer does not say. */
	policyId: number | undefined;
	/** Whether the answer says all that is compared of it, as one that is embedded in its app need not. */
	isWhole: boolean;
}

/** A service as the API answers with it, by itself or embedded in its app. */
export const ApiService = ServiceForm.transform(
	(shown): Service => ({
		id: shown.id,
		service: shown.process_type,
		containerCount: shown.container_count ?? undefined,
		containerMb: shown.container_memory_limit_mb ?? undefined,
		containerProfile: /[a-z]/.exec(shown.instance_class ?? "")?.[0],
		options: optionsOf(shown),
		appId: linkedId(shown._links?.app),
		databaseId: linkedId(shown._links?.database),
		policyId: linkedId(shown._links?.service_sizing_policy),
		isWhole:
			[shown.container_count, shown.container_memory_limit_mb, shown.instance_class].every((size) => size != null) &&
			optionEntries.every(([, { api }]) => api in shown),
	}),
);

function optionsOf(shown: Readonly<Record<string, unknown>>): Service["options"] {
	return Object.fromEntries(
		optionEntries.map(([name, { api }]) => [name, (shown[api] ?? undefined) as boolean | number | undefined]),
	);
}

// Decimals may come as text.
const number = z.union([z.number(), z.string().transform(Number)]).nullish();

/** An autoscaling policy; `scaling_enabled` is false where somebody switched it off in the dashboard. */
export const ApiPolicy = z.looseObject({
	id: z.int().nullish(),
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
export function listServices(api: Api, appId: number): Promise<Service[]> {
	return api.list(`${api.root}/apps/${appId}/services?per_page=1000`, "services", ApiService);
}

/** The services of all apps and databases of an environment (documented: OpenAPI, `/accounts/ID/services`; aptible-api-ruby, account.rb). */
export function listServicesIn(api: Api, environmentId: number): Promise<Service[]> {
	return api.list(`${api.root}/accounts/${environmentId}/services?per_page=1000`, "services", ApiService);
}

/** What services belong to. */
export type ServicesOwner = { appId: number } | { databaseId: number; serviceId: number | undefined };

/**
 * The services of one app or database among those of its environment, by their links (app-ui, src/deploy/service). Where one of them
 * has no such link, the app is asked; a database's service is known by its id too.
 *
 * @throws AptibleError where neither says which service a database runs as
 */
export async function servicesOf(api: Api, services: readonly Service[], owner: ServicesOwner): Promise<Service[]> {
	if ("appId" in owner) {
		const own = services.filter(({ appId }) => appId === owner.appId);
		const isUnlinked = services.some(({ appId, databaseId }) => appId === undefined && databaseId === undefined);
		return own.length > 0 && !isUnlinked ? own : listServices(api, owner.appId);
	}
	const { databaseId, serviceId } = owner;
	const own = services.filter((one) => one.databaseId === databaseId || one.id === serviceId);
	if (own.length > 0) return own;
	if (serviceId !== undefined) return [await readService(api, serviceId)];
	throw new AptibleError(`Aptible does not say which service database ${databaseId} runs as. Run the command again.`);
}

/** A service by its id, which no list has to show yet. */
export function readService(api: Api, serviceId: number): Promise<Service> {
	return api.read(`${api.root}/services/${serviceId}`, ApiService);
}

/**
 * The autoscaling policies of an environment's services, by the service's id. A policy names its environment alone: which service it
 * is of, the service's link says (app-ui, src/deploy/service and service-sizing-policy; documented, not observed). Where the two do not
 * meet, the services that are wanted are asked one by one.
 *
 * @param services all of the environment
 * @param wanted those of them whose policies are wanted
 */
export async function listPoliciesIn(
	api: Api,
	environmentId: number,
	services: readonly Service[],
	wanted: readonly Service[],
): Promise<Map<number, ApiPolicy>> {
	const url = `${api.root}/accounts/${environmentId}/service_sizing_policies?per_page=1000`;
	const policies = await api.list(url, "service_sizing_policies", ApiPolicy);
	const linked = new Set(services.flatMap(({ policyId }) => policyId ?? []));
	const areAllJoined = policies.every(({ id }) => linked.has(id ?? 0));
	const byId = new Map(policies.map((policy) => [policy.id, policy]));
	const joined = new Map<number, ApiPolicy>();
	for (const { id, policyId } of wanted) {
		const policy = policyId === undefined ? undefined : byId.get(policyId);
		if (policy !== undefined) joined.set(id, policy);
	}
	const left = wanted.filter(({ id, policyId }) => !joined.has(id) && (!areAllJoined || policyId !== undefined));
	await Promise.all(
		left.map(async ({ id, service }) => {
			// It may be removed since it was listed.
			const object = { id, label: `service "${service}"` };
			const policy = await readPolicy(api, id).catch(unlessObjectGone(api, "services", object));
			if (policy !== undefined) joined.set(id, policy);
		}),
	);
	return joined;
}

/** The autoscaling policy of a service, if it has one. */
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
