import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

/**
 * An HTTPS endpoint of one service. Service, domain, `defaultDomain` and `internal` cannot change in place
 * (facts/aptible.md §4.2); the rest can, with one provision operation.
 */
export const EndpointSpec = z.strictObject({
	environment: Handle,
	app: Handle,
	/** Its name in the stage file, for messages; Aptible gives an endpoint no handle. */
	name: z.string().min(1),
	service: z.string().min(1),
	kind: z.literal("https"),
	/** Exactly one of `defaultDomain: true` and `domain` (with managed TLS) is set. */
	defaultDomain: z.boolean(),
	domain: z.string().optional(),
	internal: z.boolean(),
	/** Container port; absent: the lowest port the image exposes. */
	port: z.int().min(1).max(65535).optional(),
	/** IPv4 addresses or CIDRs that may connect; empty: everyone. */
	ipFilter: z.array(z.string()).max(50),
	/** Endpoint settings under the names `aptible endpoints:list` gives them (`idle_timeout`); absent ones are the platform's defaults. */
	settings: z.strictObject({
		force_ssl: z.boolean().optional(),
		idle_timeout: z.int().optional(),
		maintenance_page_url: z.string().optional(),
		release_healthcheck_timeout: z.int().optional(),
		show_elb_healthchecks: z.boolean().optional(),
		ssl_protocols_override: z.string().optional(),
		strict_health_checks: z.boolean().optional(),
	}),
});
export type EndpointSpec = z.infer<typeof EndpointSpec>;

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
	/** Address a person opens: the domain where there is one, else the default domain. */
	url: z.string(),
	/** Empty for a default domain. */
	dnsRecords: z.array(DnsRecord),
	/** State of the managed certificate (`pending`, `ready`, ...); absent without managed TLS. */
	managedTlsStatus: z.string().optional(),
	warnings: Warnings,
});
export type EndpointFacts = z.infer<typeof EndpointFacts>;

/** The service, the domain and whether it is internal are fixed at creation (facts/aptible.md §4.2). */
export function endpointIdentity(
	name: string,
	before: { service: string; internal: boolean; address: string },
	after: { service: string; internal: boolean; address: string },
): string | undefined {
	const text = ({ service, internal, address }: typeof before) =>
		`service "${service}", ${address}, ${internal ? "internal" : "external"}`;
	if (text(before) === text(after)) return undefined;
	return (
		`${name} is for ${text(before)}, and cannot become one for ${text(after)} in place. Declare a second endpoint under ` +
		"another name, move the traffic to it, then take this one out."
	);
}

/** An endpoint's address as messages call it. */
export function addressOf(endpoint: { defaultDomain: boolean; domain?: string | undefined }): string {
	return endpoint.defaultDomain ? "the default domain" : `domain ${endpoint.domain ?? "none"}`;
}
