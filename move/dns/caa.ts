/** Whether CAA records let an authority issue a certificate for a name (RFC 8659). */
import type { CaaRecord, NameReading } from "./reader.ts";

/** The records that decide, and where they stand. */
export interface CaaReading {
	/** The name that has them. */
	name: string;
	/** Of every server that answers, each one once. */
	records: readonly CaaRecord[];
}

/** Tags that this program knows; another one that is critical forbids everything. */
const KNOWN_TAGS = ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail"];

/**
 * Finds the records that decide: those of the name, else of the nearest name above it that has some.
 *
 * @param read reads a name; of a name that becomes a CNAME the parent's count, as nothing else may stand beside that
 * @param name a wildcard counts as the name below its star
 * @returns undefined where there are none, so that every authority may issue
 * @throws DnsError
 */
export async function readCaa(
	read: (name: string) => Promise<NameReading>,
	name: string,
): Promise<CaaReading | undefined> {
	const labels = name.replace(/^\*\./, "").split(".");
	for (let first = 0; first < labels.length - 1; first += 1) {
		const above = labels.slice(first).join(".");
		const { servers } = await read(above);
		const texts = new Map(servers.flatMap(({ caa }) => caa).map((record) => [describeCaa(record), record]));
		if (texts.size > 0)
			return { name: above, records: [...texts.keys()].sort().flatMap((text) => texts.get(text) ?? []) };
	}
	return undefined;
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
	if (records.some(({ isCritical, tag }) => isCritical && !KNOWN_TAGS.includes(tag.toLowerCase()))) return "forbidden";
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
