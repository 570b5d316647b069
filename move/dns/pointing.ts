/** What a domain is to lead to, and whether it can be led there: looked at before anything is changed. */
import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import { NIGHT_TTL_SECONDS, newName, oldName, refuseStableNames } from "../../config/stable-names.ts";
import { checkCaa } from "../plan/certificate-checks.ts";
import { type DomainFacts, isSwitched, type StageDomain } from "../plan/domains.ts";
import { describeSets, findDifferences } from "./differences.ts";
import { plainName } from "./exchange.ts";
import { isExcused } from "./point-notes.ts";
import type { WantedRecord } from "./provider.ts";
import type { DnsReader, RecordSets, ServerReading } from "./reader.ts";
import type { ReadDomain } from "./young-ttl.ts";

export type Side = "old" | "new";

/** A domain, and the two records that lead it to a side. */
export interface Pointing {
	subject: StageDomain;
	/** Of the side, to which the domain leads; while it is prepared of both. */
	stable: readonly WantedRecord[];
	own: WantedRecord;
	/** Further host names that the domain may lead to: those of the side itself. */
	alsoRight: readonly string[];
}

/**
 * @param isPreparing whether both stable names are made, days before the night
 * @throws Error where a side is not known: an endpoint that Aptible does not have, a domain that is not moved
 */
export function pointingTo(side: Side, subject: StageDomain, isPreparing: boolean): Pointing {
	const { domain, moved, live, app, environment } = subject;
	if (moved === undefined) throw new Error(`${domain} is not under move.domains; add it there`);
	const stableOf = (one: Side): WantedRecord => {
		const host = one === "old" ? moved.from : live?.hostname;
		if (host === undefined) {
			throw new Error(
				`${domain}: its endpoint has no host name on Aptible; make it: pulumi up --stack STACK; to look: aptible endpoints:list --app ${app} --environment ${environment}`,
			);
		}
		const name = one === "old" ? oldName(domain) : newName(domain);
		return {
			name,
			type: isIPv4(host) ? "A" : "CNAME",
			value: plainName(host),
			ttlSeconds: NIGHT_TTL_SECONDS,
		};
	};
	const its = stableOf(side);
	const other = isPreparing ? [stableOf(side === "old" ? "new" : "old")] : [];
	return {
		subject,
		stable: [its, ...other],
		own: { name: domain, type: "CNAME", value: its.name, ttlSeconds: NIGHT_TTL_SECONDS },
		alsoRight: its.type === "CNAME" ? [its.value] : [],
	};
}

/** Whether a server answers with the record alone. */
export function isAnswered(
	sets: Readonly<RecordSets>,
	{ type, value }: WantedRecord,
	alsoRight: readonly string[],
): boolean {
	const [found, ...others] = Object.entries(sets);
	const values = found?.[0] === type && others.length === 0 ? found[1].values : [];
	return values.length === 1 && [value, ...alsoRight].includes(values[0] ?? "");
}

/** Whether every server that answers leads to MedStack itself, by an address or its host name: that was never switched, and needs no way back. */
export function isAtOrigin({ moved }: StageDomain, { reading }: DomainFacts): boolean {
	const known = reading.servers.filter(({ fault }) => fault === undefined);
	const from = plainName(moved?.from ?? "");
	return known.length > 0 && known.every(({ sets: { A, CNAME } }) => (CNAME ?? A)?.values.includes(from) === true);
}

export interface ObstacleOptions {
	dns: Pick<DnsReader, "read">;
	side: Side;
	/** Whether an address may become a CNAME: days before the night. */
	isPreparing: boolean;
	/** Names of servers that may be silent. */
	excused: ReadonlySet<string>;
}

/** What keeps a domain from being led to a side, a line each with the fix. */
export async function findObstacles(
	{ dns, side, isPreparing, excused }: ObstacleOptions,
	{ subject, facts }: ReadDomain,
): Promise<string[]> {
	const { domain, moved } = subject;
	if (typeof facts === "string") return [`${domain}: DNS was not read: ${facts}`];
	const { reading, sets } = facts;
	const known = reading.servers.filter(({ fault }) => fault === undefined);
	if (known.length === 0) {
		const faults = reading.servers.map(({ server, fault }) => `${server} ${fault}`).join("; ");
		return [
			`${domain}: no authoritative server of ${reading.zone} answers: ${faults}; try another network, or ask who runs them`,
		];
	}
	if (domain === reading.zone) {
		return [
			`${domain} is the apex of its zone, which takes no CNAME; change its ALIAS or ANAME record by hand, and remove it from move.domains`,
		];
	}
	const isByHand = moved?.via === "manual" && domain.startsWith("*.");
	const unfit = isByHand ? undefined : refuseStableNames(domain);
	if (unfit !== undefined) return [`${domain} ${unfit}`];
	const lines = side === "old" ? [] : [...findUneven(subject, facts, excused), ...findForbidden(subject, facts)];
	const others = [...new Set(known.flatMap((one) => one.others))].sort();
	if (others.length > 0) {
		lines.push(
			`${domain} has ${others.join(" and ")} records, which cannot stand beside a CNAME; move mail and verification to another name first`,
		);
	}
	return [
		...lines,
		...judgeShape(subject, facts, known, isPreparing),
		...(await findWildcard(dns, subject, sets, isPreparing)),
	];
}

