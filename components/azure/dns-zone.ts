import { getZone } from "@pulumi/azure-native/dns/getZone.js";
import { Zone } from "@pulumi/azure-native/dns/zone.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { Dns, DnsRecord as DnsRecordConfig, DnsZone as DnsZoneConfig } from "../../config/azure/dns.ts";
import { readAliasedRecord } from "../../config/azure/dns-alias.ts";
import { DnsRecord } from "./dns-record.ts";
import { keepAllBut, type OwnNames, toRecord, toTagArgs } from "./own-names.ts";
import { refuseLoss } from "./refuse-loss.ts";
import { zoneId } from "./storage-ids.ts";
import { importOptions, keepOptions, unsaid, watched } from "./storage-options.ts";
import { groupOptions } from "./tagged-group.ts";

/** A zone as the stage file describes it, and where it goes. */
export interface DnsZoneArgs extends DnsZoneConfig {
	dns: Dns;
	/** Tags that are the stage file's. */
	names: OwnNames;
	/** Host name that a record with an endpoint leads to. */
	hostnameOf: (record: DnsRecordConfig) => pulumi.Input<string> | undefined;
}

/**
 * A public zone in Azure DNS with its records. The domain is for life. Protected, it stays in Azure when it leaves the program;
 * an imported one is taken as it is, and one that is only referred to is never touched. Records go when their lines do.
 */
export class DnsZone extends pulumi.ComponentResource {
	/** Name servers that the registrar of the domain has to name; none where the zone is only referred to. */
	readonly nameServers: pulumi.Output<string[]>;
	/** By their names in the stage file. */
	readonly records: Readonly<Record<string, DnsRecord>>;

	constructor(name: string, args: DnsZoneArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:DnsZone", name, {}, opts);
		const { dns, names, domain, existing, records, hostnameOf } = args;
		const { subscription = "", resourceGroup } = dns;
		const zone = existing === "reference" ? undefined : this.#zone(name, args);
		const place = {
			resourceGroupName: resourceGroup.name,
			zoneName: domain,
			zoneId: zoneId({ subscription, resourceGroup: resourceGroup.name }, domain),
		};
		const made: Record<string, DnsRecord> = {};
		const make = (key: string, record: DnsRecordConfig): DnsRecord => {
			const first = [zone, ...listFirst(record, records).map(([name, one]) => made[name] ?? make(name, one))];
			const dependsOn = first.filter((one) => one !== undefined);
			made[key] ??= new DnsRecord(
				`${name}-${key}`,
				{ ...record, ...place, hostname: hostnameOf(record) },
				{ parent: this, ...(dependsOn.length === 0 ? {} : { dependsOn }) },
			);
			return made[key];
		};
		for (const [key, record] of Object.entries(records)) make(key, record);
		this.records = made;
		this.nameServers = zone?.nameServers ?? pulumi.output<string[]>([]);
		this.registerOutputs({
			nameServers: this.nameServers,
			...toRecord({ tags: dns.tags }, names, existing === "import"),
		});
	}

	#zone(name: string, { dns, domain, existing, names }: DnsZoneArgs): Zone {
		const { subscription = "", resourceGroup, protect, tags } = dns;
		const args = {
			resourceGroupName: resourceGroup.name,
			zoneName: domain,
			location: "Global",
			zoneType: "Public" as const,
			...toTagArgs(tags, { type: "dns:Zone", name }, names),
		};
		const id = zoneId({ subscription, resourceGroup: resourceGroup.name }, domain);
		return new Zone(name, args, {
			parent: this,
			...keepOptions(protect),
			ignoreChanges: keepAllBut(unsaid.zone, "tags", tags),
			...refuseLoss({
				name: `Zone-${name}`,
				what: `the zone ${domain}`,
				watched: watched.zone,
				read: () => getZone({ resourceGroupName: resourceGroup.name, zoneName: domain }),
			}),
			...(existing === "import" ? importOptions(id) : {}),
		});
	}
}

/** Records that have to be there before another one: Azure makes no alias of what is not. */
function listFirst({ after, alias }: DnsRecordConfig, records: DnsZoneConfig["records"]): [string, DnsRecordConfig][] {
	const followed = alias === undefined ? undefined : readAliasedRecord(alias);
	return Object.entries(records).filter(
		([key, { name, type }]) => key === after || (name === followed?.name && type.toLowerCase() === followed.type),
	);
}

/** The resource group of the zones, made unless it exists. */
export function dnsGroup({ resourceGroup, location, protect, tags }: Dns, names: OwnNames): ResourceGroup | undefined {
	if (resourceGroup.existing) return undefined;
	const args = {
		resourceGroupName: resourceGroup.name,
		location,
		...toTagArgs(tags, { type: "resources:ResourceGroup", name: "dns" }, names),
	};
	return new ResourceGroup("dns", args, { ...keepOptions(protect), ...groupOptions("dns", resourceGroup.name, tags) });
}
