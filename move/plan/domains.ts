/** What has to be known of each domain of the stage before the night: its records on every authoritative server, and who may certify it. */

import { isIPv4 } from "node:net";
import type { z } from "zod";
import type { Endpoint } from "../../aptible/api/endpoint.ts";
import type { MovedDomain } from "../../config/move.ts";
import { newName } from "../../config/stable-names.ts";
import type { Stage } from "../../config/stage.ts";
import { lookUp } from "../../wire/own.ts";
import { readCaa } from "../dns/caa.ts";
import { mergeServers } from "../dns/differences.ts";
import { sameName } from "../dns/exchange.ts";
import { DnsError, type DnsReader, type NameReading, type RecordSets } from "../dns/reader.ts";
import type { LiveStage } from "./live.ts";

/** A domain as the stage file has it. */
export interface StageDomain {
	domain: string;
	/** Handle of its environment. */
	environment: string;
	app: string;
	/** Name of its endpoint in the stage file. */
	endpoint: string;
	service: string;
	managedTls: boolean;
	/** Its record where that is in the stage file too: `dns.zones.acme.records.portal`. */
	record: string | undefined;
	/** Its entry under `move.domains`. */
	moved: z.infer<typeof MovedDomain> | undefined;
	/** As it is on Aptible; undefined where that was not looked at, or has none. */
	live: Endpoint | undefined;
}

/** What DNS says of it. */
export interface DomainFacts {
	reading: NameReading;
	/** Of all servers that answer. */
	sets: RecordSets;
	/** The name whose CAA records decide; undefined where there is none, or it is not known. */
	caa: NameReading | undefined;
	/** IPv4 addresses that it leads to; undefined where they are not known, as with those below. */
	addresses: readonly string[] | undefined;
	/** Those of where it comes from by `move.domains`; none where it is not there. */
	fromAddresses: readonly string[] | undefined;
	/** Those of its endpoint, of an apex alone, which no CNAME leads there. */
	hostAddresses: readonly string[] | undefined;
	/** Whether the record is there by which a managed certificate is issued before traffic moves; undefined where none is needed. */
	hasChallenge: boolean | undefined;
	/** What of these is not known, with why: a line each. */
	unread: readonly string[];
}

/** Domains of the stage's endpoints, in the order of their names. */
export function listDomains(stage: Stage, live: Pick<LiveStage, "endpoints"> | undefined): StageDomain[] {
	const domains = Object.entries(stage.apps).flatMap(([app, { endpoints }]) =>
		Object.entries(endpoints).flatMap(([endpoint, { domain, service, managedTls, internal }]): StageDomain[] => {
			// Nobody outside of the stack comes over an internal one.
			if (domain === undefined || internal) return [];
			const moved = stage.move && lookUp(stage.move.domains, domain);
			const record = findRecord(stage, domain);
			const subject = {
				domain,
				environment: stage.environment.handle,
				app,
				endpoint,
				service,
				managedTls,
				record,
				moved,
			};
			return [{ ...subject, live: findLive(subject, live?.endpoints.get(app) ?? []) }];
		}),
	);
	return domains.sort((one, other) => (one.domain < other.domain ? -1 : 1));
}

function findRecord({ dns }: Stage, domain: string): string | undefined {
	const found = Object.entries(dns?.zones ?? {}).flatMap(([zone, { domain: above, records }]) =>
		Object.entries(records)
			.filter(([, { name, type }]) => type !== "TXT" && (name === "@" ? above : `${name}.${above}`) === domain)
			.map(([record]) => `dns.zones.${zone}.records.${record}`),
	);
	return found[0];
}

/** Of endpoints with an own certificate Aptible shows no domain: one that is alone on its service is it. */
function findLive(
	{ domain, service, managedTls }: Pick<StageDomain, "domain" | "service" | "managedTls">,
	endpoints: readonly Endpoint[],
): Endpoint | undefined {
	if (managedTls) return endpoints.find(({ managedTlsDomain }) => managedTlsDomain === domain);
	const own = endpoints.filter(
		(one) =>
			one.service === service && one.certificateId !== undefined && !one.managedTlsEnabled && !one.defaultDomainEnabled,
	);
	return own.length === 1 ? own[0] : undefined;
}

/** Name of the record by which a managed certificate is issued before traffic moves (facts/aptible.md §4.3). */
export function challengeName(domain: string): string {
	return `_acme-challenge.${domain.replace(/^\*\./, "")}`;
}

/** Whether a name is one of Aptible's endpoints. */
function isAptibles(name: string, live: Endpoint | undefined): boolean {
	return sameName(name, live?.hostname ?? "") || /\.(?:aptible\.in|on-aptible\.com)\.?$/i.test(name);
}

/** Whether the switch is done: it leads to Aptible. */
export function isSwitched(
	{ domain, live }: StageDomain,
	{ sets, addresses = [], hostAddresses = [] }: DomainFacts,
): boolean {
	const leads = (name: string) => isAptibles(name, live) || sameName(name, newName(domain));
	if ((sets.CNAME?.values ?? []).some(leads)) return true;
	return addresses.length > 0 && addresses.every((address) => hostAddresses.includes(address));
}

/** Reads a domain. @returns a message where its zone, or its servers, cannot be found */
export async function readDomain(
	dns: Pick<DnsReader, "read" | "addressesOf">,
	{ domain, managedTls, live, moved }: StageDomain,
): Promise<DomainFacts | string> {
	const unread: string[] = [];
	/** One failure leaves the rest known. */
	const attempt = async <T>(what: string, answer: T | Promise<T>): Promise<T | undefined> => {
		try {
			return await answer;
		} catch (error) {
			unread.push(`${domain}: ${what} unknown: ${messageOf(error)}`);
			return undefined;
		}
	};
	try {
		const reading = await dns.read(domain);
		const challengeHost = live?.managedTlsDnsChallengeHostname;
		const host = domain === reading.zone ? live?.hostname : undefined;
		const [caa, addresses, fromAddresses, hostAddresses, challenge] = await Promise.all([
			attempt("which CAA records decide is", managedTls ? readCaa((name) => dns.read(name), domain) : undefined),
			attempt("the addresses that it leads to are", dns.addressesOf(domain)),
			attempt(
				"the addresses of `from` are",
				moved === undefined ? [] : isIPv4(moved.from) ? [moved.from] : dns.addressesOf(moved.from),
			),
			attempt("the addresses of its endpoint are", host === undefined ? undefined : dns.addressesOf(host)),
			attempt(
				"whether its certificate's record is there is",
				challengeHost === undefined ? undefined : dns.read(challengeName(domain)),
			),
		]);
		const leads = challenge === undefined ? [] : (mergeServers(challenge).CNAME?.values ?? []);
		return {
			reading,
			sets: mergeServers(reading),
			caa,
			addresses,
			fromAddresses,
			hostAddresses,
			hasChallenge: challenge && leads.some((name) => sameName(name, challengeHost ?? "")),
			unread: unread.sort(),
		};
	} catch (error) {
		return messageOf(error);
	}
}

/** @throws what is no failure of DNS */
function messageOf(error: unknown): string {
	if (error instanceof DnsError) return error.message;
	throw error;
}
