/** Which endpoints of an app or a database are there already when a stage claims them. */
import { listApps } from "./cli/apps.ts";
import { listDatabases } from "./cli/databases.ts";
import { type CliEndpoint, listEndpoints } from "./cli/endpoints.ts";
import { listEnvironments } from "./cli/environments.ts";
import type { Context } from "./context.ts";
import { looksLike, oldest } from "./endpoint-find.ts";
import { findByIdentity } from "./find.ts";
import type { ClaimsFacts, ClaimsSpec } from "./specs/claims.ts";
import type { EndpointClaim } from "./specs/endpoint.ts";
import type { ClaimedEndpoint } from "./specs/endpoint-claims.ts";
import {
	type EndpointOwner,
	endpointKey,
	endpointPlace,
	exclusiveAddress,
	ownerPlace,
} from "./specs/endpoint-identity.ts";

/** A live endpoint under a claim that is new. */
export interface FoundEndpoint {
	place: string;
	text: string;
	adopt: boolean;
}

/** What of a claim's owner matters here. */
interface Owner {
	on: EndpointOwner;
	renamedFrom: string | undefined;
	endpoints: Readonly<Record<string, ClaimedEndpoint>>;
}

/** Claims the endpoints of a stage; asks Aptible only about apps and databases that have a new one. */
export async function claimAllEndpoints(
	context: Context,
	spec: ClaimsSpec,
	previous: ClaimsFacts | undefined,
): Promise<{ found: FoundEndpoint[]; claims: Record<string, EndpointClaim> }> {
	const found: FoundEndpoint[] = [];
	const claims: Record<string, EndpointClaim> = {};
	for (const owner of ownersOf(spec)) {
		const { on, endpoints } = owner;
		const known = knownOf(owner, previous?.endpoints ?? {});
		const isNew = Object.entries(endpoints).some(([name, one]) => !known.has(endpointPlace(on, name, one)));
		const live = isNew ? await listAll(context, spec, owner) : [];
		const claimed = claimEndpoints(live, on, endpoints, known);
		found.push(...claimed.found);
		Object.assign(claims, claimed.claims);
	}
	return { found, claims };
}

function ownersOf({ apps, databases }: ClaimsSpec): Owner[] {
	return [
		...Object.entries(apps).map(([app, { renamedFrom, endpoints }]) => ({ on: { app }, renamedFrom, endpoints })),
		...Object.entries(databases).map(([database, { renamedFrom, endpoints = {} }]) => {
			return { on: { database }, renamedFrom, endpoints };
		}),
	];
}

/** Claims of before on an owner by the places that they have now, after what is renamed. */
function knownOf({ on, renamedFrom, endpoints }: Owner, claims: ClaimsFacts["endpoints"]): Map<string, EndpointClaim> {
	const former = "app" in on ? { app: renamedFrom ?? on.app } : { database: renamedFrom ?? on.database };
	const newNames = new Map(
		Object.entries(endpoints).flatMap(([name, one]) => (one.renamedFrom ? [[one.renamedFrom, name]] : [])),
	);
	return new Map(
		Object.entries(claims).flatMap(([place, claim]) => {
			const owner = [on, former].find((one) => place.startsWith(`${ownerPlace(one)}.endpoints.`));
			if (owner === undefined) return [];
			const [name = "", key = ""] = place.slice(`${ownerPlace(owner)}.endpoints.`.length).split("/");
			return [[`${ownerPlace(on)}.endpoints.${newNames.get(name) ?? name}/${key}`, claim]];
		}),
	);
}

async function listAll(context: Context, spec: ClaimsSpec, { on, renamedFrom }: Owner): Promise<CliEndpoint[]> {
	const environment = findByIdentity(await listEnvironments(context.cli), spec.environment, undefined)?.handle;
	if (environment === undefined) return [];
	if ("app" in on) {
		const app = findByIdentity(await listApps(context.cli, environment), { handle: on.app, renamedFrom }, undefined);
		return app === undefined ? [] : listEndpoints(context.cli, { app: app.handle, environment });
	}
	const databases = await listDatabases(context.cli, environment);
	const database = findByIdentity(databases, { handle: on.database, renamedFrom }, undefined);
	// The CLI fails on a database that was never provisioned; it has no endpoint.
	if (database?.status !== "provisioned") return [];
	return listEndpoints(context.cli, { database: database.handle, environment });
}

/**
 * Claims the endpoints of one app or database.
 *
 * Where the address tells an endpoint from all others, a live one with that address is what is claimed. Where nothing does, as
 * many live ones as have been claimed before are taken to be those, the oldest first; one that is left over is somebody else's.
 * What a claim finds is so refused or adopted, and whatever is made later is newer than the claim.
 *
 * @param known claims of before on this owner, by their present places; also of endpoints that go in this run
 */
export function claimEndpoints(
	live: readonly CliEndpoint[],
	on: EndpointOwner,
	endpoints: Readonly<Record<string, ClaimedEndpoint>>,
	known: ReadonlyMap<string, EndpointClaim>,
): { found: FoundEndpoint[]; claims: Record<string, EndpointClaim> } {
	const after = Math.max(0, ...live.map(({ id }) => id));
	const found: FoundEndpoint[] = [];
	const claims: Record<string, EndpointClaim> = {};
	const assigned = idsOfKnown(live, endpoints, known);
	for (const [name, endpoint] of adoptersFirst(endpoints)) {
		const place = endpointPlace(on, name, endpoint);
		const former = known.get(place);
		if (former !== undefined) {
			claims[place] = former;
			continue;
		}
		const there = oldest(live.filter((one) => looksLike(one, endpoint) && !assigned.has(one.id)));
		claims[place] = there === undefined ? { after } : { after, id: there.id };
		if (there === undefined) continue;
		assigned.add(there.id);
		found.push({ place: `${ownerPlace(on)}.endpoints.${name}`, text: describe(there), adopt: endpoint.adopt });
	}
	return { found, claims };
}

/** Ids of the live endpoints that earlier claims stand for. */
function idsOfKnown(
	live: readonly CliEndpoint[],
	endpoints: Readonly<Record<string, ClaimedEndpoint>>,
	known: ReadonlyMap<string, EndpointClaim>,
): Set<number> {
	const ids = new Set([...known.values()].flatMap(({ id }) => id ?? []));
	const nameless = Object.values(endpoints).filter((endpoint) => exclusiveAddress(endpoint) === undefined);
	for (const [key, endpoint] of new Map(nameless.map((one) => [endpointKey(one), one]))) {
		const claims = [...known].filter(([place, { id }]) => place.endsWith(`/${key}`) && id === undefined);
		for (const after of claims.map(([, claim]) => claim.after).sort((a, b) => a - b)) {
			const own = oldest(live.filter((one) => looksLike(one, endpoint) && one.id > after && !ids.has(one.id)));
			if (own !== undefined) ids.add(own.id);
		}
	}
	return ids;
}

function adoptersFirst(endpoints: Readonly<Record<string, ClaimedEndpoint>>): [string, ClaimedEndpoint][] {
	return Object.entries(endpoints).sort(([a, one], [b, other]) => {
		if (one.adopt !== other.adopt) return one.adopt ? -1 : 1;
		return a < b ? -1 : 1;
	});
}

function describe(live: CliEndpoint): string {
	const { hostname, service, type, status } = live;
	return `${hostname ?? "no host name yet"}, ${type ?? "grpc"} on service ${service.service}, ${status}`;
}
