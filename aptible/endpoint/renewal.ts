import type { Difference } from "../../wire/difference.ts";
import type { EndpointSpec } from "../../wire/endpoint.ts";
import type { Endpoint } from "../api/endpoint.ts";

import { renewEndpoint } from "../cli/endpoint.ts";
import { addressesOf, leadsTo } from "../client/dns.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context, OperationObject } from "../context.ts";
import { writeChallengeRecord } from "./facts.ts";

/** Whether an endpoint has yet to get its managed certificate, and would get it now. */
export async function isRenewable(live: Endpoint): Promise<boolean> {
	return awaitsCertificate(live) && (await isDnsInPlace(live));
}

/** A certificate that could be had now, as drift: what was declared is not there, and an update brings it. */
export function diffRenewal(live: Endpoint, isRenewable: boolean | undefined): Difference[] {
	if (isRenewable !== true) return [];
	return [{ field: "managedTls", declared: "ready", live: `${live.managedTlsStatus}, though its DNS record is there` }];
}

function awaitsCertificate(live: Endpoint): boolean {
	return live.managedTlsEnabled && live.managedTlsStatus !== "ready";
}

/**
 * Whether Let's Encrypt would find what it looks for: the challenge's record; or, where it may connect, the domain itself
 * (facts/aptible.md §4.3). Asking it in vain counts against its limits.
 */
async function isDnsInPlace(live: Endpoint): Promise<boolean> {
	const { internal, ip_whitelist } = live;
	const [domain, hostname] = [live.managedTlsDomain ?? "", live.hostname ?? ""];
	const { name, value } = writeChallengeRecord(domain, live);
	const isReachable = !internal && ip_whitelist === "all traffic" && !domain.startsWith("*.");
	// All at once: each waits some seconds where no server answers.
	const ways = await Promise.all([
		leadsTo(name, value),
		isReachable && leadsTo(domain, hostname),
		isReachable && sharesAddress(domain, hostname),
	]);
	return ways.includes(true);
}

/** Where the domain itself is an alias (ALIAS, ANAME), only the addresses show it. */
async function sharesAddress(domain: string, hostname: string): Promise<boolean> {
	const [ofDomain, ofEndpoint] = await Promise.all([addressesOf(domain), addressesOf(hostname)]);
	return ofDomain.some((address) => ofEndpoint.includes(address));
}

/**
 * Has a managed certificate issued as soon as its DNS is in place, instead of waiting until Aptible comes round to it.
 *
 * @returns warnings, as a certificate that is not there yet is no reason for an update to fail; undefined where none is awaited
 */
export async function renewWhenDnsIsInPlace(
	context: Context,
	spec: EndpointSpec,
	object: OperationObject,
	live: Endpoint,
): Promise<string[] | undefined> {
	if (!awaitsCertificate(live)) return undefined;
	const hostname = live.hostname ?? "";
	const { name, value } = writeChallengeRecord(spec.domain ?? "", live);
	const locator = "app" in spec.on ? `--app ${spec.on.app} --environment ${spec.environment}` : "";
	const command = `aptible endpoints:renew ${hostname} ${locator}`;
	if (!(await isDnsInPlace(live))) {
		return [
			`${object.label}: its certificate waits for the DNS record ${name} CNAME ${value}. Once that is there, \`pulumi up\` ` +
				`or \`${command}\` gets it at once; Aptible itself looks every now and then.`,
		];
	}
	try {
		await context.operate(object, { doing: "getting its certificate", carries: { type: "renew" } }, () =>
			renewEndpoint(context.cli, { ...spec.on, environment: spec.environment }, hostname),
		);
		return [];
	} catch (error) {
		if (!(error instanceof AptibleError)) throw error;
		return [
			`${error.message}\nIts certificate needs the DNS record ${name} CNAME ${value}, and a CAA record, where the domain has ` +
				`one, that allows letsencrypt.org. Try again with \`${command}\`.`,
		];
	}
}
