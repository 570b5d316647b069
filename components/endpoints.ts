import * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { LoneEndpointSpec } from "../config/to-spec/endpoint.ts";
import { endpointKey, endpointPlace, exclusiveAddress } from "../wire/endpoint-identity.ts";
import type { Claims } from "./claims.ts";
import { Endpoint } from "./endpoint.ts";

/** An endpoint as it is declared: by itself, and with what only resources have. */
export interface DeclaredEndpoint {
	spec: LoneEndpointSpec;
	protect: boolean;
	/** Whether one that is there is taken over. */
	adopt: boolean;
	/** Name it had before in the stage file. */
	renamedFrom?: string | undefined;
}

/** What endpoints belong to, and what they are handed. */
export interface EndpointOwnerArgs {
	/** Name of the owning component, and the one that it had before. */
	owner: { name: string; renamedFrom?: string | undefined };
	claims: Claims;
	/** Values by reference, for certificates. */
	values: Readonly<Record<string, pulumi.Output<string>>>;
	/** The owning component. */
	parent: pulumi.Resource;
	/** What has to be there before any endpoint. */
	dependsOn: pulumi.Resource;
}

/**
 * Declares the endpoints of one app or database, by their names. Those that Aptible shows alike are made one after the other, by
 * name: so each knows which of them are not its own, also after a run that was killed.
 */
export function declareEndpoints(
	endpoints: Readonly<Record<string, DeclaredEndpoint>>,
	{ owner, claims, values, parent, dependsOn }: EndpointOwnerArgs,
): Record<string, Endpoint> {
	const made = new Map<string, Endpoint[]>();
	const twins = twinsOf(endpoints);
	const declared: Record<string, Endpoint> = {};
	for (const [key, { spec, protect, adopt, renamedFrom }] of Object.entries(endpoints).sort(byName)) {
		const alike = endpointKey(spec);
		const earlier = exclusiveAddress(spec) === undefined ? (made.get(alike) ?? []) : [];
		const endpoint = new Endpoint(
			`${owner.name}-${key}`,
			{
				spec: { ...spec, hasTwins: (twins.get(alike) ?? 0) > 1 },
				adopt,
				values,
				claim: claims.endpointClaim(endpointPlace(spec.on, key, spec)),
				taken: pulumi.all(earlier.map(({ id }) => id)).apply((ids) => JSON.stringify(ids)),
				formerNames: formerNames(owner, key, renamedFrom),
			},
			{ parent, protect, dependsOn: [dependsOn, ...earlier.map(({ command }) => command)] },
		);
		made.set(alike, [...earlier, endpoint]);
		declared[key] = endpoint;
	}
	return mapValues(endpoints, (_, key) => declared[key] as Endpoint);
}

/** How many endpoints have each key, of those whose address does not tell them apart. */
function twinsOf(endpoints: Readonly<Record<string, DeclaredEndpoint>>): Map<string, number> {
	const counts = new Map<string, number>();
	for (const { spec } of Object.values(endpoints)) {
		if (exclusiveAddress(spec) !== undefined) continue;
		counts.set(endpointKey(spec), (counts.get(endpointKey(spec)) ?? 0) + 1);
	}
	return counts;
}

function formerNames(owner: EndpointOwnerArgs["owner"], key: string, former: string | undefined): string[] {
	const owners = [owner.name, owner.renamedFrom].filter((name) => name !== undefined);
	const keys = [key, former].filter((name) => name !== undefined);
	return owners
		.flatMap((one) => keys.map((name) => `${one}-${name}`))
		.filter((name) => name !== `${owner.name}-${key}`);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
	return a < b ? -1 : 1;
}
