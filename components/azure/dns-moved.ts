/** Records of a domain that moves: what of the state stands in the way of a night that changes one value. */
import * as pulumi from "@pulumi/pulumi";
import type { Dns } from "../../config/azure/dns.ts";
import { mapValues } from "../../config/map-values.ts";
import type { Move } from "../../config/move.ts";
import { listMovedRecords } from "../../config/move-dns.ts";
import { NIGHT_TTL_SECONDS, newName } from "../../config/stable-names.ts";
import type { RecordedResource } from "../../drift/recorded.ts";

/**
 * Refuses, but in `prepare`, what makes the name of a domain that moves or of its old side vanish for a moment: a record that is made
 * only now, or one of another type, whose former one Azure deletes first (facts/azure.md §5).
 *
 * @throws pulumi.RunError
 */
export function refuseNewType(dns: Dns, move: Move, recorded: readonly RecordedResource[]): void {
	if (move.phase === "prepare" || move.phase === "cancelled") return;
	const refusals = listMovedRecords(dns, move).flatMap(({ zone, key, domain }) =>
		[key, `${key}-old`, `${key}-new`].flatMap((own) => {
			const type = dns.zones[zone]?.records[own]?.type;
			const before = recorded
				.find(({ name }) => name === `dns-${zone}-${own}`)
				?.id.split("/")
				.at(-2);
			if (type === undefined || before?.toUpperCase() === type) return [];
			const is = before === undefined ? "is not made yet" : `is of type ${before} and would become ${type}`;
			return [
				`move.domains["${domain}"]: dns.zones.${zone}.records.${own} ${is}, for which a name is gone for a moment, and resolvers keep that in mind; ` +
					`this is done in the phase "prepare" alone, days before the night: write via: manual for this night, or go back: phase: frozen, then prepare, with \`pulumi up\` after each`,
			];
		}),
	);
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
}

/**
 * Keeps the name of the new side in the run that removes the move: resolvers that
 * hold the domain's former value ask for it until that has expired. The next run deletes it.
 */
export function keepNewNames(dns: Dns, recorded: readonly RecordedResource[]): Dns {
	const cnameOf = (name: string) => recorded.find((one) => one.name === name)?.cname;
	return {
		...dns,
		zones: mapValues(dns.zones, (zone, zoneKey) => {
			const kept = Object.entries(zone.records).flatMap(([key, { name, type }]) => {
				const [own, domain] = [`${key}-new`, `${name}.${zone.domain}`];
				const target = cnameOf(`dns-${zoneKey}-${own}`);
				const isLed = cnameOf(`dns-${zoneKey}-${key}`) === newName(domain);
				if (type !== "CNAME" || target === undefined || !isLed || Object.hasOwn(zone.records, own)) return [];
				void pulumi.log.warn(
					`${newName(domain)} stays in this run, as resolvers follow it for up to ${NIGHT_TTL_SECONDS} s more; the next \`pulumi up\` deletes it`,
				);
				const within = newName(domain).slice(0, -zone.domain.length - 1);
				const record = { name: within, type, target, ttlSeconds: NIGHT_TTL_SECONDS, challenge: false, import: false };
				return [[own, record] as const];
			});
			return kept.length === 0 ? zone : { ...zone, records: { ...zone.records, ...Object.fromEntries(kept) } };
		}),
	};
}
