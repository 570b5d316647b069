/** CAA records that keep Aptible's managed certificates from being issued (RFC 8659 §3; facts/aptible.md §4.3). */
import type { Draft } from "../draft.ts";
import { type Mistake, wrongValue } from "../mistakes.ts";
import { valueTypes } from "./dns-values.ts";

/** Who issues managed certificates. */
const authority = "letsencrypt.org";

type ZoneDraft = NonNullable<NonNullable<NonNullable<Draft["dns"]>["zones"]>[string]>;

/** A CAA set of a zone: the names that it holds for, and what it says. */
interface CaaSet {
	key: string;
	name: string;
	records: { tag: string; value: string }[];
}

/** Judges the CAA records of a zone against the endpoints of the stage: an authority heeds the nearest set above a name. */
export function checkAuthorities(zoneKey: string, zone: ZoneDraft, draft: Draft): Mistake[] {
	const { domain } = zone;
	if (domain === undefined) return [];
	const sets = listSets(zone, domain);
	const managed = Object.entries(draft.apps ?? {}).flatMap(([app, one]) =>
		Object.entries(one?.endpoints ?? {}).flatMap(([key, endpoint]) =>
			endpoint?.managedTls === true && endpoint.domain !== undefined
				? [{ endpoint: `${app}.${key}`, name: endpoint.domain }]
				: [],
		),
	);
	return managed.flatMap(({ endpoint, name }): Mistake[] => {
		const isWildcard = name.startsWith("*.");
		const set = findNearest(sets, name.replace(/^\*\./, ""));
		if (set === undefined || admits(set, isWildcard)) return [];
		const place = ["dns", "zones", zoneKey, "records", set.key, "values"];
		const tag = isWildcard ? "issuewild" : "issue";
		const says = `let nobody issue the managed certificate of ${endpoint} (${name}), which is Let's Encrypt's; add 0 ${tag} "${authority}"`;
		return [{ ...wrongValue(place, says), about: "nothing" }];
	});
}

function listSets(zone: ZoneDraft, domain: string): CaaSet[] {
	return Object.entries(zone.records ?? {}).flatMap(([key, record]) => {
		if (record?.type !== "CAA" || record.name === undefined) return [];
		const records = (record.values ?? []).flatMap((value) => {
			const read = value === undefined ? undefined : valueTypes.CAA.read(value);
			return read === undefined ? [] : [read];
		});
		return [{ key, name: record.name === "@" ? domain : `${record.name}.${domain}`, records }];
	});
}

function findNearest(sets: readonly CaaSet[], name: string): CaaSet | undefined {
	const above = sets.filter((set) => `.${name}`.endsWith(`.${set.name}`));
	return above.sort((one, other) => other.name.length - one.name.length)[0];
}

/** Without an `issuewild`, `issue` counts for wildcards too; without either, everybody may issue. */
function admits({ records }: CaaSet, isWildcard: boolean): boolean {
	const of = (wanted: string) => records.filter(({ tag }) => tag === wanted);
	const deciding = isWildcard && of("issuewild").length > 0 ? of("issuewild") : of("issue");
	return deciding.length === 0 || deciding.some(({ value }) => value.split(";")[0]?.trim() === authority);
}
