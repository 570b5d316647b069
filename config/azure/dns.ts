/** Zones and records in Azure DNS (facts/azure.md §5). */
import { z } from "zod";
import { block, choice, flag, message, named, pattern, text, whole } from "../fields.ts";
import { ResourceGroup, subscription } from "./storage.ts";
import { redundanciesByLocation } from "./storage-catalogue.ts";

const zonePattern = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const relativeName =
	/^(?:@|(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*)$/;

/** Where a CNAME leads; unlike a zone it may have underscores, and a final dot, which says that the name is whole. */
const targetPattern =
	/^(?=.{4,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\.?$/;

/** A record set; its key is a name of your choice. Exactly one of `target`, `endpoint`, `values` and `alias` says where it leads. */
export const DnsRecord = block("a record", {
	/** Name within the zone. */
	name: pattern(
		"the name of a record",
		'"@" for the zone itself, or the like of portal, *.portal, _acme-challenge.portal',
		relativeName,
	),
	type: choice("a type of record", ["A", "CNAME", "TXT"]),
	/** Seconds for which others may remember it; lower it a while before a cutover. @default 3600 */
	ttlSeconds: whole("seconds", 1, 2147483647).default(3600),
	/** Host name, for a CNAME. @default none */
	target: pattern("a host name", "the like of elb-portal-1.aptible.in", targetPattern)
		.transform((target) => target.replace(/\.$/, ""))
		.optional(),
	/** Endpoint of this stage, for a CNAME to its host name. @default none */
	endpoint: pattern("an endpoint of this stage", "APP.ENDPOINT, such as portal.public", /^.+\.[^.]+$/).optional(),
	/** Address of that endpoint's own certificate challenge instead of its host name. @default false */
	challenge: flag("true leads to the endpoint's certificate challenge").default(false),
	/** Addresses of an A record, texts of a TXT record. @default none */
	values: z.array(text("text", "one value to a line"), { error: message("a list", "addresses or texts") }).optional(),
	/** Id of the Azure resource that an A or CNAME record follows. @default none */
	alias: pattern("the id of an Azure resource", "/subscriptions/...", /^\/subscriptions\/[^/]+\/.+$/).optional(),
	/** Take the live record as it is, and change nothing of it until this line goes. @default false */
	import: flag("true takes the live record as it is").default(false),
});
export type DnsRecord = z.infer<typeof DnsRecord>;

/** A zone; its key is a name of your choice. */
export const DnsZone = block("a zone", {
	domain: pattern("a domain", "lower case, such as acme.example", zonePattern),
	/** How the zone came to be: `import` takes a live one over, `reference` only puts records into it. @default made here */
	existing: choice("a way with a zone that exists", ["import", "reference"]).optional(),
	/** @default none */
	records: named("records", DnsRecord).default({}),
});
export type DnsZone = z.infer<typeof DnsZone>;

/** Zones in Azure DNS. */
export const DnsFile = block("the DNS of the stage", {
	subscription: subscription(),
	resourceGroup: ResourceGroup,
	/** Where a made resource group lists its contents; zones are global. @default "canadacentral" */
	location: choice("a location", Object.keys(redundanciesByLocation)).default("canadacentral"),
	/** Refuse to delete group and zones, and leave them in Azure. @default true */
	protect: flag("true refuses to delete it").optional(),
	zones: named("zones", DnsZone),
});

/** The DNS of a stage, every default applied. */
export type Dns = z.infer<typeof DnsFile> & { protect: boolean };

/** Applies the default of what holds names that others rely on. */
export function resolveDns(file: z.infer<typeof DnsFile>): Dns {
	return { ...file, protect: file.protect ?? true };
}
