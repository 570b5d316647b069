import { getRecordSet } from "@pulumi/azure-native/dns/getRecordSet.js";
import { RecordSet, type RecordSetArgs } from "@pulumi/azure-native/dns/recordSet.js";
import * as pulumi from "@pulumi/pulumi";
import type { DnsRecord as DnsRecordConfig } from "../../config/azure/dns.ts";
import { isValueType, type ValueRecordType, valueTypes } from "../../config/azure/dns-values.ts";
import { refuseLoss } from "./refuse-loss.ts";
import { importOptions, unsaid, watched } from "./storage-options.ts";

/** A record as the stage file describes it, and where it goes. */
export interface DnsRecordArgs extends DnsRecordConfig {
	resourceGroupName: string;
	/** Domain of its zone. */
	zoneName: string;
	/** Id of its zone, for an import. */
	zoneId: string;
	/** Host name of the endpoint that it leads to, where it leads to one. */
	hostname: pulumi.Input<string> | undefined;
}

/**
 * A record set in a zone of Azure DNS. TTL and target change in place. Another type under the same name deletes the old one
 * first, as the two cannot stand side by side; for that moment the name does not resolve (facts/azure.md §5).
 */
export class DnsRecord extends pulumi.ComponentResource {
	/** Whole name. */
	readonly fqdn: pulumi.Output<string>;

	constructor(name: string, args: DnsRecordArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:DnsRecord", name, {}, opts);
		const { resourceGroupName, zoneName, zoneId, type, ttlSeconds } = args;
		const record = {
			resourceGroupName,
			zoneName,
			relativeRecordSetName: args.name,
			recordType: type,
			ttl: ttlSeconds,
			...contentOf(args),
		} satisfies RecordSetArgs;
		const resource = new RecordSet(name, record, {
			parent: this,
			deleteBeforeReplace: true,
			ignoreChanges: [...unsaid.record],
			...refuseLoss({
				name: `RecordSet-${name}`,
				what: `the record "${args.name}" of ${zoneName}`,
				watched: watched.record,
				read: () => getRecordSet({ resourceGroupName, zoneName, relativeRecordSetName: args.name, recordType: type }),
			}),
			...(args.import ? { ...importOptions(`${zoneId}/${type}/${args.name}`), retainOnDelete: true } : {}),
		});
		this.fqdn = resource.fqdn;
		this.registerOutputs({ fqdn: this.fqdn });
	}
}

function contentOf({ type, target, hostname, values = [], alias }: DnsRecordArgs): Partial<RecordSetArgs> {
	if (alias !== undefined) return { targetResource: { id: alias } };
	if (type === "CNAME") {
		const cname = hostname ?? target;
		return cname === undefined ? {} : { cnameRecord: { cname } };
	}
	const sorted = [...values].sort();
	if (!isValueType(type)) return { txtRecords: sorted.map((value) => ({ value: splitText(value) })) };
	return { [properties[type]]: sorted.map((value) => valueTypes[type].read(value)) };
}

/** Property of a record set that has the values of a type. */
const properties = {
	A: "aRecords",
	AAAA: "aaaaRecords",
	CAA: "caaRecords",
	MX: "mxRecords",
	NS: "nsRecords",
	SRV: "srvRecords",
} as const satisfies Record<ValueRecordType, keyof RecordSetArgs>;

/** Bytes of one string of a TXT record (RFC 1035, 3.3.14); whoever asks gets them joined. */
const longestString = 255;

function splitText(text: string): string[] {
	const strings = [""];
	// An escape of a zone file (`\\"`, `\\128`), which Azure DNS reads as one (Azure DNS FAQ), stays in one string.
	for (const character of text.match(/\\\d{3}|\\.|./gsu) ?? []) {
		const joined = `${strings.at(-1)}${character}`;
		if (Buffer.byteLength(joined) > longestString) strings.push(character);
		else strings[strings.length - 1] = joined;
	}
	return strings;
}
