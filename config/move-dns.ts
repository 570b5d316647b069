/** Where the records of a stage in Azure DNS lead in each phase of its move. */
import { isIPv4 } from "node:net";
import type { MovePhase } from "../wire/move.ts";
import type { Dns, DnsRecord, DnsZone } from "./azure/dns.ts";
import type { Move } from "./move.ts";
import { NIGHT_TTL_SECONDS, nameWithin, newName, oldName } from "./stable-names.ts";

/** In `cancelled` the stage file says it itself, so that the removal of the block changes nothing: config/move-domain-rules.ts. */
const sides: Readonly<Record<MovePhase, "old" | "new" | undefined>> = {
	prepare: "old",
	frozen: "old",
	trial: "old",
	live: "new",
	cancelled: undefined,
};

/** A record of the stage whose domain moves through Azure DNS. */
export interface MovedRecord {
	/** Name of its zone in the stage file. */
	zone: string;
	/** Its own name there; those of its stable names are `KEY-old` and `KEY-new`. */
	key: string;
	domain: string;
	/** Address or host name of MedStack's load balancer. */
	from: string;
}

/** Records whose domains have `via: azure`. */
export function listMovedRecords({ zones }: Pick<Dns, "zones">, move: Pick<Move, "domains">): MovedRecord[] {
	return Object.entries(zones).flatMap(([zone, { domain: above, records }]) =>
		Object.entries(records).flatMap(([key, { name, type, challenge }]): MovedRecord[] => {
			const domain = `${name}.${above}`;
			const moved = Object.hasOwn(move.domains, domain) ? move.domains[domain] : undefined;
			if (moved?.via !== "azure" || type === "TXT" || challenge) return [];
			return [{ zone, key, domain, from: moved.from }];
		}),
	);
}

/** The DNS of a stage as the phase of its move makes it. */
export function pointRecords(dns: Dns, move: Move): Dns {
	const side = sides[move.phase];
	const zones = { ...dns.zones };
	if (side === undefined) return dns;
	for (const moved of listMovedRecords(dns, move)) {
		const zone = zones[moved.zone];
		if (zone !== undefined) zones[moved.zone] = pointRecord(zone, moved, side);
	}
	return { ...dns, zones };
}

function pointRecord(zone: DnsZone, { key, domain, from }: MovedRecord, side: "old" | "new"): DnsZone {
	const { [key]: declared, ...others } = zone.records;
	// Without an endpoint it is as it stays in `cancelled`: config/move-domain-rules.ts.
	if (declared?.endpoint === undefined) return zone;
	const plain = { ttlSeconds: Math.min(NIGHT_TTL_SECONDS, declared.ttlSeconds), challenge: false, import: false };
	const within = (name: string) => nameWithin(name, zone.domain);
	const old: DnsRecord = {
		name: within(oldName(domain)),
		...(isIPv4(from) ? { type: "A", values: [from] } : { type: "CNAME", target: from }),
		...plain,
	};
	const { endpoint } = declared;
	const other: DnsRecord = { name: within(newName(domain)), type: "CNAME", endpoint, ...plain };
	const [target, after] = side === "old" ? [oldName(domain), `${key}-old`] : [newName(domain), `${key}-new`];
	const own: DnsRecord = { name: declared.name, type: "CNAME", target, ...plain, after };
	return { ...zone, records: { ...others, [`${key}-old`]: old, [`${key}-new`]: other, [key]: own } };
}
