/** Whether CAA records let an authority issue a certificate for a name (RFC 8659). */
import type { CaaRecord, NameReading } from "./reader.ts";

/** Tags that this program knows; another one that is critical forbids everything. */
const KNOWN_TAGS = ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail"];
/** As far as an alias is followed (RFC 8659 §3 names no limit). */
const MOST_ALIASES = 8;

/**
 * Finds the name whose records decide once the night is over: its own, else the nearest one above it that has some. At each, the records of
 * an alias are those of what it leads to (RFC 8659 §3).
 *
 * @param read reads a name
 * @param name a wildcard counts as the name below its star. One that becomes a CNAME loses its own records, as nothing else may stand beside that
 * @returns undefined where there are none, so that every authority may issue
 * @throws DnsError
 */
export async function readCaa(
	read: (name: string) => Promise<NameReading>,
	name: string,
): Promise<NameReading | undefined> {
	const labels = name.replace(/^\*\./, "").split(".");
	for (let first = 0; first < labels.length - 1; first += 1) {
		const above = labels.slice(first).join(".");
		let reading = await read(above);
		if (above === name && above !== reading.zone && targetOf(reading) === undefined) continue;
		for (let hop = 0; hop < MOST_ALIASES; hop += 1) {
			const target = targetOf(reading);
			if (target === undefined) break;
			reading = await read(target);
		}
		if (listCaa(reading).length > 0) return reading;
	}
	return undefined;
}

function targetOf({ servers }: NameReading): string | undefined {
	return servers.flatMap(({ sets }) => sets.CNAME?.values ?? [])[0];
}

/** The records of every server that answers, each one once, in the order of their text. */
export function listCaa({ servers }: NameReading): CaaRecord[] {
	const texts = new Map(servers.flatMap(({ caa }) => caa).map((record) => [describeCaa(record), record]));
	return [...texts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, record]) => record);
}

/** Whether it forbids every authority that does not know its tag. */
export function isForeign({ isCritical, tag }: CaaRecord): boolean {
	return isCritical && !KNOWN_TAGS.includes(tag.toLowerCase());
}

export function describeCaa({ isCritical, tag, value }: CaaRecord): string {
	return `${isCritical ? 128 : 0} ${tag} "${value}"`;
}

/**
 * What keeps an authority from issuing.
 *
 * @param issuer its domain, such as `letsencrypt.org`
 * @returns `none`, `forbidden`, or `restricted` where only an account or a method that the record names may, which nobody sees from here
 */
export function judgeCaa(
	records: readonly CaaRecord[],
	issuer: string,
	isWildcard: boolean,
): "none" | "restricted" | "forbidden" {
	if (records.some(isForeign)) return "forbidden";
	const ofTag = (wanted: string) => records.filter(({ tag }) => tag.toLowerCase() === wanted);
	const wild = isWildcard ? ofTag("issuewild") : [];
	const deciding = wild.length > 0 ? wild : ofTag("issue");
	if (deciding.length === 0) return "none";
	const own = deciding
		.map(({ value }) => value.split(";").map((part) => part.trim()))
		.filter(([domain = ""]) => domain.toLowerCase() === issuer);
	if (own.length === 0) return "forbidden";
	return own.some((parts) => parts.slice(1).every((parameter) => parameter === "")) ? "none" : "restricted";
}
