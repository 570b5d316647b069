/** The zone of a night's domain, on two authoritative servers, and that of Aptible's load balancers. */
import { type DnsWorld, startDnsWorld } from "../dns/authority.ts";

export const DOMAIN = "portal.acme.example";
const ZONE = "acme.example";
const NAMESERVERS = ["ns1.acme.example", "ns2.acme.example"] as const;
/** In seconds: a test does not wait for the minute that a night's records have. */
const TTL = 1;
const FORMER_TTL = 3;

export interface Zone {
	dns: DnsWorld;
	/** Makes or changes a record, whatever its TTL: `portal.acme.example. 60 IN CNAME portal-new.acme.example.` */
	put(line: string): void;
	/** Gives each record the TTL of the night. */
	lowerTtl(): void;
	/** Makes the records of an endpoint that is there: that by which its certificate is issued before the night, and the name that leads to it. */
	putEndpoint(host: string): void;
}

/**
 * Starts it as it is days before the night: the domain is a CNAME to the name that leads to MedStack.
 *
 * @param addresses of both sides' load balancers
 */
export async function startZone(addresses: { medstack: string; aptible: string }): Promise<Zone> {
	const records = new Map<string, string>();
	let ttl = FORMER_TTL;
	const note = (line: string) => {
		const [name = "", , ...rest] = line
			.replace(" IN ", " ")
			.split(" ")
			.map((word) => word.replace(/\.$/, ""));
		records.set(name, rest.join(" "));
	};
	const soa = (zone: string) => `${zone} 3600 SOA ns1.${zone} hostmaster.${zone} 1 7200 900 1209600 1`;
	const setup = () => ({
		records: [soa(ZONE), ...[...records].map(([name, rest]) => `${name} ${ttl} ${rest}`)],
	});
	note(`${DOMAIN} ${TTL} CNAME portal-old.${ZONE}`);
	note(`portal-old.${ZONE} ${TTL} A ${addresses.medstack}`);
	const dns = await startDnsWorld({
		[ZONE]: Object.fromEntries(NAMESERVERS.map((server) => [server, setup()])),
		"aptible.in": { "ns1.aptible.in": { records: [soa("aptible.in"), `*.aptible.in 60 A ${addresses.aptible}`] } },
	});
	const publish = () => {
		for (const server of NAMESERVERS) dns.change(server, setup());
	};
	const put = (line: string) => {
		note(line);
		publish();
	};
	return {
		dns,
		put,
		lowerTtl: () => {
			ttl = TTL;
			publish();
		},
		putEndpoint: (host) => {
			put(`_acme-challenge.${DOMAIN} ${TTL} CNAME acme.${host}`);
			put(`portal-new.${ZONE} ${TTL} CNAME ${host}`);
		},
	};
}
