/** What takes more than one value of the DNS to see (facts/azure.md §5). */
import type { Draft } from "../draft.ts";
import { type Mistake, type Place, wrongValue } from "../mistakes.ts";
import { findNearestWord, suggest } from "../near-miss.ts";
import { nameWithin } from "../stable-names.ts";
import { checkAlias } from "./dns-alias.ts";
import { checkAuthorities } from "./dns-caa.ts";
import { checkValues } from "./dns-value-rules.ts";
import { checkTags, zoneTags } from "./tags.ts";

type DnsDraft = NonNullable<Draft["dns"]>;
type ZoneDraft = NonNullable<NonNullable<DnsDraft["zones"]>[string]>;
type RecordDraft = NonNullable<NonNullable<ZoneDraft["records"]>[string]>;

const ways = {
	A: ["values", "alias"],
	AAAA: ["values", "alias"],
	CAA: ["values"],
	CNAME: ["target", "endpoint", "alias"],
	MX: ["values"],
	NS: ["values"],
	SRV: ["values"],
	TXT: ["values"],
} as const;
const allWays = ["target", "endpoint", "values", "alias"] as const;

function checkWay(at: Place, record: RecordDraft): Mistake[] {
	const { type } = record;
	if (type === undefined) return [];
	const given = allWays.filter((way) => way in record);
	const fitting: readonly string[] = ways[type];
	const [first, second] = given;
	if (first === undefined) {
		return [{ place: at, says: `leads nowhere; give one of: ${fitting.join(", ")}`, about: "name" }];
	}
	if (second !== undefined) {
		return [
			{
				place: [...at, second],
				says: `stands beside ${first}; a record has one of the two: remove the other`,
				about: "nothing",
			},
		];
	}
	if (fitting.includes(first)) return [];
	return [
		{
			place: [...at, first],
			says: `does not go with a record of type ${type}; allowed: ${fitting.join(", ")}`,
			about: "nothing",
		},
	];
}

/** Characters of a whole name (RFC 1035 §2.3.4). */
const longestName = 253;

function checkName(at: Place, { name, type }: RecordDraft, domain: string | undefined): Mistake[] {
	if (name === undefined || name === "@") return [];
	const { length } = `${name}.${domain}`;
	if (domain !== undefined && length > longestName) {
		const says = `has ${length} characters with its zone; allowed: at most ${longestName} in the DNS`;
		return [wrongValue([...at, "name"], says)];
	}
	if (type !== "SRV" || /^_[^.]+\._[^.]+(?:\.|$)/.test(name)) return [];
	const says = "names no service; allowed: _SERVICE._PROTOCOL, for example _sip._tls, and a name below it";
	return [wrongValue([...at, "name"], says)];
}

function checkApex(at: Place, { name, type }: RecordDraft): Mistake[] {
	if (name === "@" && type === "CNAME") {
		const says =
			"is not allowed for the zone itself (@), which has other records beside it; let the domain's own address redirect to a name below it, or host the zone where there is ALIAS: an alias of Azure leads to resources of Azure alone, and an endpoint of Aptible is none";
		return [wrongValue([...at, "type"], says)];
	}
	if (type !== "NS" || (name !== "@" && name?.startsWith("*") !== true)) return [];
	const says =
		name === "@"
			? "is made by Azure for the zone itself (@), with the name servers of the outputs; remove the record"
			: "is not allowed for a wildcard in Azure DNS; name the zone that is delegated";
	return [wrongValue([...at, "type"], says)];
}

/** Whether a name is one label in place of a wildcard's star, as far as its certificate goes. */
function isUnder(wildcard: string, name: string): boolean {
	const [, ...rest] = name.split(".");
	return wildcard === `*.${rest.join(".")}`;
}

function checkEndpoint(
	at: Place,
	{ endpoint, challenge, name }: RecordDraft,
	domain: string | undefined,
	draft: Draft,
): Mistake[] {
	if (endpoint === undefined) {
		if (challenge !== true) return [];
		return [wrongValue([...at, "challenge"], "goes with endpoint only; remove the line")];
	}
	const known = Object.entries(draft.apps ?? {}).flatMap(([app, one]) =>
		Object.entries(one?.endpoints ?? {}).map(([key, value]) => ({ path: `${app}.${key}`, domain: value?.domain })),
	);
	const found = known.find(({ path }) => path === endpoint);
	if (found === undefined) {
		const paths = known.map(({ path }) => path);
		const near = suggest(findNearestWord(endpoint, paths));
		return [
			wrongValue(
				[...at, "endpoint"],
				`is not an endpoint of this stage; allowed: ${paths.join(", ") || "none is declared"}${near}`,
			),
		];
	}
	if (domain === undefined || name === undefined || found.domain === undefined) return [];
	const full = `${name}.${domain}`;
	const wanted = challenge === true ? `_acme-challenge.${found.domain.replace(/^\*\./, "")}` : found.domain;
	if (full === wanted || isUnder(wanted, full)) return [];
	const other = wanted.startsWith("*.") ? " or a name in its place" : "";
	const near = wanted.endsWith(`.${domain}`) ? suggest(nameWithin(wanted, domain)) : "";
	return [wrongValue([...at, "name"], `makes ${full}, and the endpoint asks for ${wanted}${other}${near}`)];
}

