import { z } from "zod";
import { EndpointIdentity, EndpointOwner, endpointLabel, refuseEndpointIdentityChange } from "./endpoint-identity.ts";
import { SettingsFields, SpecFields } from "./endpoint-settings.ts";
import { Handle, Warnings } from "./fields.ts";

/** An endpoint of an app's service or of a database. What is not part of its identity changes with one provision operation. */
export const EndpointSpec = z.strictObject({
	environment: Handle,
	on: EndpointOwner,
	/** Its name in the stage file, for messages. */
	name: z.string().min(1),
	...EndpointIdentity.shape,
	/** References to the secrets that hold chain and key (PEM); both are templates. */
	certificate: z.strictObject({ chain: z.string().min(1), key: z.string().min(1) }).optional(),
	/** SHA-256 of a certificate that is on Aptible already, or the start of it, in lower-case hex. */
	certificateFingerprint: z.string().optional(),
	/** Container ports: one at most for https and grpc, ten for tls and tcp. Empty: what Aptible takes by itself. */
	ports: z.array(z.int().min(1).max(65535)).max(10),
	/** IPv4 addresses or CIDRs that may connect; empty: everyone. */
	ipFilter: z.array(z.string()).max(50),
	...SpecFields,
	/** Shares its load balancer with others, for good. */
	shared: z.boolean(),
	/** Endpoint settings under the names `aptible endpoints:list` gives them (`idle_timeout`); absent ones are the platform's defaults. */
	settings: z.strictObject(SettingsFields),
	/** Other endpoints of the stage have the same identity: what is found without an id may be one of theirs. */
	hasTwins: z.boolean(),
	/** Seconds within which an https endpoint that was provisioned has to answer; absent: not asked. */
	answersWithinSeconds: z.int().positive().optional(),
	/** A restart of the database comes after it: `database-restart`. */
	restartFollows: z.boolean().optional(),
});
export type EndpointSpec = z.infer<typeof EndpointSpec>;

/**
 * What the claims say of an endpoint that Aptible cannot tell from others: it is newer than `after`, the newest id at the
 * moment of the claim, or it is the one with the `id` that was adopted.
 */
export const EndpointClaim = z.object({ after: z.int(), id: z.int().optional() });
export type EndpointClaim = z.infer<typeof EndpointClaim>;

/** A DNS record that the owner of the domain has to make. */
export const DnsRecord = z.strictObject({
	type: z.literal("CNAME"),
	name: z.string(),
	value: z.string(),
	purpose: z.string(),
});
export type DnsRecord = z.infer<typeof DnsRecord>;

export const EndpointFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	/** Host name that Aptible gave the endpoint: the target of a CNAME record. */
	hostname: z.string(),
	/** Address to open: the domain where there is one, else the default domain, else the host name. */
	url: z.string(),
	/** Empty for a default domain. */
	dnsRecords: z.array(DnsRecord),
	/** State of the managed certificate (`pending`, `ready`, ...); absent without managed TLS. */
	managedTlsStatus: z.string().optional(),
	/** SHA-256 of the certificate that was sent last, and of its whole chain; empty without one. */
	certificate: z.string().default(""),
	chain: z.string().default(""),
	/** What its record said at the end of the run, and the newest operation then: a record that changed without one is not served. */
	record: z.string().default(""),
	operation: z.int().default(0),
	warnings: Warnings,
});
export type EndpointFacts = z.infer<typeof EndpointFacts>;

/** What of a change cannot be made in place: the identity, and a shared load balancer given up again. */
export function refuseEndpointChange(before: EndpointSpec, after: EndpointSpec): string | undefined {
	const label = endpointLabel(before.name, before.on);
	return refuseEndpointIdentityChange(label, before, after) ?? refuseUnsharing(label, before.shared, after.shared);
}

/** A shared endpoint never gets a load balancer of its own again (Aptible docs: shared endpoints). */
export function refuseUnsharing(label: string, before: boolean, after: boolean): string | undefined {
	if (!before || after) return undefined;
	return (
		`${label} shares its load balancer, and Aptible never gives it one of its own again. Leave \`shared: true\`, or declare ` +
		"a second endpoint under another name, move the traffic to it, then remove this one."
	);
}
