import type { AppSpec } from "../../wire/app.ts";
import type { Difference } from "../../wire/difference.ts";
import type { ServiceSpec } from "../../wire/service.ts";
import type { App } from "../api/app.ts";
import { type ApiPolicy, listPoliciesIn, listServices, readPolicy, type Service } from "../api/service.ts";
import { AptibleError } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { diffAutoscaling } from "./autoscaling.ts";
import { diffOptions } from "./service-options.ts";
import { diffSize, refuseUnknownSize } from "./service-size.ts";

/** A service as it is. */
export interface LiveService extends Service {
	/** Absent where it is not autoscaled, and where the spec does not name the service. */
	policy: ApiPolicy | undefined;
}

/**
 * Reads the services of an app, with the autoscaling of those that the spec names. Those that are embedded in the app are enough where
 * they are whole and none that the spec names is missing; else they are listed. The list may lag behind the app itself, so that it is read
 * until it has all of them.
 *
 * @param shown the app itself
 * @param known services whose autoscaling has been read
 */
export async function readServices(
	context: Context,
	spec: AppSpec,
	shown: App,
	known: readonly LiveService[] = [],
): Promise<LiveService[]> {
	const { id: appId, services: embedded } = shown;
	if (embedded.length === 0 && shown.status !== "provisioned") return [];
	const isTold =
		embedded.length > 0 && embedded.every(({ isWhole }) => isWhole) && findMissingServices(spec, embedded).length === 0;
	const services = isTold
		? embedded
		: await readUntil(
				context,
				() => listServices(context.api, appId),
				(listed) => embedded.every(({ id }) => listed.some((one) => one.id === id)),
			);
	const declared = services.filter(({ service }) => Object.hasOwn(spec.services, service));
	for (const one of declared) refuseUnknownSize(`app "${spec.handle}", service "${one.service}"`, one);
	const policies = new Map(known.map(({ id, policy }) => [id, policy]));
	const wanted = declared.filter(({ id }) => !policies.has(id));
	const fresh = await readPolicies(context, shown.environmentId, services, wanted);
	return services.map((service) => ({ ...service, policy: policies.get(service.id) ?? fresh.get(service.id) }));
}

/** In one request where that tells of several services. */
async function readPolicies(
	{ api }: Context,
	environmentId: number,
	services: readonly Service[],
	wanted: readonly Service[],
): Promise<ReadonlyMap<number, ApiPolicy | undefined>> {
	if (wanted.length > 1) return listPoliciesIn(api, environmentId, services, wanted);
	return new Map(await Promise.all(wanted.map(async ({ id }) => [id, await readPolicy(api, id)] as const)));
}

/** How a live service differs in all that a stage file says of it. */
export function diffService(wanted: ServiceSpec, live: LiveService): Difference[] {
	return [...diffSize(wanted, live), ...diffAutoscaling(wanted.autoscale, live.policy), ...diffOptions(wanted, live)];
}

/** Names of the services that the spec has and a release lacks. */
export function findMissingServices(spec: AppSpec, services: readonly { service: string }[]): string[] {
	return Object.keys(spec.services).filter((name) => !services.some(({ service }) => service === name));
}

/** @throws AptibleError when a release, unless it is CI's, lacks a service that the spec names, with where its Procfile belongs. */
export function refuseMissingServices(spec: AppSpec, services: readonly { service: string }[]): void {
	const names = services.map(({ service }) => service).sort();
	const missing = findMissingServices(spec, services);
	if (missing.length === 0 || spec.releasedBy === "ci") return;
	const quoted = (list: readonly string[]) => list.map((name) => `"${name}"`).join(", ");
	const [what, procfile] =
		spec.git === undefined
			? [`image ${spec.image ?? "none"}`, "/.aptible/Procfile in the image"]
			: [`commit ${spec.git.commitish}`, "the Procfile at the root of the repository"];
	const found = names.length === 0 ? "none" : quoted(names);
	const reason =
		names.length === 1 && names[0] === "cmd"
			? `Aptible makes the single service "cmd" where it finds no Procfile: it looks for ${procfile} and nowhere else.`
			: `A service is a line of ${procfile}.`;
	throw new AptibleError(
		`app "${spec.handle}": ${what} has no service ${quoted(missing)}; it has ${found}. ${reason} Release one that has it, or ` +
			`change apps.${spec.handle}.services.`,
	);
}
