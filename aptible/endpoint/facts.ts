import type { DnsRecord, EndpointSpec } from "../../wire/endpoint.ts";
import { addressAt } from "../../wire/endpoint-address.ts";
import type { Endpoint } from "../api/endpoint.ts";

/** The record by which Let's Encrypt knows that the domain is ours, before any traffic goes to Aptible. */
export function writeChallengeRecord(domain: string, live: Endpoint): DnsRecord {
	return {
		type: "CNAME",
		name: `_acme-challenge.${domain.replace(/^\*\./, "")}`,
		value: live.managedTlsDnsChallengeHostname ?? `acme.${live.hostname ?? ""}`,
		purpose: "lets the certificate be issued before traffic moves",
	};
}

/** The records that the owner of an endpoint's domain has to make; none without a domain. */
export function dnsRecordsOf({ domain, managedTls }: EndpointSpec, live: Endpoint): DnsRecord[] {
	if (domain === undefined) return [];
	const purpose = "sends the traffic to Aptible";
	return [
		...(managedTls ? [writeChallengeRecord(domain, live)] : []),
		{ type: "CNAME", name: domain, value: live.hostname ?? "", purpose },
	];
}

/**
 * The address to open.
 *
 * @param databasePort port of the database, for its endpoints
 */
export function urlOf(spec: EndpointSpec, live: Endpoint, databasePort: number | undefined): string {
	const host = spec.domain ?? live.defaultDomain ?? live.hostname ?? "";
	const ports = spec.kind === "database" ? [databasePort].filter((port) => port !== undefined) : spec.ports;
	return addressAt(host, { kind: spec.kind, ports });
}
