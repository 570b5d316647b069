/** Names behind a domain that moves: it is a CNAME to one of them, so that the night changes one value and no type (facts/move.md §5). */

/** TTL of a domain and its stable names during the move, in seconds. */
export const NIGHT_TTL_SECONDS = 60;
/** Characters of a label, and of a name without its final dot (RFC 1035 §2.3.4). */
const longestLabel = 63;
const longestName = 253;

/** Name that leads to MedStack: `portal-old.acme.example`. */
export function oldName(domain: string): string {
	return withSuffix(domain, "old");
}

/** Name that leads to Aptible: `portal-new.acme.example`. */
export function newName(domain: string): string {
	return withSuffix(domain, "new");
}

/** A name as its zone has it: `portal-old`. */
export function nameWithin(name: string, zone: string): string {
	return name.slice(0, -zone.length - 1);
}

function withSuffix(domain: string, suffix: string): string {
	const [label = "", ...rest] = domain.split(".");
	return [`${label === "*" ? "wildcard" : label}-${suffix}`, ...rest].join(".");
}

/** Why a domain can have no stable names that this program writes, with the fix; undefined where it can. */
export function refuseStableNames(domain: string): string | undefined {
	if (domain.startsWith("*.")) {
		return "is a wildcard, and a record of its own below it stands outside of it; give each host name an endpoint, or write via: manual and change the wildcard's record by hand";
	}
	const name = oldName(domain);
	const [label = ""] = name.split(".");
	if (label.length > longestLabel) {
		return `makes the label ${label}, which has ${label.length} characters; allowed: ${longestLabel}; lead people over a shorter name, or remove it here and change its record by hand`;
	}
	if (name.length <= longestName) return undefined;
	return `makes the name ${name}, which has ${name.length} characters; allowed: ${longestName}; lead people over a shorter name, or remove it here and change its record by hand`;
}
