/** Judges a domain of the stage: what of its DNS and its certificate stands in the way of the night. */
import { describeCaa, judgeCaa } from "../dns/caa.ts";
import { findDifferences, shownSet } from "../dns/differences.ts";
import { sameName } from "../dns/exchange.ts";
import type { RecordSets } from "../dns/reader.ts";
import type { TtlNote } from "../dns/ttl-notes.ts";
import { challengeName, type DomainFacts, type StageDomain } from "./domains.ts";
import { findings, type PlanFinding } from "./finding.ts";
import type { LiveStage } from "./live.ts";

/** Aptible's managed certificates are Let's Encrypt's (facts/aptible.md §4.3). */
const ISSUER = "letsencrypt.org";
/** The guide's step 17: 5 minutes or less. */
export const MOST_TTL_SECONDS = 300;
/** What the plan advises. */
export const NIGHT_TTL_SECONDS = 60;
/** Hardly any record has a TTL of more than a day: one that was seen for two is in no cache with a longer one. */
const SURELY_AGED_MS = 2 * 86_400_000;
const SOON_MS = 30 * 86_400_000;

/** Name that leads to MedStack while the domain is a CNAME to it: `portal-old.acme.example`. */
export function oldName(domain: string): string {
	const [label = "", ...rest] = domain.split(".");
	return [`${label === "*" ? "wildcard" : label}-old`, ...rest].join(".");
}

/** The addresses of a name as records: `A 203.0.113.9`. */
export function listAddresses({ A, AAAA }: RecordSets): string[] {
	return [...(A?.values ?? []).map((value) => `A ${value}`), ...(AAAA?.values ?? []).map((value) => `AAAA ${value}`)];
}

/** The record by which a managed certificate is issued before traffic moves. */
export function writeChallenge({ domain, live }: StageDomain): string {
	return `${challengeName(domain)} CNAME ${live?.managedTlsDnsChallengeHostname ?? `acme.${live?.hostname ?? "HOST"}`}`;
}

/** @param facts a message where DNS could not be read */
export function checkDomain(
	subject: StageDomain,
	facts: DomainFacts | string,
	{ note, now }: { note: TtlNote | undefined; now: Date },
): PlanFinding[] {
	const { domain } = subject;
	if (typeof facts === "string") return findings("unknown", [`${domain}: DNS was not read: ${facts}`]);
	const { reading } = facts;
	const faults = reading.servers.filter(({ fault }) => fault !== undefined);
	if (faults.length === reading.servers.length) {
		return findings("blocker", [
			`no authoritative server of ${reading.zone} answers: ${faults.map(({ server, fault }) => `${server} ${fault}`).join("; ")}; ask who runs them`,
		]);
	}
	return [
		...findings(
			"warning",
			faults.map(
				({ server, fault }) =>
					`${server}, of zone ${reading.zone}, ${fault}, and whoever asks it gets no answer, or an old one; have it repaired, or remove it from the NS records of ${reading.zone}`,
			),
		),
		...findDifferences(reading).map(
			({ what, line }): PlanFinding => ({
				severity: what === "serial of the zone" ? "warning" : "blocker",
				line: `${line}; wait until all have the same, or ask who runs the one that is behind`,
			}),
		),
		...checkPlace(subject, facts),
		...checkTtl(subject, facts, { note, now }),
		...checkCaa(subject, facts),
	];
}

/** Whether the night can change one value and no type, and where the domain leads to. */
function checkPlace({ domain, app, endpoint, moved, live }: StageDomain, facts: DomainFacts): PlanFinding[] {
	const { sets, reading, addresses } = facts;
	const host = live?.hostname ?? "the endpoint's host name";
	const found: PlanFinding[] = [];
	if (moved === undefined) {
		const from = addresses[0] ?? "ADDRESS OF MEDSTACK'S LOAD BALANCER";
		found.push({
			severity: "warning",
			line: `${domain} (endpoint ${app}.${endpoint}) is not under move.domains; where people come over it to MedStack, add it: domains: { ${domain}: { via: manual, from: ${from} } }`,
		});
	} else if (
		addresses.length > 0 &&
		!addresses.some((one) => facts.fromAddresses.includes(one)) &&
		!isLive(facts, live?.hostname)
	) {
		found.push({
			severity: "warning",
			line: `${domain} leads to ${addresses.join(", ")}, and move.domains says that it comes from ${moved.from}, which the way back uses; correct from in the stage file, or the record`,
		});
	}
	if (domain === reading.zone) {
		found.push({
			severity: "blocker",
			line: `${domain} is the apex of its zone, which takes no CNAME, and Aptible gives a host name and no address (facts/aptible.md §4.3); have your DNS host make an ALIAS or ANAME record to ${host}, or lead people to a name below ${domain} by a redirect; Azure DNS has neither`,
		});
	} else if (shownSet(sets) === undefined) {
		found.push({
			severity: "warning",
			line: `${domain} has no A, AAAA or CNAME record, so that nobody comes over it yet; whoever asks for it before the record is there keeps for ${negativeSecondsOf(facts)} s in mind that there is none (SOA of ${reading.zone})`,
		});
	} else if (sets.CNAME === undefined) {
		const own = listAddresses(sets);
		const old = oldName(domain);
		found.push({
			severity: "blocker",
			line: `${domain} is ${own.join(", ")}, and Aptible needs a CNAME, which stands beside no other record: changed in the night the name is gone for a moment, which resolvers keep in mind for ${negativeSecondsOf(facts)} s (SOA of ${reading.zone}). Days before: 1. make ${old} with ${own.join(", ")} and TTL ${NIGHT_TTL_SECONDS}; 2. in one change of the zone, replace the records of ${domain} by CNAME ${old} with TTL ${NIGHT_TTL_SECONDS}. It leads to MedStack as before, and the night changes that one value to ${host}`,
		});
	}
	const beside = reading.servers.some(({ caa }) => caa.length > 0) && sets.CNAME === undefined;
	if (beside && domain !== reading.zone) {
		found.push({
			severity: "warning",
			line: `${domain} has CAA records of its own, which go when it becomes a CNAME; put them at ${reading.zone}`,
		});
	}
	return found;
}

