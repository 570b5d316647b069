import { isIPv4 } from "node:net";
import { z } from "zod";
import { sslProtocols } from "./catalogue.ts";
import { block, choice, flag, message, pattern, text, whole } from "./fields.ts";
import { nearestPhrase } from "./near-miss.ts";
import { adopt } from "./shared-fields.ts";

const domain = /^(?=.{4,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

const isHttpsUrl = (value: string) => URL.parse(value)?.protocol === "https:";

const httpsUrl = text("an https:// address", "https://...").refine(isHttpsUrl, {
	error: "is not an https:// address; allowed: the like of https://status.example.com/down.html",
});

/** An IPv4 address, or a network in CIDR form. */
function isIPv4Range(value: string): boolean {
	const [address = "", prefix, ...rest] = value.split("/");
	return isIPv4(address) && rest.length === 0 && (prefix === undefined || /^(?:[0-9]|[12][0-9]|3[0-2])$/.test(prefix));
}

const ipRangeText = "the like of 203.0.113.10 or 203.0.113.0/24 (Aptible filters no IPv6)";
const ipRange = text("an IPv4 address or range", ipRangeText).refine(isIPv4Range, {
	error: `is not an IPv4 address or range; allowed: ${ipRangeText}`,
});

/** An HTTPS endpoint: a load balancer in front of one service (Aptible docs: HTTPS endpoints; facts/aptible.md §4). */
export const Endpoint = block("an endpoint", {
	/** The service of the same app that it leads to. */
	service: text("a service of this app", "one of the names under services"),
	kind: choice("a kind of endpoint", ["https"]),
	/** Use the `app-<id>.on-aptible.com` address that Aptible gives; one for each app. @default false */
	defaultDomain: flag("true uses the address that Aptible gives").default(false),
	/** Own domain. @default none: then `defaultDomain` must be true */
	domain: pattern(
		"a domain",
		"a full name in lower case, such as portal.example.com or *.example.com",
		domain,
	).optional(),
	/** Have Aptible get and renew the domain's certificate. @default false */
	managedTls: flag("true has Aptible get and renew the certificate").default(false),
	/** Open only to the same stack. @default false */
	internal: flag("true opens it only to the same stack").default(false),
	/** Port of the container. @default the lowest port the image exposes */
	port: whole("port of the container", 1, 65535).optional(),
	/** IPv4 addresses and ranges that may connect. @default everyone */
	ipFilter: z
		.array(ipRange, { error: message("a list", "IPv4 addresses and ranges, such as [203.0.113.0/24]") })
		.max(50, { error: "has more than 50 entries; allowed: at most 50" })
		.default([]),
	/** @default "TLSv1.2 PFS TLSv1.3", as Aptible's own default still admits TLS 1.0 */
	sslProtocols: choice("a choice of TLS protocols", sslProtocols, nearestPhrase).default("TLSv1.2 PFS TLSv1.3"),
	/** Redirect HTTP to HTTPS, and tell browsers to remember it for a year. @default true */
	forceSsl: flag("true redirects HTTP to HTTPS").default(true),
	/** Seconds after which an idle connection is cut. @default Aptible's */
	idleTimeoutSeconds: whole("seconds", 30, 2400).optional(),
	/** Seconds that a new release has to answer its health check. @default Aptible's, 180 */
	releaseHealthcheckTimeoutSeconds: whole("seconds", 1, 900).optional(),
	/** Ask `GET /healthcheck` for a 200, instead of `GET /` for any answer. @default Aptible's, off */
	strictHealthChecks: flag("true asks /healthcheck for a 200").optional(),
	/** Show the health checks in the app's logs. @default Aptible's, off */
	showElbHealthchecks: flag("true shows health checks in the logs").optional(),
	/** Page shown while the app is down; Aptible's support enables these for a stack. @default Aptible's page */
	maintenancePageUrl: httpsUrl.optional(),
	/** Take over an endpoint that exists already. @default false */
	adopt: adopt(),
});
export type Endpoint = z.infer<typeof Endpoint>;
