import { isIPv4 } from "node:net";
import { z } from "zod";
import { appEndpointKinds } from "../wire/endpoint-settings.ts";
import { mostPorts } from "./catalogue.ts";
import { Certificate, fingerprint } from "./certificate.ts";
import { settingFields } from "./endpoint-settings.ts";
import { block, choice, flag, message, pattern, text, whole } from "./fields.ts";
import { adopt, protect } from "./shared-fields.ts";

const domain = /^(?=.{4,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** An IPv4 address, or a network in CIDR form. */
function isIPv4Range(value: string): boolean {
	const [address = "", prefix, ...rest] = value.split("/");
	return isIPv4(address) && rest.length === 0 && (prefix === undefined || /^(?:[0-9]|[12][0-9]|3[0-2])$/.test(prefix));
}

const ipRangeText = "the like of 203.0.113.10 or 203.0.113.0/24 (Aptible filters no IPv6)";
const ipRange = text("an IPv4 address or range", ipRangeText).refine(isIPv4Range, {
	error: `is not an IPv4 address or range; allowed: ${ipRangeText}`,
});

const ports = z
	.array(whole("port", 1, 65535), { error: message("a list", "ports, such as [1883, 8883]") })
	.min(1, { error: "is empty; take the line out for all the ports that the image exposes" })
	.max(mostPorts, { error: `has more than ${mostPorts} entries; allowed: at most ${mostPorts}` });

/** IPv4 addresses and ranges that may connect, at most 50 (facts/aptible.md §4.2). */
export const ipFilter = () =>
	z
		.array(ipRange, { error: message("a list", "IPv4 addresses and ranges, such as [203.0.113.0/24]") })
		.max(50, { error: "has more than 50 entries; allowed: at most 50" })
		.default([]);

/** The name that an endpoint had in the stage file. */
export const formerEndpointName = () =>
	pattern("the name of an endpoint", "letters, digits and _", /^[A-Za-z0-9_]+$/).optional();

/** Whether only the same stack reaches it. */
export const internal = () => flag("true opens it only to the same stack").default(false);

/**
 * An endpoint of an app: a load balancer in front of one service (Aptible docs: endpoints; facts/aptible.md §4). Which keys go with
 * which kind is judged in `config/endpoint-kind-rules.ts`.
 */
export const Endpoint = block("an endpoint", {
	/** The service of the same app that it leads to. */
	service: text("a service of this app", "one of the names under services"),
	kind: choice("a kind of endpoint", appEndpointKinds),
	/** Use the `app-<id>.on-aptible.com` address that Aptible gives; one for each app. @default false */
	defaultDomain: flag("true uses the address that Aptible gives").default(false),
	/** Own domain. @default none */
	domain: pattern(
		"a domain",
		"a full name in lower case, such as portal.example.com or *.example.com",
		domain,
	).optional(),
	/** Have Aptible get and renew the domain's certificate. @default false */
	managedTls: flag("true has Aptible get and renew the certificate").default(false),
	/** A certificate of one's own. @default none */
	certificate: Certificate.optional(),
	/** SHA-256 of a certificate that is in the environment already, or its start. @default none */
	certificateFingerprint: fingerprint().optional(),
	/** Open only to the same stack. @default false */
	internal: internal(),
	/** Port of the container (https, grpc). @default the lowest port the image exposes */
	port: whole("port of the container", 1, 65535).optional(),
	/** Ports of the container (tls, tcp). @default all that the image exposes */
	ports: ports.optional(),
	/** IPv4 addresses and ranges that may connect. @default everyone */
	ipFilter: ipFilter(),
	...settingFields,
	/** Share the load balancer with others, for less money and for good (https). @default false */
	shared: flag("true shares the load balancer with others").default(false),
	/** Seconds within which it has to answer after it was made or changed, or the update fails (https). @default not asked */
	answersWithinSeconds: whole("seconds", 1, 900).optional(),
	/** Take over an endpoint that exists already. @default false */
	adopt: adopt(),
	/** Name it had before in this file. */
	renamedFrom: formerEndpointName(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type Endpoint = z.infer<typeof Endpoint> & { protect: boolean };

/** An endpoint of a database: a TCP load balancer in front of it (Aptible docs: database endpoints; facts/aptible.md §3.3). */
export const DatabaseEndpoint = block("an endpoint of a database", {
	/** Open only to the same stack. @default false */
	internal: internal(),
	/** IPv4 addresses and ranges that may connect. @default everyone */
	ipFilter: ipFilter(),
	/** Take over an endpoint that exists already. @default false */
	adopt: adopt(),
	/** Name it had before in this file. */
	renamedFrom: formerEndpointName(),
	/** Refuse to delete it. @default the value of `environment.phi` */
	protect: protect(),
});
export type DatabaseEndpoint = z.infer<typeof DatabaseEndpoint> & { protect: boolean };
