/** Which live endpoint is the declared one. Aptible gives endpoints no handle, and several may look the same. */

import type { EndpointClaim } from "../../wire/endpoint.ts";
import { type EndpointIdentity, exclusiveAddress } from "../../wire/endpoint-identity.ts";
import type { Endpoint } from "../api/endpoint.ts";

/** What is known of an endpoint before it is looked for. */
export interface EndpointTraces {
	/** Facts of the last run. */
	previous?: { id: number } | undefined;
	/** What the claims say of it. */
	claim?: EndpointClaim | undefined;
	/** Ids of the endpoints with the same identity that were seen to before this one. */
	taken?: readonly number[];
}

/**
 * The endpoint with the id it had last time; else the one with its default or managed domain, of which there can be one; else the
 * oldest of those with its identity that can only be what a killed run left of it:
 *
 * - before it was ever recorded: one made after its claim, and not another's (`taken`; those that look the same are made one
 *   after the other);
 * - after somebody deleted the recorded one by hand: one made later; among twins only one that was never provisioned, for a
 *   twin's own endpoint was.
 */
export function findEndpoint(
	endpoints: readonly Endpoint[],
	spec: EndpointIdentity & { hasTwins?: boolean },
	{ previous, claim, taken = [] }: EndpointTraces,
): Endpoint | undefined {
	const recorded = endpoints.find(({ id }) => id === previous?.id) ?? endpoints.find(({ id }) => id === claim?.id);
	if (recorded !== undefined) return recorded;
	if (exclusiveAddress(spec) !== undefined) return endpoints.find((endpoint) => looksLike(endpoint, spec));
	return oldest(ownCandidates(endpoints, spec, { previous, claim, taken }));
}

/** Those with the identity of the declared endpoint that were made later than its record or claim, and are not another's. */
export function ownCandidates(
	endpoints: readonly Endpoint[],
	spec: EndpointIdentity & { hasTwins?: boolean },
	{ previous, claim, taken = [] }: EndpointTraces,
): Endpoint[] {
	const newest = previous?.id ?? claim?.after ?? 0;
	return endpoints.filter((endpoint) => {
		const { id, hostname } = endpoint;
		const isFree = previous === undefined || spec.hasTwins !== true || !hostname;
		return id > newest && !taken.includes(id) && isFree && looksLike(endpoint, spec);
	});
}

/** Whether a live endpoint may be the declared one by what Aptible shows of it. */
export function looksLike(endpoint: Endpoint, spec: EndpointIdentity): boolean {
	if (spec.defaultDomain) return endpoint.defaultDomainEnabled;
	if (spec.managedTls) return endpoint.managedTlsEnabled && endpoint.managedTlsDomain === spec.domain;
	const live = identifyLive(endpoint, spec.kind === "database");
	return (
		!live.defaultDomain &&
		!live.managedTls &&
		live.kind === spec.kind &&
		live.service === spec.service &&
		live.internal === spec.internal
	);
}

/** Identity of a live endpoint. */
export function identifyLive(endpoint: Endpoint, ofDatabase: boolean): EndpointIdentity {
	const { type, service, internal, defaultDomainEnabled, managedTlsEnabled, managedTlsDomain } = endpoint;
	return {
		kind: ofDatabase ? "database" : kindOf(type),
		...(ofDatabase ? {} : { service }),
		internal,
		defaultDomain: defaultDomainEnabled,
		managedTls: managedTlsEnabled,
		...(managedTlsEnabled ? { domain: managedTlsDomain } : {}),
	};
}

/** The first of them to be made. */
export function oldest(endpoints: readonly Endpoint[]): Endpoint | undefined {
	return endpoints.reduce<Endpoint | undefined>((first, one) => (first && first.id < one.id ? first : one), undefined);
}

/** A type that Aptible has and this program does not know is a kind of its own: no spec says it, so it is no declared endpoint. */
function kindOf(type: string | undefined): EndpointIdentity["kind"] {
	return (type ?? "grpc") as EndpointIdentity["kind"];
}
