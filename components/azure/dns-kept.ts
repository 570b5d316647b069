import * as pulumi from "@pulumi/pulumi";
import type { Dns, DnsRecord, DnsZone } from "../../config/azure/dns.ts";
import type { Stage } from "../../config/stage.ts";
import { type RecordedResource, readRecordedAzure } from "../../drift/recorded.ts";
import { isRecordOf, keepNewNames, refuseLostOldName, refuseNewType } from "./dns-moved.ts";
import { zoneId } from "./storage-ids.ts";

/**
 * Looks at the records in the state, before anything is registered.
 *
 * @returns the DNS to declare
 * @throws pulumi.RunError with what is in the way
 */
export async function checkRecords({ dns, move }: Stage & { dns: Dns }): Promise<Dns> {
	const isManaged = Object.values(dns.zones).some(({ records }) => Object.values(records).some((one) => !one.import));
	if (!isManaged && move === undefined) return dns;
	const recorded = await readRecordedAzure("the DNS records", "an imported one could stay in the way of its change");
	refuseKeptRecords(dns, recorded);
	if (move === undefined) return keepNewNames(dns, recorded);
	refuseLostOldName(dns, move, recorded);
	refuseNewType(dns, move, recorded);
	return dns;
}

/**
 * Refuses another type, name or zone of a record in the run that takes its `import: true` away: the state still has the engine keep the
 * old record, which then stands in the way of the new one. The engine asks no hook of the program at that moment that knows of the
 * old record, so that this asks the state, before anything is registered.
 *
 * @throws pulumi.RunError
 */
function refuseKeptRecords(dns: Dns, recorded: readonly RecordedResource[]): void {
	const records = Object.entries(dns.zones).flatMap(([zoneKey, zone]) =>
		Object.entries(zone.records).map(([key, record]) => ({ zoneKey, zone, key, record })),
	);
	const managed = records.filter(({ record }) => !record.import);
	const refusals = managed.flatMap(({ zoneKey, zone, key, record }) => {
		const before = recorded.find((one) => isRecordOf(one, `dns-${zoneKey}-${key}`));
		if (before?.isRetained !== true || isSame(before.id, idOf(dns, zone, record))) return [];
		const [type, name] = before.id.split("/").slice(-2);
		return [
			`dns.zones.${zoneKey}.records.${key}: the record "${name}" of type ${type} was imported, and cannot become "${record.name}" of type ` +
				`${record.type} in ${zone.domain} in the run that takes \`import: true\` away: it would stay beside the new one; first remove ` +
				"`import` alone and run `pulumi up`, then change it",
		];
	});
	if (refusals.length > 0) throw new pulumi.RunError(refusals.join("\n"));
}

function idOf({ resourceGroup }: Dns, { domain }: DnsZone, { type, name }: DnsRecord): string {
	return `${zoneId({ subscription: "", resourceGroup: resourceGroup.name }, domain)}/${type}/${name}`;
}

/** Ids have any casing; the subscription of a record that is not imported is the login's. */
function isSame(one: string, other: string): boolean {
	const below = (id: string) => id.toLowerCase().split("/").slice(3).join("/");
	return below(one) === below(other);
}
