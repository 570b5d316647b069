/** Which endpoints of an app or a database are there already when a stage claims them. */

import type { ClaimsFacts, ClaimsSpec } from "../../wire/claims.ts";
import type { EndpointClaim } from "../../wire/endpoint.ts";
import type { ClaimedEndpoint } from "../../wire/endpoint-claims.ts";
import {
	type EndpointOwner,
	endpointKey,
	endpointPlace,
	exclusiveAddress,
	ownerPlace,
} from "../../wire/endpoint-identity.ts";
import { listApps } from "../api/app.ts";
import { listNamedDatabases, readDatabaseServiceId } from "../api/database.ts";
import { type Endpoint, listEndpointsIn } from "../api/endpoint.ts";
import { listEnvironments } from "../api/environment.ts";
import { objectExists } from "../api/existence.ts";
import { listServicesIn, servicesOf } from "../api/service.ts";
import type { Context } from "../context.ts";
import { findByIdentity } from "../find.ts";
import { identifyLive, looksLike, oldest } from "./find.ts";

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

/** Claims of before on an owner. */
interface Known {
	/** By the places that they have now, after what is renamed. */
	claims: Map<string, EndpointClaim>;
	/** Those places by the ones that they had. */
	places: Map<string, string>;
}

/** Claims the endpoints of a stage; asks Aptible only about apps and databases that have a new one, or one whose line is gone. */
export async function claimAllEndpoints(
	context: Context,
	spec: ClaimsSpec,
	previous: ClaimsFacts | undefined,
): Promise<{ found: FoundEndpoint[]; claims: Record<string, EndpointClaim>; kept: ClaimsFacts["kept"] }> {
	const before = previous?.endpoints ?? {};
	const keptBefore = Object.fromEntries(Object.entries(previous?.kept ?? {}).filter(([place]) => ownerOf(place)));
	const found: FoundEndpoint[] = [];
	const claims: Record<string, EndpointClaim> = {};
	const kept: ClaimsFacts["kept"] = {};
	let lists: Promise<FindEndpoints> | undefined;
	const find: FindEndpoints = async (owner) => {
		lists ??= readLists(context, spec);
		return (await lists)(owner);
	};
	for (const owner of ownersOf(spec, before)) {
		const { on, endpoints } = owner;
		const places = new Set(Object.entries(endpoints).map(([name, one]) => endpointPlace(on, name, one)));
		const known = knownOf(owner, before);
		const dropped = [...known.places.keys()].filter((place) => !places.has(place));
		const isNew = [...places].some((place) => !known.claims.has(place));
		const live = isNew || dropped.length > 0 ? await find(owner) : [];
		const claimed = claimEndpoints(live, on, endpoints, known.claims, keptBefore);
		found.push(...claimed.found);
		Object.assign(claims, claimed.claims);
		for (const former of dropped) {
			const id = claimed.ids.get(known.places.get(former) ?? "");
			if (id !== undefined) kept[former] = id;
		}
	}
	for (const [place, id] of Object.entries(keptBefore)) {
		if (place in claims) continue;
		if (await objectExists(context.api, "vhosts", id)) kept[place] = id;
	}
	return { found, claims, kept };
}

/** Apps and databases that have endpoints, or had some. */
function ownersOf({ apps, databases }: ClaimsSpec, before: ClaimsFacts["endpoints"]): Owner[] {
	const declared: Owner[] = [
		...Object.entries(apps).map(([app, { renamedFrom, endpoints }]) => ({ on: { app }, renamedFrom, endpoints })),
		...Object.entries(databases).map(([database, { renamedFrom, endpoints = {} }]) => {
			return { on: { database }, renamedFrom, endpoints };
		}),
	];
	const known = new Set(declared.flatMap((owner) => [ownerPlace(owner.on), ownerPlace(formerOf(owner))]));
	const gone = new Map(
		Object.keys(before).flatMap((place) => {
			const on = ownerOf(place);
			return on === undefined || known.has(ownerPlace(on)) ? [] : [[ownerPlace(on), on]];
		}),
	);
	return [...declared, ...[...gone.values()].map((on) => ({ on, renamedFrom: undefined, endpoints: {} }))];
}

/** What the endpoint at a place belongs to. */
function ownerOf(place: string): EndpointOwner | undefined {
	const [, noun, handle = ""] = /^(apps|databases)\.(.+?)\.endpoints\./.exec(place) ?? [];
	if (noun === undefined) return undefined;
	return noun === "apps" ? { app: handle } : { database: handle };
}

function formerOf({ on, renamedFrom }: Owner): EndpointOwner {
	return "app" in on ? { app: renamedFrom ?? on.app } : { database: renamedFrom ?? on.database };
}

function knownOf(owner: Owner, before: ClaimsFacts["endpoints"]): Known {
	const { on, endpoints } = owner;
	const newNames = new Map(
		Object.entries(endpoints).flatMap(([name, one]) => (one.renamedFrom ? [[one.renamedFrom, name]] : [])),
	);
	const known: Known = { claims: new Map(), places: new Map() };
	for (const [former, claim] of Object.entries(before)) {
		const was = [on, formerOf(owner)].find((one) => former.startsWith(`${ownerPlace(one)}.endpoints.`));
		if (was === undefined) continue;
		const [name = "", key = ""] = former.slice(`${ownerPlace(was)}.endpoints.`.length).split("/");
		const place = `${ownerPlace(on)}.endpoints.${newNames.get(name) ?? name}/${key}`;
		known.claims.set(place, claim);
		known.places.set(former, place);
	}
	return known;
}