function checkClashes(at: Place, records: ZoneDraft["records"]): Mistake[] {
	const seen = new Map<string, { key: string; type: string }[]>();
	return Object.entries(records ?? {}).flatMap(([key, record]): Mistake[] => {
		if (record?.name === undefined || record.type === undefined) return [];
		const others = seen.get(record.name) ?? [];
		seen.set(record.name, [...others, { key, type: record.type }]);
		const same = others.find(({ type }) => type === record.type);
		const place = [...at, key, "name"];
		if (same !== undefined) {
			return [
				wrongValue(place, `has a record of type ${record.type} already ("${same.key}"); give that one all the values`),
			];
		}
		const cname = others.find(({ type }) => type === "CNAME" || record.type === "CNAME");
		if (cname === undefined) return [];
		return [
			wrongValue(place, `has a ${cname.type} record ("${cname.key}") already, and a CNAME stands alone; remove one`),
		];
	});
}

function checkOrigin(dns: DnsDraft): Mistake[] {
	const zones = Object.values(dns.zones ?? {});
	const imports = zones.some(
		(zone) =>
			zone?.existing === "import" || Object.values(zone?.records ?? {}).some((record) => record?.import === true),
	);
	const mistakes: Mistake[] = [];
	if (imports && !("subscription" in dns)) {
		const says =
			"is missing, and the id of a zone or record that is imported begins with it; az account show --query id prints it";
		mistakes.push({ place: ["dns", "subscription"], says, about: "nothing" });
	}
	if (!imports && dns.subscription !== undefined) {
		mistakes.push(wrongValue(["dns", "subscription"], "is only for what is imported; remove the line"));
	}
	if (
		zones.some((zone) => zone?.existing !== undefined) &&
		dns.resourceGroup !== undefined &&
		dns.resourceGroup.existing !== true
	) {
		mistakes.push({
			place: ["dns", "resourceGroup", "existing"],
			says: "is not true, but a zone in it exists, and so does the group; write existing: true",
			about: "nothing",
		});
	}
	return mistakes;
}

/** Two zones of one domain are one resource of Azure. */
function checkDomains({ zones }: DnsDraft): Mistake[] {
	const seen = new Map<string, string>();
	return Object.entries(zones ?? {}).flatMap(([key, zone]): Mistake[] => {
		if (zone?.domain === undefined) return [];
		const twin = seen.get(zone.domain);
		if (twin === undefined) seen.set(zone.domain, key);
		else
			return [wrongValue(["dns", "zones", key, "domain"], `is the zone "${twin}" already; give that one the records`)];
		return [];
	});
}

/** Of two blocks that make one group, the second ends as "already existing". */
function checkGroup({ dns, storage }: Draft): Mistake[] {
	const name = dns?.resourceGroup?.name;
	if (name === undefined || name.toLowerCase() !== storage?.resourceGroup?.name?.toLowerCase()) return [];
	if (storage.resourceGroup.existing === true || dns?.resourceGroup?.existing === true) return [];
	const says =
		"is the group that the storage makes; give DNS a group of its own, or make this one first and write existing: true in both";
	return [wrongValue(["dns", "resourceGroup", "name"], says)];
}

/** Judges the DNS of a stage. */
export function checkDns(draft: Draft): Mistake[] {
	const { dns } = draft;
	if (dns === undefined) return [];
	return [
		...checkOrigin(dns),
		...checkTags(["dns", "tags"], dns.tags, zoneTags),
		...checkDomains(dns),
		...checkGroup(draft),
		...Object.entries(dns.zones ?? {}).flatMap(([key, zone]) => {
			const at = ["dns", "zones", key, "records"];
			return [
				...Object.entries(zone?.records ?? {}).flatMap(([name, record]) => {
					if (record === undefined) return [];
					const place = [...at, name];
					return [
						...checkWay(place, record),
						...checkApex(place, record),
						...checkName(place, record, zone?.domain),
						...checkValues(place, record),
						...(zone === undefined ? [] : checkAlias(place, record, zone, dns)),
						...checkEndpoint(place, record, zone?.domain, draft),
					];
				}),
				...checkClashes(at, zone?.records),
				...(zone === undefined ? [] : checkAuthorities(key, zone, draft)),
			];
		}),
	];
}
