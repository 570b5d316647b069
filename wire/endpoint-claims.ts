import { z } from "zod";
import {
	describeIdentity,
	EndpointIdentity,
	type EndpointOwner,
	endpointKey,
	endpointLabel,
	exclusiveAddress,
	ownerPlace,
} from "./endpoint-identity.ts";

/** What a stage claims of an endpoint: what tells it from others. */
export const ClaimedEndpoint = z.strictObject({
	adopt: z.boolean(),
	/** Its former name in the stage file. */
	renamedFrom: z.string().optional(),
	...EndpointIdentity.shape,
});
export type ClaimedEndpoint = z.infer<typeof ClaimedEndpoint>;

/** Endpoints of the apps or the databases of a stage, by handle and name. */
export type ClaimedOwners = Readonly<
	Record<
		string,
		{ renamedFrom?: string | undefined; endpoints?: Readonly<Record<string, ClaimedEndpoint>> | undefined }
	>
>;

/** The endpoints of a stage. */
export interface ClaimedStage {
	apps: ClaimedOwners;
	databases: ClaimedOwners;
}

/** One endpoint with the names that it has and had. */
interface Entry {
	on: EndpointOwner;
	name: string;
	identity: ClaimedEndpoint;
	/** Each `apps.portal` that its owner may have been before. */
	owners: string[];
	/** Each name that it may have had before. */
	names: string[];
}

/**
 * Why a change of a stage cannot be made without taking something off the network, seen over all its endpoints; nothing if it can.
 * What one endpoint shows by itself is `refuseEndpointChange`.
 */
export function refuseEndpointMoves(before: ClaimedStage, after: ClaimedStage): string | undefined {
	const former = entriesOf(before);
	for (const entry of entriesOf(after)) {
		const was = formerSelf(entry, former);
		const refused = refuseSameDomain(entry, was) ?? refuseTakenAddress(entry, was, former);
		if (refused !== undefined) return refused;
	}
	return undefined;
}

/** Which endpoints a change replaces: the second comes up before the first goes, and has another host name. */
export function announceEndpointMoves(before: ClaimedStage, after: ClaimedStage): string[] {
	const former = entriesOf(before);
	return entriesOf(after).flatMap((entry) => {
		const { on, name, identity } = entry;
		const was = formerSelf(entry, former);
		if (was === undefined || endpointKey(was.identity) === endpointKey(identity)) return [];
		return [
			`${endpointLabel(name, on)} was ${describeIdentity(was.identity)}, and becomes ${describeIdentity(identity)}: a second ` +
				"endpoint with a host name of its own comes up first, then the old one goes, in the same update. Whoever still uses " +
				"the old host name is then cut off; to move them in between, declare the second under another name.",
		];
	});
}

/** People come by the domain: the second endpoint would take over only once its CNAME has been moved, and the first is gone by then. */
function refuseSameDomain({ on, name, identity }: Entry, was: Entry | undefined): string | undefined {
	if (was === undefined || endpointKey(was.identity) === endpointKey(identity)) return undefined;
	if (identity.domain === undefined || identity.domain !== was.identity.domain) return undefined;
	return (
		`${endpointLabel(name, on)} is ${describeIdentity(was.identity)}, and cannot become ${describeIdentity(identity)} while it keeps ` +
		`the domain ${identity.domain}: its CNAME has to be moved in between. Declare a second endpoint under another name without ` +
		"that domain, lead the CNAME to its host name, then remove this one and give the domain to the second."
	);
}

function refuseTakenAddress(entry: Entry, was: Entry | undefined, former: readonly Entry[]): string | undefined {
	const { on, name, identity } = entry;
	const address = exclusiveAddress(identity);
	if (address === undefined) return undefined;
	const holder = former.find((one) => {
		if (one === was || exclusiveAddress(one.identity) !== address) return false;
		return address !== "default" || entry.owners.includes(ownerPlace(one.on));
	});
	if (holder === undefined) return undefined;
	const what = address === "default" ? "the default domain" : `the domain ${address}`;
	const held = `${endpointLabel(name, on)} takes ${what} of ${endpointLabel(holder.name, holder.on)}, and two cannot have it at once.`;
	const inTurn = `remove "${holder.name}", run \`pulumi up\`, then declare "${name}"`;
	if (was !== undefined || !entry.owners.includes(ownerPlace(holder.on)))
		return `${held} One after the other: ${inTurn}.`;
	return (
		`${held} If it is the same endpoint under another name, say so: ${ownerPlace(on)}.endpoints.${name}.renamedFrom: ` +
		`${holder.name}. If not: ${inTurn}.`
	);
}

function formerSelf({ owners, names }: Entry, former: readonly Entry[]): Entry | undefined {
	return former.find((one) => owners.includes(ownerPlace(one.on)) && names.includes(one.name));
}

function entriesOf({ apps, databases }: ClaimedStage): Entry[] {
	const of = (owners: ClaimedOwners, ownerOf: (handle: string) => EndpointOwner) =>
		Object.entries(owners).flatMap(([handle, { renamedFrom, endpoints = {} }]) =>
			Object.entries(endpoints).map(([name, identity]) => ({
				on: ownerOf(handle),
				name,
				identity,
				owners: [handle, renamedFrom].flatMap((one) => (one === undefined ? [] : [ownerPlace(ownerOf(one))])),
				names: [name, identity.renamedFrom].filter((one) => one !== undefined),
			})),
		);
	return [...of(apps, (app) => ({ app })), ...of(databases, (database) => ({ database }))];
}

/** Claims of endpoints, by name, as the spec of the claims has them. */
export const ClaimedEndpoints = z.record(z.string(), ClaimedEndpoint);
