/** Records of a domain that moves: what of the state stands in the way of a night that changes one value. */
import * as pulumi from "@pulumi/pulumi";
import type { Dns } from "../../config/azure/dns.ts";
import { mapValues } from "../../config/map-values.ts";
import type { Move } from "../../config/move.ts";
import { listMovedRecords } from "../../config/move-dns.ts";
import { NIGHT_TTL_SECONDS, nameWithin, newName, oldName } from "../../config/stable-names.ts";
import type { RecordedResource } from "../../drift/recorded.ts";

/** Whether a resource of the state is the record set that the program registers under a name. */
export function isRecordOf({ type, name }: RecordedResource, expected: string): boolean {
	return type === "azure-native:dns:RecordSet" && name === expected;
}

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
				.find((one) => isRecordOf(one, `dns-${zone}-${own}`))
				?.id.split("/")
				.at(-2);
			if (type === undefined || before?.toUpperCase() === type) return [];
			const is = before === undefined ? "is not made yet" : `is of type ${before} and would become ${type}`;
			return [
				`move.domains["${domain}"]: dns.zones.${zone}.records.${own} ${is}, for which a name is gone for a moment, and resolvers keep that in mind; ` +
					'this is done in the phase "prepare" alone, days before the night: go back to it by npm run move -- switch frozen --stack STACK, then switch prepare',
			];
		}),
	);
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
}

/**
 * Refuses, before `live` and in `cancelled`, the loss of the name that a domain leads to MedStack by: whatever its entry says by now, people
 * would be led elsewhere, or nowhere.
 *
 * @throws pulumi.RunError
 */
export function refuseLostOldName(dns: Dns, { phase }: Move, recorded: readonly RecordedResource[]): void {
	if (phase === "live") return;
	const refusals = recorded.flatMap((one) => {
		const old = recorded.find((other) => isRecordOf(other, `${one.name}-old`));
		const [, zone = "", type, name = ""] = /\/dnszones\/([^/]+)\/([^/]+)\/([^/]+)$/i.exec(one.id) ?? [];
		const domain = `${name}.${zone}`;
		if (old === undefined || !isRecordOf(one, one.name) || type?.toUpperCase() !== "CNAME") return [];
		if (one.cname?.replace(/\.$/, "") !== oldName(domain)) return [];
		const { zone: zoneKey, key, records } = findRecordsOf(dns, one.name) ?? { zone: "ZONE", key: name, records: {} };
		if (Object.hasOwn(records, `${key}-old`)) return [];
		return [
			`dns.zones.${zoneKey}.records.${key}-old is in the stack and not in the file, and ${domain} leads to MedStack by it; before live this would lead people elsewhere: ` +
				`write via: azure for ${domain} under move.domains again, or both records as they are: ${key} with target: ${oldName(domain)}, and ${key}-old`,
		];
	});
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
}

/** Where a record of the state is in the file, by its name there; undefined where its zone is none of the file any more. */
function findRecordsOf({ zones }: Dns, name: string) {
	const found = Object.entries(zones).filter(([zone]) => name.startsWith(`dns-${zone}-`));
	const [longest] = found.sort(([one], [other]) => other.length - one.length);
	if (longest === undefined) return undefined;
	const [zone, { records }] = longest;
	return { zone, key: name.slice(`dns-${zone}-`.length), records };
}

/**
 * Keeps the name of the new side in the run that removes the move: resolvers that
 * hold the domain's former value ask for it until that has expired. The next run deletes it.
 */
export function keepNewNames(dns: Dns, recorded: readonly RecordedResource[]): Dns {
	const cnameOf = (name: string) => recorded.find((one) => isRecordOf(one, name))?.cname;
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
				const within = nameWithin(newName(domain), zone.domain);
				const record = { name: within, type, target, ttlSeconds: NIGHT_TTL_SECONDS, challenge: false, import: false };
				return [[own, record] as const];
			});
			return kept.length === 0 ? zone : { ...zone, records: { ...zone.records, ...Object.fromEntries(kept) } };
		}),
	};
}
