/** What takes more than one value to see of the domains of a move. */
import { isIPv4 } from "node:net";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongName, wrongValue } from "./mistakes.ts";
import { tellDeclared, unknownName } from "./near-miss.ts";
import { NIGHT_TTL_SECONDS, nameWithin, newName, oldName, refuseStableNames } from "./stable-names.ts";

type MoveDraft = NonNullable<Draft["move"]>;
type ZoneDraft = NonNullable<NonNullable<NonNullable<Draft["dns"]>["zones"]>[string]>;
type RecordDraft = NonNullable<NonNullable<ZoneDraft["records"]>[string]>;

/** A domain that moves, with the endpoint of the stage that it is of. */
interface Moved {
	place: Place;
	domain: string;
	/** APP.ENDPOINT. */
	endpoint: string;
	from: string | undefined;
	phase: MoveDraft["phase"];
}

interface Zone extends ZoneDraft {
	key: string;
	domain: string;
}

/** Judges the domains of a move. */
export function checkDomains(draft: Draft, { domains, phase }: MoveDraft): Mistake[] {
	const endpoints = new Map(
		Object.entries(draft.apps ?? {}).flatMap(([app, one]) =>
			Object.entries(one?.endpoints ?? {}).flatMap(([key, endpoint]) =>
				endpoint?.domain === undefined ? [] : [[endpoint.domain, `${app}.${key}`] as const],
			),
		),
	);
	return Object.entries(domains ?? {}).flatMap(([domain, moved]): Mistake[] => {
		const place = ["move", "domains", domain];
		const endpoint = endpoints.get(domain);
		if (endpoint === undefined)
			return [wrongName(place, unknownName("the domain of an endpoint of this stage", domain, [...endpoints.keys()]))];
		const via = moved?.via;
		const one = { place, domain, endpoint, from: moved?.from, phase };
		if (via === undefined) return [];
		if (via === "manual") return checkByHand(draft, one);
		const says = refuseStableNames(domain);
		if (says !== undefined) return [wrongName(place, says)];
		const taken = [oldName(domain), newName(domain)].find((name) => endpoints.has(name));
		if (taken !== undefined) {
			return [
				wrongName(
					place,
					`needs the name ${taken} for the move, which is the domain of ${endpoints.get(taken)}; give that endpoint another domain, or write via: manual`,
				),
			];
		}
		return via === "azure" ? checkAzure(draft, one) : checkElsewhere(draft, one);
	});
}

/** The zone of the file that a domain is in. */
function findZone({ dns }: Draft, domain: string): Zone | undefined {
	return Object.entries(dns?.zones ?? {})
		.flatMap(([key, zone]) => (zone?.domain === undefined ? [] : [{ ...zone, key, domain: zone.domain }]))
		.filter((zone) => domain === zone.domain || domain.endsWith(`.${zone.domain}`))
		.sort((one, other) => other.domain.length - one.domain.length)[0];
}

function findRecords({ domain: above, records }: Zone, name: string): [string, RecordDraft][] {
	return Object.entries(records ?? {}).flatMap(([key, record]) =>
		record?.name !== undefined && `${record.name}.${above}` === name ? [[key, record]] : [],
	);
}

/** A record with an endpoint leads to Aptible by the next update, whatever the phase. */
function checkByHand({ dns }: Draft, { place, domain, endpoint, phase }: Moved): Mistake[] {
	if (phase === undefined || phase === "live") return [];
	const found = Object.entries(dns?.zones ?? {}).flatMap(([zone, one]) =>
		Object.entries(one?.records ?? {}).flatMap(([key, record]) => {
			const isLeading = record?.endpoint === endpoint && record.challenge !== true && record.import !== true;
			return isLeading ? [`dns.zones.${zone}.records.${key}`] : [];
		}),
	);
	return found.map((record) =>
		wrongValue(
			[...place, "via"],
			`stands beside ${record}, which would lead ${domain} to Aptible by the next update, before live; write via: azure, or have that record lead to MedStack, without endpoint, until live`,
		),
	);
}

function checkElsewhere(draft: Draft, { place, domain }: Moved): Mistake[] {
	const zone = findZone(draft, domain);
	const [found] = zone === undefined ? [] : findRecords(zone, domain);
	if (zone === undefined || found === undefined) return [];
	const says = `stands beside dns.zones.${zone.key}.records.${found[0]}, which is in Azure DNS; write via: azure, or remove that record from the file`;
	return [wrongValue([...place, "via"], says)];
}