/** A server that is behind or silent would keep some people on the old side; once the switch has begun, it is waited for. */
function findUneven(subject: StageDomain, facts: DomainFacts, excused: ReadonlySet<string>): string[] {
	if (isSwitched(subject, facts)) return [];
	const { reading } = facts;
	const differing = findDifferences(reading).flatMap(({ what, line }) =>
		what === "records" ? [`${line}; wait until all have the same, or ask who runs the one that is behind`] : [],
	);
	const silent = reading.servers.flatMap(({ server, fault }) =>
		fault === undefined || isExcused(server, excused)
			? []
			: [
					`${server}, of zone ${reading.zone}, ${fault}; have it repaired, or removed from the NS records of ${reading.zone} and at its registrar; to go on without it: --without-server ${server.split(" ")[0]}`,
				],
	);
	return [...differing, ...silent];
}

/** Who may not issue the certificate of the new side. */
function findForbidden(subject: StageDomain, facts: DomainFacts): string[] {
	return checkCaa(subject, facts).flatMap(({ severity, line }) => (severity === "blocker" ? [line] : []));
}

const PREPARE =
	"that is done in the phase prepare, days before the night: npm run move -- point --to old --stack STACK";

function judgeShape(
	subject: StageDomain,
	facts: DomainFacts,
	known: readonly ServerReading[],
	isPreparing: boolean,
): string[] {
	const { domain, moved, live } = subject;
	const from = moved?.from ?? "";
	const { addresses = [], fromAddresses = [] } = facts;
	const isElsewhere =
		addresses.length > 0 &&
		fromAddresses.length > 0 &&
		!isSwitched(subject, facts) &&
		!addresses.some((one) => fromAddresses.includes(one));
	if (isElsewhere) {
		return [
			`${domain} leads to ${addresses.join(", ")}, which is neither MedStack (${from} by move.domains) nor Aptible; correct from in the stage file, or find out who changed the record`,
		];
	}
	const right = [
		oldName(domain),
		newName(domain),
		plainName(from),
		...(live?.hostname === undefined ? [] : [plainName(live.hostname)]),
	];
	return known.flatMap(({ server, sets: { CNAME, ...plain } }): string[] => {
		const [target = ""] = CNAME?.values ?? [];
		if (CNAME !== undefined) {
			// What Aptible's own name is may be unknown on the way back.
			if (right.includes(target) || isSwitched(subject, { ...facts, sets: { CNAME } })) return [];
			return [
				`${domain} leads to ${target} on ${server}; allowed: ${right.join(", ")}; find out who changed it, or correct from in the stage file`,
			];
		}
		if (isPreparing) return [];
		const is = describeSets(plain);
		if (is === "") return [`${domain} has no record on ${server}; ${PREPARE}`];
		return [
			`${domain} is ${is} on ${server}, and made a CNAME now its name is gone for a moment, which resolvers keep in mind; ${PREPARE}`,
		];
	});
}

/** Whether a wildcard answers in the place of the domain's own record: what is changed then is not what people come over. */
async function findWildcard(
	dns: Pick<DnsReader, "read">,
	{ domain }: StageDomain,
	sets: RecordSets,
	isPreparing: boolean,
): Promise<string[]> {
	const [, ...above] = domain.split(".");
	if (isPreparing || domain.startsWith("*.") || Object.keys(sets).length === 0) return [];
	if (!(await isFromWildcard(dns, domain, sets))) return [];
	return [
		`${domain} has no record of its own: what answers is the wildcard *.${above.join(".")}, which has the same value; ${PREPARE}`,
	];
}

/** Whether a name that nobody has made answers the same as this one. */
export async function isFromWildcard(dns: Pick<DnsReader, "read">, name: string, sets: RecordSets): Promise<boolean> {
	const [, ...above] = name.split(".");
	const { servers } = await dns.read(`x${randomBytes(8).toString("hex")}.${above.join(".")}`);
	const shown = (one: RecordSets) => JSON.stringify(Object.entries(one).map(([type, { values }]) => [type, values]));
	return servers.some((one) => Object.keys(one.sets).length > 0 && shown(one.sets) === shown(sets));
}
