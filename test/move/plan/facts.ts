/** A domain as the stage file, DNS and Aptible have it, for what judges and describes one. */
import type { NameReading, ServerReading } from "../../../move/dns/reader.ts";
import type { DomainFacts, StageDomain } from "../../../move/plan/domains.ts";
import { liveEndpoint } from "../../support/live.ts";

/** The SOA record of the zone in DNS worlds. */
export const soa = (serial: number) =>
	`acme.example 3600 SOA ns1.acme.example hostmaster.acme.example ${serial} 3600 600 86400 900`;

export const server: ServerReading = {
	server: "ns1.acme.example (198.51.100.1)",
	sets: {},
	caa: [],
	others: [],
	serial: 7,
	negativeSeconds: 900,
};
export const subject: StageDomain = {
	domain: "portal.acme.example",
	environment: "acme",
	app: "portal",
	endpoint: "public",
	service: "web",
	managedTls: true,
	record: undefined,
	moved: { via: "manual", from: "203.0.113.9" },
	live: liveEndpoint(7, {
		managedTlsEnabled: true,
		managedTlsStatus: "ready",
		managedTlsDomain: "portal.acme.example",
		managedTlsDnsChallengeHostname: "acme.elb-7.aptible.in",
	}),
};

export function factsOf(
	sets: DomainFacts["sets"],
	change: Partial<DomainFacts> = {},
	servers: readonly ServerReading[] = [{ ...server, sets }],
): DomainFacts {
	const reading: NameReading = { name: subject.domain, zone: "acme.example", servers };
	return {
		reading,
		sets,
		caa: undefined,
		addresses: ["203.0.113.9"],
		fromAddresses: ["203.0.113.9"],
		hostAddresses: undefined,
		hasChallenge: undefined,
		unread: [],
		...change,
	};
}
