import { z } from "zod";
import { appEndpointKinds } from "../wire/endpoint-settings.ts";
import { mostPorts } from "./catalogue.ts";
import { Certificate, fingerprint } from "./certificate.ts";
import { settingFields } from "./endpoint-settings.ts";
import { block, choice, flag, message, pattern, text, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { adopt, ipv4RangePattern, protect } from "./shared-fields.ts";

/** What a change of them does depends on whether both endpoints can exist: docs/configuration/endpoints.md. */
const replaced = "no: replaced, or refused";

const domain = /^(?=.{4,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

const ipRangeText = "for example 203.0.113.10 or 203.0.113.0/24 (Aptible filters no IPv6)";
const ipRange = pattern("an IPv4 address or range", ipRangeText, ipv4RangePattern);

const ports = z
	.array(whole("port", 1, 65535), { error: message("a list", "ports, such as [1883, 8883]") })
	.min(1, { error: "is empty; remove the line for all the ports that the image exposes" })
	.max(mostPorts, { error: `has more than ${mostPorts} entries; allowed: at most ${mostPorts}` });

/** IPv4 addresses and ranges that may connect, at most 50 (facts/aptible.md §4.2). */
export const ipFilter = () =>
	z
		.array(ipRange, { error: message("a list", "IPv4 addresses and ranges, such as [203.0.113.0/24]") })
		.max(50, { error: "has more than 50 entries; allowed: at most 50" })
		.default([])
		.register(keyDocs, {
			description: "IP filter: addresses that may connect",
			inPlace: "yes",
			allowed: "list of at most 50 IPv4 addresses and ranges",
			otherwise: "everyone",
		});

/** The name that an endpoint had in the stage file. */
export const formerEndpointName = () =>
	pattern("the name of an endpoint", "letters, digits and _", /^[A-Za-z0-9_]+$/)
		.optional()
		.register(keyDocs, { description: "name that it had before in this file", inPlace: "yes" });

/** Whether only the same stack reaches it. */
export const internal = () =>
	flag("true opens it only to the same stack")
		.default(false)
		.register(keyDocs, { description: "open to the same stack only", inPlace: replaced });

/**
 * An endpoint of an app: a load balancer in front of one service (Aptible docs: endpoints; facts/aptible.md §4). Which keys go with
 * which kind is judged in `config/endpoint-kind-rules.ts`.
 */
export const Endpoint = block("an endpoint", {
	service: text("a service of this app", "one of the names under services").register(keyDocs, {
		description: "service that it leads to",
		inPlace: replaced,
		allowed: "a service of this app",
	}),
	kind: choice("a kind of endpoint", appEndpointKinds).register(keyDocs, {
		description: "endpoint type",
		inPlace: replaced,
	}),
	defaultDomain: flag("true uses the address that Aptible gives").default(false).register(keyDocs, {
		description: "default domain, `app-ID.on-aptible.com`; one for each app",
		inPlace: replaced,
	}),
	domain: pattern("a domain", "a full name in lower case, such as portal.example.com or *.example.com", domain)
		.optional()
		.register(keyDocs, {
			description: "custom domain, in lower case",
			inPlace: `with \`managedTls\` ${replaced}; else yes`,
			allowed: "a full name, such as `portal.example.com` or `*.example.com`",
		}),
	managedTls: flag("true has Aptible get and renew the certificate").default(false).register(keyDocs, {
		description: "managed TLS: Aptible issues and renews the certificate",
		inPlace: replaced,
	}),
	certificate: Certificate.optional().register(keyDocs, { description: "custom certificate" }),
	certificateFingerprint: fingerprint().optional().register(keyDocs, {
		description: "SHA-256 of a certificate that is in the environment already, or its beginning",
		inPlace: "yes",
		allowed: "8 to 64 hexadecimal digits",
	}),
	internal: internal(),
	port: whole("port of the container", 1, 65535).optional().register(keyDocs, {
		description: "container port",
		inPlace: "yes",
		otherwise: "the lowest port that the image exposes",
	}),
	ports: ports.optional().register(keyDocs, {
		description: "container ports",
		inPlace: "yes",
		allowed: `list of 1 to ${mostPorts} ports`,
		otherwise: "all ports that the image exposes",
	}),
	ipFilter: ipFilter(),
	...settingFields,
	shared: flag("true shares the load balancer with others").default(false).register(keyDocs, {
		description: "shared endpoint: others use the same load balancer, for less money; clients have to send SNI",
		inPlace: "yes; never back to `false`",
		allowed: "`true`, `false`; not with a wildcard",
	}),
	answersWithinSeconds: whole("seconds", 1, 900).optional().register(keyDocs, {
		description: "seconds within which it has to answer after a change, or the update fails",
		inPlace: "yes",
		otherwise: "not requested",
	}),
	adopt: adopt(),
	renamedFrom: formerEndpointName(),
	protect: protect(),
});
export type Endpoint = z.infer<typeof Endpoint> & { protect: boolean };

/** An endpoint of a database: a TCP load balancer in front of it (Aptible docs: database endpoints; facts/aptible.md §3.3). */
export const DatabaseEndpoint = block("an endpoint of a database", {
	internal: internal(),
	ipFilter: ipFilter(),
	adopt: adopt(),
	renamedFrom: formerEndpointName(),
	protect: protect(),
});
export type DatabaseEndpoint = z.infer<typeof DatabaseEndpoint> & { protect: boolean };