function checkAzure(draft: Draft, moved: Moved): Mistake[] {
	const { place, domain, endpoint, phase } = moved;
	const via = [...place, "via"];
	if ("dns" in draft && draft.dns === undefined) return [];
	const zone = findZone(draft, domain);
	if (zone === undefined) {
		const zones = Object.values(draft.dns?.zones ?? {}).flatMap((one) => one?.domain ?? []);
		return [
			wrongValue(
				via,
				`needs the zone of ${domain} under dns.zones; ${tellDeclared(zones)}; add it, or write via: manual`,
			),
		];
	}
	if (domain === zone.domain) {
		return [
			wrongName(
				place,
				"is the apex of its zone, which takes no CNAME, and Aptible gives a host name and no address; lead people to a name below it by a redirect, or host the zone where there is an ALIAS record, and remove it here",
			),
		];
	}
	const [found, ...others] = findRecords(zone, domain);
	const label = nameWithin(domain, zone.domain);
	const key = found?.[0] ?? label.replaceAll(".", "-");
	const at = `dns.zones.${zone.key}.records`;
	if (phase === "cancelled") return checkCancelled(moved, zone, key);
	const [, record] = found ?? [];
	// So `switch cancelled` changes the phase alone.
	const isForCancelled = phase === "frozen" && record !== undefined && record.endpoint === undefined;
	if (isForCancelled && checkCancelled(moved, zone, key).length === 0) return [];
	if (record === undefined || others.length > 0 || record.type !== "CNAME" || record.endpoint !== endpoint) {
		return [
			wrongValue(
				via,
				`needs the record that ${domain} has in the end, ${at}.${key}: { name: ${label}, type: CNAME, endpoint: ${endpoint} }; until live it leads to MedStack by ${oldName(domain)}`,
			),
		];
	}
	if (record.import === true) {
		return [
			wrongValue(
				["dns", "zones", zone.key, "records", key, "import"],
				"keeps the record as it is, and no phase could change it; take it over first: without the move block run `pulumi up`, remove the line, and run it again",
			),
		];
	}
	return [oldName(domain), newName(domain)].flatMap((name, index): Mistake[] => {
		const own = `${key}-${index === 0 ? "old" : "new"}`;
		const [clash] = findRecords(zone, name);
		const taken = clash?.[0] ?? (Object.hasOwn(zone.records ?? {}, own) ? own : undefined);
		if (taken === undefined) return [];
		return [
			wrongName(
				["dns", "zones", zone.key, "records", taken],
				`stands where the move of ${domain} makes its own record ${own} (${name}); remove it, or give it another name`,
			),
		];
	});
}

/** The block may be removed from `cancelled`, so that the file itself leads to MedStack by then: its removal would switch the domain else. */
function checkCancelled({ place, domain, from }: Moved, zone: Zone, key: string): Mistake[] {
	if (from === undefined) return [];
	const old = oldName(domain);
	const label = (name: string) => nameWithin(name, zone.domain);
	const content = isIPv4(from) ? `type: A, values: [${from}]` : `type: CNAME, target: ${from}`;
	const own = zone.records?.[key];
	const stable = zone.records?.[`${key}-old`];
	const leads =
		stable?.type === "A" ? stable.values?.length === 1 && stable.values[0] === from : stable?.target === from;
	const isBack = own?.type === "CNAME" && own.target?.replace(/\.$/, "") === old && own.name === label(domain);
	if (isBack && leads && stable?.name === label(old)) return [];
	return [
		wrongValue(
			[...place, "via"],
			`needs the records as they stay without the move in the phase cancelled, or the removal of the block would lead ${domain} to Aptible: in dns.zones.${zone.key}.records write ` +
				`${key}: { name: ${label(domain)}, type: CNAME, target: ${old}, ttlSeconds: ${NIGHT_TTL_SECONDS} } and ${key}-old: { name: ${label(old)}, ${content}, ttlSeconds: ${NIGHT_TTL_SECONDS} }; they may stand there in frozen already, before npm run move -- switch cancelled --stack STACK`,
		),
	];
}
