/** Judges a domain of the stage: what of its DNS stands in the way of the night. */
import { NIGHT_TTL_SECONDS } from "../../config/stable-names.ts";
import { findDifferences, longestTtl } from "../dns/differences.ts";
import { heldSeconds, isFormerUnknown, type TtlNote } from "../dns/ttl-notes.ts";
import { describeAlias, listAddresses, negativeSecondsOf } from "./alias.ts";
import { checkCaa } from "./certificate-checks.ts";
import { type DomainFacts, isSwitched, type StageDomain } from "./domains.ts";
import { findings, type PlanFinding } from "./finding.ts";

/** The guide's step 17: 5 minutes or less. */
export const MOST_TTL_SECONDS = 300;
export interface DomainChecks {
	note: TtlNote | undefined;
	now: Date;
	/** `move.timing.ttlFloorSeconds` */
	floorSeconds: number;
}

/** @param facts a message where DNS could not be read */
export function checkDomain(subject: StageDomain, facts: DomainFacts | string, checks: DomainChecks): PlanFinding[] {
	const { domain } = subject;
	if (typeof facts === "string") return findings("unseen", [`${domain}: DNS was not read: ${facts}`]);
	const { reading } = facts;
	const faults = reading.servers.filter(({ fault }) => fault !== undefined);
	if (faults.length === reading.servers.length) {
		const said = `no authoritative server of ${reading.zone} answers: ${faults.map(({ server, fault }) => `${server} ${fault}`).join("; ")}`;
		return faults.every(({ isUnheard }) => isUnheard)
			? findings("unseen", [`${said}, or this network lets no DNS out; try another network, or ask who runs them`])
			: findings("blocker", [`${said}; ask who runs them`]);
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
		...checkShape(subject, facts),
		...checkTtl(subject, facts, checks),
		...checkCaa(subject, facts),
		...findings("unseen", facts.unread),
	];
}

/** Whether it leads to where the stage file says, and people come over it. */
function checkPlace(subject: StageDomain, facts: DomainFacts): PlanFinding[] {
	const { domain, app, endpoint, moved } = subject;
	const { addresses = [], fromAddresses } = facts;
	if (moved === undefined) {
		const from = addresses[0] ?? "ADDRESS OF MEDSTACK'S LOAD BALANCER";
		return findings("warning", [
			`${domain} (endpoint ${app}.${endpoint}) is not under move.domains; where people come over it to MedStack, add it: domains: { ${domain}: { via: manual, from: ${from} } }`,
		]);
	}
	if (addresses.length === 0 || fromAddresses === undefined || isSwitched(subject, facts)) return [];
	if (addresses.some((one) => fromAddresses.includes(one))) return [];
	return findings("warning", [
		`${domain} leads to ${addresses.join(", ")}, and move.domains says that it comes from ${moved.from}; correct from in the stage file, or the record`,
	]);
}

/** Whether the night can change one value and no type. */
function checkShape(subject: StageDomain, facts: DomainFacts): PlanFinding[] {
	const { domain, live } = subject;
	const { sets, reading } = facts;
	const host = live?.hostname ?? "the endpoint's host name";
	if (domain === reading.zone) {
		if (isSwitched(subject, facts)) {
			return findings("warning", [
				`${domain} is the apex of its zone and has the addresses of ${host}, which change (facts/aptible.md §4.3); see at your DNS host that it is an ALIAS or ANAME record, and no A record`,
			]);
		}
		return findings("blocker", [
			`${domain} is the apex of its zone, which takes no CNAME, and Aptible gives a host name and no address (facts/aptible.md §4.3); have your DNS host make an ALIAS or ANAME record to ${host}, or lead people to a name below ${domain} by a redirect; Azure DNS has neither`,
		]);
	}
	if (sets.CNAME !== undefined) return [];
	const others = [...new Set(reading.servers.flatMap((one) => one.others))].sort().join(" and ");
	const found =
		others === ""
			? []
			: findings("blocker", [
					`${domain} has ${others} records, which cannot stand beside a CNAME; move mail and verification to another name first`,
				]);
	const steps = describeAlias(subject, facts);
	if (steps.length === 0) {
		found.push({
			severity: "warning",
			line: `${domain} has no A, AAAA or CNAME record, so that nobody comes over it yet; whoever asks for it before the record is there keeps for ${negativeSecondsOf(facts)} s in mind that there is none (SOA of ${reading.zone})`,
		});
	} else {
		found.push({
			severity: "blocker",
			line: `${domain} is ${listAddresses(sets).join(", ")}, and Aptible needs a CNAME, which stands beside no other record: changed in the night the name is gone for a moment, which resolvers keep in mind for ${negativeSecondsOf(facts)} s (SOA of ${reading.zone}). ${steps.map((step, at) => `${at + 1}. ${step}`).join("; ")}. It leads to MedStack as before, and the night changes that one value to ${host}`,
		});
	}
	if (reading.servers.some(({ caa }) => caa.length > 0)) {
		found.push({
			severity: "warning",
			line: `${domain} has CAA records of its own, which go when it becomes a CNAME; from then on the CAA records of the nearest name above decide, and they must allow whoever issues its certificate, of a managed one letsencrypt.org`,
		});
	}
	return found;
}

function checkTtl(
	{ domain, record, moved }: StageDomain,
	{ sets }: DomainFacts,
	{ note, now, floorSeconds }: DomainChecks,
): PlanFinding[] {
	const ttl = longestTtl(sets);
	if (ttl === undefined) return [];
	if (ttl > MOST_TTL_SECONDS) {
		const by =
			moved?.via === "azure"
				? "with phase: prepare: pulumi up --stack STACK"
				: moved?.via === "route53" || moved?.via === "cloudflare"
					? "in phase: prepare by npm run move -- point --to old --stack STACK"
					: record === undefined
						? "at your DNS host"
						: `as ${record}.ttlSeconds in the stage file, then: pulumi up --stack STACK`;
		return findings("blocker", [
			`${domain} has a TTL of ${ttl} s, and the guide's step 17 wants ${MOST_TTL_SECONDS} or less; set it to ${NIGHT_TTL_SECONDS} ${by}. The switch is safe ${heldSeconds(ttl, floorSeconds)} s after that, as caches hold the old answer for as long; look again with: npm run move -- plan --stack STACK`,
		]);
	}
	if (note?.safeFrom !== undefined) {
		if (Date.parse(note.safeFrom) <= now.getTime()) return [];
		return findings("warning", [
			`${domain} has a TTL of ${ttl} s, which was longer before; caches hold that until ${note.safeFrom} at the latest, and the switch is safe from then on`,
		]);
	}
	if (note === undefined || !isFormerUnknown(note, now)) return [];
	return findings("unknown", [
		`${domain} has a TTL of ${ttl} s, and was never seen from here with a longer one; where it was lowered lately, the switch is safe once the former TTL has passed since then`,
	]);
}
