/** In what the servers of one zone differ: whoever asks gets one answer or the other until they agree. */
import { describeCaa } from "./caa.ts";
import type { NameReading, RecordSets, ServerReading } from "./reader.ts";

export interface Difference {
	/** The serial is the zone's, everything else the name's. */
	what: "records" | "CAA records" | "TTL" | "serial of the zone";
	/** Names the servers with what each one has. */
	line: string;
}

/** Differences about a name. Servers of two DNS hosts may count their serials apart, with the same records. */
export function findDifferences({ name, zone, servers }: NameReading): Difference[] {
	const known = servers.filter(({ fault }) => fault === undefined);
	const kinds: [Difference["what"], (one: ServerReading) => string][] = [
		["records", ({ sets }) => describeSets(sets) || "none"],
		["CAA records", ({ caa }) => caa.map(describeCaa).sort().join(", ") || "none"],
		["TTL", describeTtls],
		["serial of the zone", ({ serial }) => String(serial)],
	];
	return kinds.flatMap(([what, describe]) => {
		const groups = new Map<string, string[]>();
		for (const one of known) groups.set(describe(one), [...(groups.get(describe(one)) ?? []), one.server]);
		if (groups.size < 2) return [];
		const said = [...groups].map(([text, ones]) => `${text} on ${ones.join(", ")}`);
		return [
			{
				what,
				line: `${what === "serial of the zone" ? zone : name}: its servers differ in the ${what}: ${said.join("; ")}`,
			},
		];
	});
}

/** For how long a cache keeps any of the records; undefined where there is none. */
export function longestTtl(
	sets: {
		readonly [type in keyof RecordSets]?: { ttlSeconds: number } | undefined;
	},
): number | undefined {
	const all = Object.values(sets).flatMap((set) => set?.ttlSeconds ?? []);
	return all.length === 0 ? undefined : Math.max(...all);
}

function describeTtls({ sets }: ServerReading): string {
	return (
		Object.entries(sets)
			.map(([type, { ttlSeconds }]) => `${type} ${ttlSeconds}`)
			.join(" and ") || "none"
	);
}

/** `A 203.0.113.9 and AAAA 2001:db8::9`; an empty text where there is no record. */
export function describeSets(sets: Readonly<RecordSets>): string {
	return Object.entries(sets)
		.map(([type, { values }]) => `${type} ${values.join(", ")}`)
		.join(" and ");
}

/** What the servers that answer say together: of each type every value, and the largest TTL. */
export function mergeServers({ servers }: NameReading): RecordSets {
	const sets: RecordSets = {};
	for (const { sets: own } of servers) {
		for (const type of ["A", "AAAA", "CNAME"] as const) {
			const [one, other] = [sets[type], own[type]];
			if (other === undefined) continue;
			const values = [...new Set([...(one?.values ?? []), ...other.values])].sort();
			sets[type] = { ttlSeconds: Math.max(one?.ttlSeconds ?? 0, other.ttlSeconds), values };
		}
	}
	return sets;
}
