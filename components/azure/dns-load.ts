import * as pulumi from "@pulumi/pulumi";
import type { Dns, DnsRecord } from "../../config/azure/dns.ts";
import { mapValues } from "../../config/map-values.ts";
import type { Stage } from "../../config/stage.ts";
import type { App } from "../app.ts";
import type { DnsZone } from "./dns-zone.ts";
import type { OwnNames } from "./own-names.ts";
import { requireAzure } from "./storage-credentials.ts";

/** The DNS to declare, and the tags that the last run recorded as the stage file's. */
export interface FoundDns {
	dns: Dns;
	names: OwnNames;
}

/**
 * Refuses what the records in the state stand in the way of, before anything is registered: the engine then writes what this reads.
 *
 * @returns what to declare; undefined where there is none
 */
export async function checkDns({ dns, ...stage }: Stage): Promise<FoundDns | undefined> {
	if (dns === undefined) return undefined;
	const { checkRecords } = await import("./dns-kept.ts");
	const { noNames, readOwnNames } = await import("./own-names.ts");
	const checked = await checkRecords({ ...stage, dns });
	return { dns: checked, names: dns.tags === undefined ? noNames : await readOwnNames("DnsZone") };
}

/** The zones of a stage by name, with records that lead to its endpoints. Azure's SDK is loaded only for a stage with some. */
export async function declareDns(
	found: FoundDns | undefined,
	apps: Readonly<Record<string, App>>,
): Promise<Record<string, DnsZone>> {
	if (found === undefined) return {};
	requireAzure("dns");
	const { dns, names } = found;
	const { DnsZone, dnsGroup } = await import("./dns-zone.ts");
	const group = dnsGroup(dns, names);
	return mapValues(
		dns.zones,
		(zone, name) =>
			new DnsZone(
				`dns-${name}`,
				{ ...zone, dns, names, hostnameOf: (record) => hostnameOf(record, apps) },
				group === undefined ? {} : { dependsOn: group },
			),
	);
}

/** Name servers of each zone, for the registrar of its domain. */
export function nameServersOf(zones: Readonly<Record<string, DnsZone>>) {
	return mapValues(zones, ({ nameServers }) => nameServers);
}

/** Host name that Aptible gave the endpoint of a record, or where the endpoint's certificate challenge is answered. */
function hostnameOf(
	{ endpoint, challenge }: DnsRecord,
	apps: Readonly<Record<string, App>>,
): pulumi.Output<string> | undefined {
	if (endpoint === undefined) return undefined;
	// The handle of an app may have dots of its own; the name of an endpoint has none.
	const dot = endpoint.lastIndexOf(".");
	const found = apps[endpoint.slice(0, dot)]?.endpoints[endpoint.slice(dot + 1)];
	if (found === undefined) throw new pulumi.RunError(`dns: "${endpoint}" is not an endpoint of this stage`);
	if (!challenge) return found.hostname;
	return found.dnsRecords.apply((records) => {
		const record = records.find(({ name }) => name.startsWith("_acme-challenge."));
		if (record === undefined)
			throw new Error(`endpoint "${endpoint}" has no certificate challenge: it has no managed TLS`);
		return record.value;
	});
}
