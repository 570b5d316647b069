import { EndpointClaim, type EndpointFacts, type EndpointSpec } from "../../wire/endpoint.ts";
import { endpointLabel } from "../../wire/endpoint-identity.ts";
import { environmentKey } from "../../wire/template.ts";
import { type Endpoint, type EndpointDetails, readEndpointDetails } from "../api/endpoint.ts";
import { objectExists } from "../api/existence.ts";
import type { EndpointLocator } from "../cli/endpoint.ts";
import { AptibleError } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context, OperationObject } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { type EndpointTraces, findEndpoint } from "./find.ts";
import { listEndpoints, type OwnerLocator, requireOwner } from "./owner.ts";

/** A live endpoint, with its certificate where that matters. */
export interface LiveEndpoint {
	listed: Endpoint;
	details: EndpointDetails | undefined;
	/** Whether its managed certificate is missing and could be had now; read only where drift is looked for. */
	isRenewable?: boolean;
}

export function toLocator({ on, environment }: EndpointSpec): EndpointLocator {
	return { ...on, environment };
}

/** Where the endpoint is, for reading. */
export async function findOwnerLocator(context: Context, { on, environment }: EndpointSpec): Promise<OwnerLocator> {
	return { on, environmentId: (await environmentNamed(context, environment)).id };
}

export function objectOf(spec: EndpointSpec, id: number): OperationObject {
	return { target: "vhosts", id, label: endpointLabel(spec.name, spec.on) };
}

/** What is known of an endpoint before it is looked for: the last run's facts, and what the Command hands over beside the spec. */
export function tracesOf(previous: EndpointFacts | undefined): EndpointTraces {
	const hint = (name: string) => process.env[environmentKey(`hints.${name}`)];
	const [claim, taken] = [hint("claim"), hint("taken")];
	return {
		previous,
		claim: claim ? EndpointClaim.parse(JSON.parse(claim)) : undefined,
		taken: taken ? (JSON.parse(taken) as number[]) : [],
	};
}

/** Looks for the declared endpoint, twice before it says no: no handle would refuse a second one, and a list may lag behind. */
export async function lookFor(
	context: Context,
	spec: EndpointSpec,
	traces: EndpointTraces,
): Promise<{ found: Endpoint | undefined; endpoints: Endpoint[] }> {
	const locator = await findOwnerLocator(context, spec);
	await requireOwner(context, locator, spec.environment);
	const first = await listEndpoints(context, locator);
	const again = findEndpoint(first, spec, traces) === undefined ? await listEndpoints(context, locator) : first;
	return { found: findEndpoint(again, spec, traces), endpoints: again };
}

/**
 * The endpoint as it is now.
 *
 * @param isSeen whether what was just changed is seen; a list may lag behind. @default whatever is listed
 */
export async function observe(
	context: Context,
	spec: EndpointSpec,
	id: number,
	isSeen: (live: LiveEndpoint) => boolean = () => true,
): Promise<LiveEndpoint> {
	const locator = await findOwnerLocator(context, spec);
	const look = async () => {
		const listed = (await listEndpoints(context, locator)).find((endpoint) => endpoint.id === id);
		if (listed !== undefined) return withDetails(context, spec, listed);
		return (await objectExists(context.api, "vhosts", id)) ? undefined : "gone";
	};
	const live = await readUntil(context, look, (one) => one === "gone" || (one !== undefined && isSeen(one)));
	if (live !== undefined && live !== "gone") return live;
	throw new AptibleError(`${endpointLabel(spec.name, spec.on)} has gone while it was being worked on.`);
}

/** Whether it is provisioned, for `observe` after it was. */
export function isProvisioned({ listed }: LiveEndpoint): boolean {
	return listed.status === "provisioned";
}

/** An endpoint with its details, where the spec says anything of them. */
export async function withDetails(context: Context, spec: EndpointSpec, listed: Endpoint): Promise<LiveEndpoint> {
	const isNeeded = spec.kind === "grpc" || spec.certificate !== undefined || spec.certificateFingerprint !== undefined;
	return { listed, details: isNeeded ? await readEndpointDetails(context.api, listed) : undefined };
}