/** Finds the live endpoints of an app or a database. */
type FindEndpoints = (owner: Owner) => Promise<readonly Endpoint[]>;

/** Reads the lists of the environment, which are few, however many apps it has. */
async function readLists({ api }: Context, spec: ClaimsSpec): Promise<FindEndpoints> {
	const environment = findByIdentity(await listEnvironments(api), spec.environment, undefined);
	if (environment === undefined) return async () => [];
	const [apps, databases, services] = await Promise.all([
		listApps(api, environment.id),
		listNamedDatabases(api, environment.id),
		listServicesIn(api, environment.id),
	]);
	const endpoints = await listEndpointsIn(api, environment.id, services, { hasSettings: false, areAll: true });
	return async ({ on, renamedFrom }) => {
		const found = findByIdentity<{ id: number; handle: string }>(
			"app" in on ? apps : databases,
			{ handle: "app" in on ? on.app : on.database, renamedFrom },
			undefined,
		);
		if (found === undefined) return [];
		const serviceId = "app" in on ? undefined : await readDatabaseServiceId(api, found.id);
		if ("database" in on && serviceId === undefined) return [];
		const own = await servicesOf(
			api,
			services,
			"app" in on ? { appId: found.id } : { databaseId: found.id, serviceId },
		);
		return own.flatMap(({ id }) => endpoints.get(id) ?? []);
	};
}

/**
 * Claims the endpoints of one app or database.
 *
 * Where the address tells an endpoint from all others, a live one with that address is what is claimed. Where nothing does, as
 * many live ones as have been claimed before are taken to be those, the oldest first; one that is left over is somebody else's.
 * What a claim finds is so refused or adopted, and whatever is made later is newer than the claim.
 *
 * @param known claims of before on this owner, by their present places; also of endpoints that go in this run
 * @param kept ids of endpoints whose lines were gone, by place
 * @returns also the ids of the live ones that earlier claims stand for
 */
export function claimEndpoints(
	live: readonly Endpoint[],
	on: EndpointOwner,
	endpoints: Readonly<Record<string, ClaimedEndpoint>>,
	known: ReadonlyMap<string, EndpointClaim>,
	kept: ClaimsFacts["kept"] = {},
): { found: FoundEndpoint[]; claims: Record<string, EndpointClaim>; ids: ReadonlyMap<string, number> } {
	const places = new Set(Object.entries(endpoints).map(([name, one]) => endpointPlace(on, name, one)));
	const ids = idsOfKnown(live, on, known, places);
	const after = Math.max(0, ...live.map(({ id }) => id));
	const found: FoundEndpoint[] = [];
	const claims: Record<string, EndpointClaim> = {};
	const assigned = new Set([...ids.values(), ...Object.values(kept)]);
	const isDeclared = (id: number) => [...ids].some(([place, one]) => one === id && places.has(place));
	const isFree = (one: Endpoint, endpoint: ClaimedEndpoint) =>
		looksLike(one, endpoint) && (exclusiveAddress(endpoint) !== undefined || !assigned.has(one.id));
	for (const [name, endpoint] of adoptersFirst(endpoints)) {
		const place = endpointPlace(on, name, endpoint);
		const former = known.get(place);
		if (former !== undefined) {
			claims[place] = former;
			continue;
		}
		const own = live.find(({ id }) => id === kept[place] && !isDeclared(id));
		const there = own ?? oldest(live.filter((one) => isFree(one, endpoint)));
		claims[place] = there === undefined ? { after } : { after, id: there.id };
		if (there === undefined) continue;
		assigned.add(there.id);
		if (own !== undefined) continue;
		found.push({ place: `${ownerPlace(on)}.endpoints.${name}`, text: describe(there), adopt: endpoint.adopt });
	}
	return { found, claims, ids };
}

/**
 * Ids of the live endpoints that earlier claims stand for, by place. Those that are declared on come first: what is left for the
 * others may be gone.
 */
function idsOfKnown(
	live: readonly Endpoint[],
	on: EndpointOwner,
	known: ReadonlyMap<string, EndpointClaim>,
	places: ReadonlySet<string>,
): Map<string, number> {
	const ids = new Map<string, number>();
	for (const [place, { id }] of known) {
		if (id !== undefined && live.some((one) => one.id === id)) ids.set(place, id);
	}
	const rank = (place: string) => (places.has(place) ? 0 : 1);
	const inOrder = [...known].sort(([a, one], [b, other]) => {
		return rank(a) - rank(b) || one.after - other.after || (a < b ? -1 : 1);
	});
	for (const [place, { after }] of inOrder) {
		if (ids.has(place)) continue;
		const key = place.slice(place.lastIndexOf("/") + 1);
		const taken = [...ids.values()];
		const own = oldest(
			live.filter((one) => {
				const identity = identifyLive(one, "database" in on);
				const isMadeLater = exclusiveAddress(identity) !== undefined || one.id > after;
				return endpointKey(identity) === key && isMadeLater && !taken.includes(one.id);
			}),
		);
		if (own !== undefined) ids.set(place, own.id);
	}
	return ids;
}

function adoptersFirst(endpoints: Readonly<Record<string, ClaimedEndpoint>>): [string, ClaimedEndpoint][] {
	return Object.entries(endpoints).sort(([a, one], [b, other]) => {
		if (one.adopt !== other.adopt) return one.adopt ? -1 : 1;
		return a < b ? -1 : 1;
	});
}

function describe(live: Endpoint): string {
	const { hostname, service, type, status } = live;
	return `${hostname ?? "no host name yet"}, ${type ?? "grpc"} on service ${service}, ${status}`;
}