function isLive({ sets }: DomainFacts, hostname: string | undefined): boolean {
	return hostname !== undefined && (sets.CNAME?.values ?? []).some((name) => sameName(name, hostname));
}

/** For how long resolvers keep in mind that a record is not there. */
function negativeSecondsOf({ reading }: DomainFacts): number {
	return Math.max(...reading.servers.map(({ negativeSeconds }) => negativeSeconds));
}

function checkTtl(
	{ domain, record }: StageDomain,
	{ sets }: DomainFacts,
	{ note, now }: { note: TtlNote | undefined; now: Date },
): PlanFinding[] {
	const ttl = shownSet(sets)?.ttlSeconds;
	if (ttl === undefined) return [];
	if (ttl > MOST_TTL_SECONDS) {
		return findings("blocker", [
			`${domain} has a TTL of ${ttl} s, and the guide's step 17 wants ${MOST_TTL_SECONDS} or less; set it to ${NIGHT_TTL_SECONDS} ${record === undefined ? "at your DNS host" : `as ${record}.ttlSeconds in the stage file, then: pulumi up --stack STACK`}. The switch is safe ${ttl} s after that, as caches hold the old answer for as long; look again with: npm run move -- plan --stack STACK`,
		]);
	}
	if (note?.safeFrom !== undefined) {
		if (Date.parse(note.safeFrom) <= now.getTime()) return [];
		return findings("warning", [
			`${domain} has a TTL of ${ttl} s, which was longer before; caches hold that until ${note.safeFrom} at the latest, and the switch is safe from then on`,
		]);
	}
	if (note === undefined || now.getTime() - Date.parse(note.seen) > SURELY_AGED_MS) return [];
	return findings("unknown", [
		`${domain} has a TTL of ${ttl} s, and was never seen from here with a longer one; where it was lowered lately, the switch is safe once the former TTL has passed since then (looked at first: ${note.seen})`,
	]);
}

function checkCaa({ domain, managedTls }: StageDomain, { caa }: DomainFacts): PlanFinding[] {
	if (!managedTls || caa === undefined) return [];
	const isWildcard = domain.startsWith("*.");
	const verdict = judgeCaa(caa.records, ISSUER, isWildcard);
	if (verdict === "none") return [];
	const said = caa.records.map(describeCaa).join(", ");
	const isWild = isWildcard && caa.records.some(({ tag }) => tag.toLowerCase() === "issuewild");
	const record = `${caa.name} CAA 0 ${isWild ? "issuewild" : "issue"} "${ISSUER}"`;
	if (verdict === "forbidden") {
		return findings("blocker", [
			`the CAA records of ${caa.name} (${said}) forbid Let's Encrypt, of which Aptible's managed certificates are; add the record: ${record}`,
		]);
	}
	return findings("warning", [
		`the CAA records of ${caa.name} (${said}) let Let's Encrypt issue for one account or by one method alone, and whether that is Aptible's cannot be seen from here; add the record without parameters: ${record}`,
	]);
}

/** Whether a certificate is there before traffic comes. @param live undefined where Aptible was not looked at */
export function checkCertificate(
	subject: StageDomain,
	facts: DomainFacts | string,
	live: LiveStage | undefined,
	now: Date,
): PlanFinding[] {
	const { domain, app, endpoint, managedTls, live: own } = subject;
	const where = `${domain} (endpoint ${app}.${endpoint})`;
	if (live === undefined) return [];
	if (own === undefined) {
		return managedTls
			? findings("blocker", [
					`${where} is not on Aptible yet, and its certificate is to be there before the night; make it: pulumi up --stack STACK`,
				])
			: findings("unknown", [
					`${where}: which endpoint on Aptible it is cannot be told, and so the state of its certificate; look: aptible endpoints:list --app ${app}`,
				]);
	}
	if (managedTls && own.managedTlsStatus !== "ready") {
		const hasChallenge = typeof facts !== "string" && facts.hasChallenge === true;
		const record = writeChallenge(subject);
		return findings("blocker", [
			`${where}: its managed certificate is ${own.managedTlsStatus ?? "unknown"}, not ready; ${hasChallenge ? `the record ${record} is there` : `make the record ${record}`}, then: aptible endpoints:renew ${own.hostname ?? "HOST"} --app ${app}`,
		]);
	}
	const until = own.certificateId === undefined ? undefined : live.validUntil.get(own.certificateId);
	if (managedTls || until === undefined) return [];
	const day = until.toISOString().slice(0, 10);
	if (until <= now) {
		return findings("blocker", [
			`${where}: its certificate has expired on ${day}; put a new one into the stage file's secrets, then: pulumi up --stack STACK`,
		]);
	}
	if (until.getTime() - now.getTime() > SOON_MS) return [];
	return findings("warning", [
		`${where}: its certificate expires on ${day}; where that is before the move is over, renew it first`,
	]);
}
