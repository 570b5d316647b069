/** What has to be known of each domain of the stage before the night: its records on every authoritative server, and who may certify it. */

import { isIPv4 } from "node:net";
import type { z } from "zod";
import type { Endpoint } from "../../aptible/api/endpoint.ts";
import type { MovedDomain } from "../../config/move.ts";
import type { Stage } from "../../config/stage.ts";
import { type CaaReading, readCaa } from "../dns/caa.ts";
import { mergeServers } from "../dns/differences.ts";
import { sameName } from "../dns/exchange.ts";
import { DnsError, type DnsReader, type NameReading, type RecordSets } from "../dns/reader.ts";
import type { LiveStage } from "./live.ts";

/** A domain as the stage file has it. */
export interface StageDomain {
	domain: string;
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
	caa: CaaReading | undefined;
	/** IPv4 addresses that it leads to. */
	addresses: readonly string[];
	/** Those of where it comes from by `move.domains`; none where it is not there. */
	fromAddresses: readonly string[];
	/** Whether the record is there by which a managed certificate is issued before traffic moves; undefined where none is needed. */
	hasChallenge: boolean | undefined;
}

/** Domains of the stage's endpoints, in the order of their names. */
export function listDomains(stage: Stage, live: LiveStage | undefined): StageDomain[] {
	const domains = Object.entries(stage.apps).flatMap(([app, { endpoints }]) =>
		Object.entries(endpoints).flatMap(([endpoint, { domain, service, managedTls, internal }]): StageDomain[] => {
			// Nobody outside of the stack comes over an internal one.
			if (domain === undefined || internal) return [];
			const moved =
				stage.move !== undefined && Object.hasOwn(stage.move.domains, domain) ? stage.move.domains[domain] : undefined;
			const record = findRecord(stage, domain);
			const subject = { domain, app, endpoint, service, managedTls, record, moved };
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

/** Reads a domain. @returns a message where its zone, or its servers, cannot be found */
export async function readDomain(
	dns: DnsReader,
	{ domain, managedTls, live, moved }: StageDomain,
): Promise<DomainFacts | string> {
	const read = (name: string) => dns.read(name);
	try {
		const challengeHost = live?.managedTlsDnsChallengeHostname;
		const [reading, caa, addresses, fromAddresses, challenge] = await Promise.all([
			read(domain),
			managedTls ? readCaa(read, domain) : undefined,
			dns.addressesOf(domain),
			moved === undefined ? [] : isIPv4(moved.from) ? [moved.from] : dns.addressesOf(moved.from),
			challengeHost === undefined ? undefined : read(challengeName(domain)),
		]);
		const leads = challenge === undefined ? [] : (mergeServers(challenge).CNAME?.values ?? []);
		return {
			reading,
			sets: mergeServers(reading),
			caa,
			addresses,
			fromAddresses,
			hasChallenge: challengeHost === undefined ? undefined : leads.some((name) => sameName(name, challengeHost)),
		};
	} catch (error) {
		if (error instanceof DnsError) return error.message;
		throw error;
	}
}
