/** Zones and records in Azure DNS (facts/azure.md §5). */
import { z } from "zod";
import { block, choice, flag, message, named, pattern, text, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import { hostPattern } from "./dns-values.ts";
import { location, ResourceGroup, regionText, subscription } from "./storage.ts";
import { Tags } from "./tags.ts";

const zonePattern = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const relativeName =
	/^(?:@|(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*)$/;

/** Types of record sets that a stage file may have. */
const recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"] as const;

/** A record set; its key is a name of your choice. Exactly one of `target`, `endpoint`, `values` and `alias` says where it leads. */
export const DnsRecord = block("a record", {
	name: pattern(
		"the name of a record",
		'"@" for the zone itself, or a name, for example portal, *.portal, _acme-challenge.portal',
		relativeName,
	).register(keyDocs, { description: "name within the zone", inPlace: "no: another record" }),
	type: choice("a type of record", recordTypes).register(keyDocs, {
		description:
			"record type; `@` takes no `CNAME` and no `NS`, and the name of an `SRV` begins with `_SERVICE._PROTOCOL`",
		inPlace: "deletes the old record first",
	}),
	ttlSeconds: whole("seconds", 1, 2147483647).default(3600).register(keyDocs, {
		description: "TTL: seconds for which resolvers cache it; lower it some time before a cutover",
		inPlace: "yes",
	}),
	target: pattern("a host name", "for example elb-portal-1.aptible.in", hostPattern)
		.transform((target) => target.replace(/\.$/, ""))
		.optional()
		.register(keyDocs, {
			description: "host name that a `CNAME` leads to; a final dot makes no difference",
			inPlace: "yes",
			otherwise: "one of `target`, `endpoint`, `values`, `alias`",
		}),
	endpoint: pattern("an endpoint of this stage", "APP.ENDPOINT, such as portal.public", /^.+\.[^.]+$/)
		.optional()
		.register(keyDocs, {
			description: "endpoint that a `CNAME` leads to; its domain is the record's name, or a wildcard over it",
			inPlace: "yes",
			otherwise: "one of `target`, `endpoint`, `values`, `alias`",
		}),
	challenge: flag("true leads to the endpoint's certificate challenge").default(false).register(keyDocs, {
		description: "lead to the endpoint's certificate challenge instead of its host name",
		inPlace: "yes",
	}),
	values: z
		.array(text("text", "one value to a line"), { error: message("a list", "values of the record's type") })
		.optional()
		.register(keyDocs, {
			description:
				"values of every type but `CNAME`, as a zone file writes them, a text without its quotes; one over 255 bytes is sent in several strings, which resolvers join",
			inPlace: "yes",
			allowed:
				'list of at most 20: `203.0.113.10`, `2001:db8::10`, `10 mail.acme.example` (`MX`), `10 5 5060 sip.acme.example` (`SRV`), `ns1.acme.example` (`NS`), `0 issue "letsencrypt.org"` (`CAA`); of texts (`TXT`) at most 400, 4096 bytes together',
			otherwise: "one of `target`, `endpoint`, `values`, `alias`",
		}),
	alias: pattern("the id of an Azure resource", "/subscriptions/...", /^\/subscriptions\/[^/]+\/.+$/)
		.optional()
		.register(keyDocs, {
			description:
				"Azure resource that an `A`, `AAAA` or `CNAME` record follows: a public IP address (not for `CNAME`), a Traffic Manager profile, a Front Door or CDN endpoint, a static web app, or a record of this zone and of the same type but `@`",
			inPlace: "yes",
			otherwise: "one of `target`, `endpoint`, `values`, `alias`",
		}),
	import: flag("true takes the live record as it is").default(false).register(keyDocs, {
		description: "take the live record as it is; it is never changed or deleted while this line stands",
		inPlace: "yes",
	}),
});
/** A record; the phase of a move may have one more to be there first. */
export type DnsRecord = z.infer<typeof DnsRecord> & {
	/** Name in the stage file of the record that it leads to. */
	after?: string;
};

/** A zone; its key is a name of your choice. */
export const DnsZone = block("a zone", {
	domain: pattern("a domain", "lower case, such as acme.example", zonePattern).register(keyDocs, {
		description: "name of the zone",
		inPlace: "no",
	}),
	existing: choice("a way with a zone that exists", ["import", "reference"]).optional().register(keyDocs, {
		description: "a zone that exists: `import` takes it over, `reference` only puts records into it",
		inPlace: "yes",
		otherwise: "the zone is created here",
	}),
	records: named("records", DnsRecord)
		.default({})
		.register(keyDocs, { description: "record sets, by names of your choice" }),
});
export type DnsZone = Omit<z.infer<typeof DnsZone>, "records"> & { records: Record<string, DnsRecord> };

/** Zones in Azure DNS. */
export const DnsFile = block("the DNS of the stage", {
	subscription: subscription(),
	resourceGroup: ResourceGroup,
	location: location().default("canadacentral").register(keyDocs, {
		description: "location of a created resource group; zones are global",
		inPlace: "no",
		allowed: regionText,
	}),
	tags: Tags.optional().register(keyDocs, {
		description: "tags of group and zones, beside those that others set, which stay",
		inPlace: "yes",
		allowed: "name: value; at most 15",
		otherwise: "tags stay as they are",
	}),
	protect: flag("true refuses to delete it").optional().register(keyDocs, {
		description: "refuse to delete group and zones, and leave them in Azure",
		inPlace: "yes",
		otherwise: "`true`",
	}),
	zones: named("zones", DnsZone).register(keyDocs, { description: "zones, by names of your choice" }),
});

/** The DNS of a stage, every default applied. */
export type Dns = Omit<z.infer<typeof DnsFile>, "zones"> & { protect: boolean; zones: Record<string, DnsZone> };

/** Applies the default of what holds names that others rely on. */
export function resolveDns(file: z.infer<typeof DnsFile>): Dns {
	return { ...file, protect: file.protect ?? true };
}
