/** The app or database that an endpoint belongs to, by way of its service. */
import type { EndpointOwner } from "../../wire/endpoint-identity.ts";
import type { Api } from "../api/api.ts";
import { listApps, readApp } from "../api/app.ts";
import { listNamedDatabases, readDatabaseServiceId } from "../api/database.ts";
import { type Endpoint, listAppEndpoints, listServiceEndpoints } from "../api/endpoint.ts";
import { listServices, readService } from "../api/service.ts";
import { AptibleError } from "../client/errors.ts";
import { findUntilThere } from "../client/lag.ts";
import type { Context } from "../context.ts";

/** Where endpoints are: what they belong to, and its environment. */
export interface OwnerLocator {
	on: EndpointOwner;
	environmentId: number;
}

/** A live app or database, with the services that its endpoints go to. */
export interface LiveOwner {
	id: number;
	services: readonly { id: number; service: string }[];
}

/** Per client, and so per Command, which is about one owner: what was found is asked for once. */
const found = new WeakMap<Api, Map<string, LiveOwner>>();

/** The app or database with a handle; undefined where the list has none. */
export async function findOwner({ api }: Context, place: OwnerLocator): Promise<LiveOwner | undefined> {
	const known = found.get(api) ?? new Map<string, LiveOwner>();
	found.set(api, known);
	const key = JSON.stringify([place.environmentId, place.on]);
	const owner = known.get(key) ?? (await readOwner(api, place));
	if (owner !== undefined) known.set(key, owner);
	return owner;
}

async function readOwner(api: Api, { on, environmentId }: OwnerLocator): Promise<LiveOwner | undefined> {
	const found =
		"app" in on
			? (await listApps(api, environmentId)).find(({ handle }) => handle === on.app)
			: (await listNamedDatabases(api, environmentId)).find(({ handle }) => handle === on.database);
	return found && readOwnerById(api, on, found.id);
}

async function readOwnerById(api: Api, on: EndpointOwner, id: number): Promise<LiveOwner> {
	if ("app" in on) {
		const { services } = await readApp(api, id);
		// What an app embeds is shown, not documented.
		return { id, services: services.length > 0 ? services : await listServices(api, id) };
	}
	const serviceId = await readDatabaseServiceId(api, id);
	return { id, services: serviceId === undefined ? [] : [await readService(api, serviceId)] };
}

/** The endpoints at a place; none where nothing of that name is there, or it was never provisioned. */
export async function listEndpoints(context: Context, place: OwnerLocator): Promise<Endpoint[]> {
	const owner = await findOwner(context, place);
	if (owner === undefined) return [];
	const endpoints = await listOf(context, place.on, owner);
	if (endpoints.every(({ service }) => service !== "")) return endpoints;
	// A release has brought in a service meanwhile.
	const renewed = await readOwner(context.api, place);
	return renewed === undefined ? [] : refuseUnplaced(place.on, await listOf(context, place.on, renewed));
}

/** The endpoints of an app or a database that is known by its id, from no list of what is in its environment, which may lag behind. */
export async function listEndpointsOf(context: Context, on: EndpointOwner, id: number): Promise<Endpoint[]> {
	return refuseUnplaced(on, await listOf(context, on, await readOwnerById(context.api, on, id)));
}

/** @throws AptibleError where the service of an endpoint is unknown: what cannot be told from others would be made a second time */
function refuseUnplaced(on: EndpointOwner, endpoints: Endpoint[]): Endpoint[] {
	const unplaced = endpoints.find(({ service }) => service === "");
	if (unplaced === undefined) return endpoints;
	const { id, hostname = "no host name yet" } = unplaced;
	throw new AptibleError(
		`${describeOwner(on)}: Aptible does not say which service its endpoint ${id} (${hostname}) is on. Run the command again; if it ` +
			"stays so, compare with `aptible endpoints:list`.",
	);
}

function describeOwner(on: EndpointOwner): string {
	return "app" in on ? `app "${on.app}"` : `database "${on.database}"`;
}

async function listOf({ api }: Context, on: EndpointOwner, { id, services }: LiveOwner): Promise<Endpoint[]> {
	if ("app" in on) return listAppEndpoints(api, id, services);
	return (await Promise.all(services.map((service) => listServiceEndpoints(api, service)))).flat();
}

/** @throws AptibleError where an endpoint is to be on something that is not there */
export async function requireOwner(context: Context, place: OwnerLocator, environment: string): Promise<LiveOwner> {
	const owner = await findUntilThere(context, () => findOwner(context, place));
	if (owner !== undefined) return owner;
	const list = "app" in place.on ? "apps" : "db:list";
	throw new AptibleError(
		`${describeOwner(place.on)} is not in environment "${environment}", so it can have no endpoint. Look at what is there with ` +
			`\`aptible ${list} --environment ${environment}\`, then run \`pulumi up\` again.`,
	);
}
