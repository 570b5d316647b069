/** What an alias record may follow (facts/azure.md §5; Azure docs: alias records). */
import type { Draft } from "../draft.ts";
import { type Mistake, type Place, wrongValue } from "../mistakes.ts";

type DnsDraft = NonNullable<Draft["dns"]>;
type ZoneDraft = NonNullable<NonNullable<DnsDraft["zones"]>[string]>;
type RecordDraft = NonNullable<NonNullable<ZoneDraft["records"]>[string]>;

const kinds = [
	{ form: /^Microsoft\.Network\/publicIPAddresses\/[^/]+$/i, types: ["A", "AAAA"] },
	{
		form: /^(?:Microsoft\.Network\/(?:trafficManagerProfiles|frontDoors)|Microsoft\.Cdn\/profiles\/[^/]+\/(?:endpoints|afdEndpoints)|Microsoft\.Web\/staticSites)\/[^/]+$/i,
		types: ["A", "AAAA", "CNAME"],
	},
];
const allowed =
	"allowed: a public IP address (for A and AAAA), a Traffic Manager profile, a Front Door or CDN endpoint, a static web app, or a record of this zone";

/** A record of Azure DNS, by its id. */
interface AliasedRecord {
	/** Resource group, zone, type and name, in lower case. */
	group: string;
	zone: string;
	type: string;
	name: string;
}

/** The record that an alias follows; undefined where it is something else. */
export function readAliasedRecord(alias: string): AliasedRecord | undefined {
	const form = /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\/dnsZones\/([^/]+)\/([^/]+)\/([^/]+)$/i;
	const [, group, zone, type, name] = form.exec(alias.toLowerCase()) ?? [];
	if (group === undefined || zone === undefined || type === undefined || name === undefined) return undefined;
	return { group, zone, type, name };
}

/** Judges the alias of a record. */
export function checkAlias(at: Place, record: RecordDraft, zone: ZoneDraft, dns: DnsDraft): Mistake[] {
	const { alias, type } = record;
	if (alias === undefined || type === undefined) return [];
	const place = [...at, "alias"];
	const followed = readAliasedRecord(alias);
	if (followed === undefined) {
		const target = alias.replace(/^.*\/providers\//i, "");
		const isOne = kinds.some(({ form, types }) => form.test(target) && types.includes(type));
		return isOne ? [] : [wrongValue(place, `is nothing that an alias of type ${type} can follow; ${allowed}`)];
	}
	const group = dns.resourceGroup?.name?.toLowerCase();
	if (zone.domain === undefined || group === undefined) return [];
	if (followed.zone !== zone.domain || followed.group !== group) {
		return [wrongValue(place, `is a record of another zone; ${allowed}`)];
	}
	if (followed.type !== type.toLowerCase()) {
		return [wrongValue(place, `is not of this record's type, ${type}; an alias follows a record of its own type`)];
	}
	// Azure refuses it since 2023 (azure-docs#114848).
	if (followed.name === "@") {
		return [
			wrongValue(place, "is the record of the zone itself, which no alias can follow; let that one follow this one"),
		];
	}
	if (!leadsBack(record, zone)) return [];
	return [wrongValue(place, "leads back to this record; let it follow one that has values or a target")];
}

/** Whether aliases that follow each other come back to a record. */
function leadsBack(record: RecordDraft, { records }: ZoneDraft): boolean {
	const all = Object.values(records ?? {});
	const seen = new Set<RecordDraft>();
	let next: RecordDraft | undefined = record;
	while (next !== undefined && !seen.has(next)) {
		seen.add(next);
		const followed: AliasedRecord | undefined = next.alias === undefined ? undefined : readAliasedRecord(next.alias);
		next = all.find((one) => one?.name === followed?.name && one?.type?.toLowerCase() === followed?.type);
	}
	return next === record;
}
