/** What tells one endpoint from another, and what of it cannot change in place. Aptible gives endpoints no handle. */
import { z } from "zod";
import { Handle } from "./fields.ts";

/** `database` stands for the TCP endpoint of a database. */
export const EndpointKind = z.enum(["https", "grpc", "tls", "tcp", "database"]);
export type EndpointKind = z.infer<typeof EndpointKind>;

/** What an endpoint belongs to. */
export const EndpointOwner = z.union([z.strictObject({ app: Handle }), z.strictObject({ database: Handle })]);
export type EndpointOwner = z.infer<typeof EndpointOwner>;

/** Fixed at creation (facts/aptible.md §4.2), but for the `domain` of an endpoint without a managed certificate. */
export const EndpointIdentity = z.strictObject({
	kind: EndpointKind,
	/** Process type of the app; absent for a database. */
	service: z.string().min(1).optional(),
	internal: z.boolean(),
	defaultDomain: z.boolean(),
	managedTls: z.boolean(),
	/** With `managedTls` the domain that Aptible knows it by; else only what people call it. */
	domain: z.string().optional(),
});
export type EndpointIdentity = z.infer<typeof EndpointIdentity>;

/** The address of which there can be one at a time: an app's default domain, or a domain with a managed certificate. */
export function exclusiveAddress(identity: EndpointIdentity): string | undefined {
	if (identity.defaultDomain) return "default";
	return identity.managedTls ? identity.domain : undefined;
}

/**
 * The part of an endpoint's identity that its resource is named by. A change of it makes a second endpoint, which comes up
 * before the first goes; endpoints that cannot be there at the same time share the key, so that a change is one in place,
 * which `refuseEndpointIdentityChange` refuses.
 */
export function endpointKey(identity: EndpointIdentity): string {
	const { kind, service, internal } = identity;
	// A star in a resource's name is a wildcard to `--target`.
	const address = exclusiveAddress(identity)?.replace("*", "any");
	return address ?? [kind, service, internal ? "internal" : "external"].filter((part) => part !== undefined).join("-");
}

/** An endpoint as messages call it. */
export function endpointLabel(name: string, on: EndpointOwner): string {
	return `endpoint "${name}" of ${"app" in on ? `app "${on.app}"` : `database "${on.database}"`}`;
}

/** Identity in words: `https on service "web", external, with the default domain`. */
export function describeIdentity(identity: EndpointIdentity): string {
	const { kind, service, internal, domain } = identity;
	const what = service === undefined ? kind : `${kind} on service "${service}"`;
	return `${what}, ${internal ? "internal" : "external"}${addressText(identity, domain)}`;
}

function addressText({ defaultDomain, managedTls, kind }: EndpointIdentity, domain: string | undefined): string {
	if (defaultDomain) return ", with the default domain";
	if (managedTls) return `, with a managed certificate for ${domain}`;
	return kind === "tcp" || kind === "database" ? "" : ", with a certificate of its own";
}

/** Why one identity cannot become another in place, and what to do instead; nothing if they are the same. */
export function refuseEndpointIdentityChange(
	label: string,
	before: EndpointIdentity,
	after: EndpointIdentity,
): string | undefined {
	const [from, to] = [describeIdentity(before), describeIdentity(after)];
	if (from === to) return undefined;
	const refused = `${label} is ${from}, and cannot become ${to} in place`;
	const address = exclusiveAddress(before);
	const gap =
		"Where a gap does no harm: remove it, run `pulumi up`, declare it again, and run `pulumi up` again. Where it does: " +
		"declare a second endpoint under another name";
	if (address === undefined || address !== exclusiveAddress(after)) {
		return `${refused}. Declare a second endpoint under another name, move the traffic to it, then remove this one.`;
	}
	if (address === "default") {
		return (
			`${refused}; nor can a second come up beside it, as an app has one default domain. ${gap} with a domain of its own, move ` +
			"the traffic to it, then remove this one."
		);
	}
	return (
		`${refused}; nor can a second come up beside it, as ${address} has one managed certificate. ${gap} with a certificate of ` +
		"your own, lead the domain's CNAME to its host name, then remove this one."
	);
}

/**
 * Why a service without containers gets no new endpoint, and what to do instead.
 *
 * @param phase of the move that may have stopped the service; none: the stage file says 0
 */
export function refuseIdleService(name: string, on: EndpointOwner, service: string, phase?: string): string {
	const fix =
		phase === undefined
			? `Give ${ownerPlace(on)}.services.${service} \`containers: 1\` for the \`pulumi up\` that makes the endpoint, or remove the endpoint.`
			: `The phase "${phase}" of the move stops it: make the endpoint in a phase in which it runs, or with one \`pulumi up\` before the ` +
				"stage has a move.";
	return (
		`${endpointLabel(name, on)}: service "${service}" has 0 containers, and Aptible makes no new endpoint for such a service. ` +
		fix
	);
}

/** What an endpoint belongs to, as a place in the stage file. */
export function ownerPlace(on: EndpointOwner): string {
	return "app" in on ? `apps.${on.app}` : `databases.${on.database}`;
}

/** The place by which the claims know an endpoint. With another key it is another endpoint, to be claimed again. */
export function endpointPlace(on: EndpointOwner, name: string, identity: EndpointIdentity): string {
	return `${ownerPlace(on)}.endpoints.${name}/${endpointKey(identity)}`;
}
