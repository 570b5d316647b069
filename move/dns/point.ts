/** Leads the domains of a move to one side, and waits until every authoritative server says so (facts/move.md §5). */
import type { DnsWay } from "../../config/move.ts";
import { MOST_TTL_SECONDS } from "../plan/domain-checks.ts";
import { type DomainFacts, readDomain, type StageDomain } from "../plan/domains.ts";
import { longestTtl, mergeServers } from "./differences.ts";
import { askHost, describeRefusal } from "./host-check.ts";
import { notePoint, type PointNote, readExcused, readOurs, readPointNotes } from "./point-notes.ts";
import type { PointOptions, RefusePointingOptions } from "./point-options.ts";
import { findObstacles, isAtOrigin, type Pointing, pointingTo, type Side } from "./pointing.ts";
import type { RecordSets } from "./reader.ts";
import { heldSeconds, readTtlNotes, ttlFloor } from "./ttl-notes.ts";
import { type Awaiting, findBehind, isThere, PointError, waitFor } from "./waiting.ts";
import { judgeTtls, noteTtls, type ReadDomain } from "./young-ttl.ts";

/** A domain that leads to its side on every authoritative server. */
export interface Pointed {
	domain: string;
	target: string;
	/** Resolvers may hold the former answer until then. */
	resolversUntil: Date;
}

/**
 * Leads every domain to a side. With `via: azure` the stack has done so, and with `manual` a person is told; either is waited for. May be
 * killed anywhere and done again.
 *
 * @throws PointError where something stands in the way of one of them, of which nothing is changed then; where a DNS host refuses; and
 * where the deadline passes
 */
export async function pointDomains(options: PointOptions): Promise<Pointed[]> {
	const { to, moved, domains, dns, isPreparing = false, now = () => new Date() } = options;
	const all = await readAll(dns, domains);
	const read = all.filter((one) => !isDone(options, one));
	// The stack has changed the others by now, so that they are waited for.
	const own = read.filter(({ subject, facts }) => subject.moved?.via !== "azure" || typeof facts === "string");
	for (const line of await refuseObstacles(options, own, now())) options.tell(line);
	const excused = readExcused(moved);
	for (const server of excused) {
		options.tell(`${server} is not waited for while it is silent: --without-server was typed`);
	}
	if (to === "old") noteTtls(moved, read, now());
	const pointings = read.map(({ subject }) => pointingTo(to, subject, isPreparing));
	const put = async ({ subject, own: ownRecord }: Pointing, part: Awaiting) => {
		const { wanted } = part;
		const provider = await options.providerOf(wayOf(subject));
		if (!provider.isWriting && (await findBehind(dns, part, excused)).length === 0) return;
		try {
			const { zone } = factsOf(read, subject).reading;
			const terms = wanted === ownRecord ? {} : { known: readOurs(moved, wanted.name) };
			if (wanted !== ownRecord && subject.moved?.via !== "azure") await noteStable(options, part, now());
			const made = await provider.put(zone, wanted, { mayReplace: isPreparing, ...terms });
			if (made === "written")
				options.tell(`${wanted.name} is written: ${wanted.type} ${wanted.value}, TTL ${wanted.ttlSeconds} s`);
		} catch (error) {
			throw new PointError(`${describeRefusal(wanted.name, error)}; go on with: ${commands[to]}`);
		}
	};
	const bring = async (partsOf: (one: Pointing) => readonly Awaiting[]) => {
		for (const one of pointings) for (const part of partsOf(one)) await put(one, part);
		await waitFor(options, pointings.flatMap(partsOf), commands[to]);
	};
	await bring((one) =>
		one.stable.map((wanted) => ({ ...awaitingOf(one, isPreparing), wanted, alsoRight: [], isBefore: true })),
	);
	const noted = pointings.flatMap((one) => keepFormer(options, read, one, now()));
	// DNS waits for no journal.
	const kept = noted.map((one) => options.note?.(one));
	await bring((one) => [awaitingOf(one, isPreparing)]);
	await Promise.all(kept);
	return Promise.all(pointings.map((one) => conclude(options, read, one, now())));
}

function wayOf({ moved }: StageDomain): DnsWay {
	return moved?.via ?? "manual";
}

/** What is waited for of a domain. Some hosts where a person makes it take no TTL as low as is wished for. */
function awaitingOf({ subject, own, alsoRight }: Pointing, isPreparing: boolean): Awaiting {
	const most = wayOf(subject) === "manual" ? MOST_TTL_SECONDS : own.ttlSeconds;
	return { wanted: own, alsoRight, mostTtlSeconds: isPreparing ? most : undefined };
}

/** Unless it is prepared, a domain that leads to MedStack by another record is left as it is. */
function isDone({ to, isPreparing = false, tell }: PointOptions, { subject, facts }: ReadDomain): boolean {
	if (to === "new" || isPreparing || typeof facts === "string") return false;
	if (!isAtOrigin(subject, facts)) return false;
	tell(`${subject.domain} leads to MedStack already`);
	return true;
}

/**
 * Refuses what stands in the way of `pointDomains`, of domains with `via: azure` too. To be asked before `pulumi up` changes one.
 *
 * @returns what is not known, a line each
 * @throws PointError with a line for each mistake: a TTL that is too young, a server that is behind or silent, an address that would become a CNAME,
 * records beside it, an apex, CAA records, a domain that leads elsewhere, a wildcard that answers, a DNS host that would refuse, a stable name
 * that is somebody else's
 */
export async function refusePointing(options: RefusePointingOptions): Promise<string[]> {
	const { now = () => new Date() } = options;
	return refuseObstacles(options, await readAll(options.dns, options.domains), now());
}

function readAll(dns: PointOptions["dns"], domains: readonly StageDomain[]): Promise<ReadDomain[]> {
	return Promise.all(domains.map(async (subject) => ({ subject, facts: await readDomain(dns, subject) })));
}

const commands: Readonly<Record<Side, string>> = {
	old: "npm run move -- point --to old --stack STACK",
	new: "npm run move -- point --to new --stack STACK",
};

function factsOf(read: readonly ReadDomain[], { domain }: StageDomain): DomainFacts {
	const facts = read.find(({ subject }) => subject.domain === domain)?.facts;
	if (typeof facts !== "object") throw new Error(`${domain} was not read`);
	return facts;
}

function isEverywhere(read: readonly ReadDomain[], pointing: Pointing, isPreparing: boolean): boolean {
	const part = awaitingOf(pointing, isPreparing);
	return factsOf(read, pointing.subject).reading.servers.every(({ sets }) => isThere(sets, part));
}

async function refuseObstacles(
	options: RefusePointingOptions,
	read: readonly ReadDomain[],
	now: Date,
): Promise<string[]> {
	const { to, moved, dns, isPreparing = false } = options;
	const excused = readExcused(moved);
	const find = async (one: ReadDomain): Promise<string[]> => {
		// Behind its host's proxy a domain shows addresses that are not its own.
		const refused = await askHost(options, one);
		return refused.length > 0 ? refused : findObstacles({ dns, side: to, isPreparing, excused }, one);
	};
	const found = (await Promise.all(read.map(find))).flat();
	const unknown: string[] = [];
	try {
		if (to === "new") unknown.push(...judgeTtls(moved, read, now));
	} catch (error) {
		found.push((error as Error).message);
	}
	if (found.length > 0) throw new PointError([...new Set(found)].join("\n"));
	return unknown;
}

/** Notes that a stable name is this program's, before it is. */
async function noteStable({ to, moved, dns }: PointOptions, { wanted }: Awaiting, now: Date): Promise<void> {
	if (readOurs(moved, wanted.name).at(-1) === wanted.value) return;
	const former = plainSets(mergeServers(await dns.read(wanted.name)));
	notePoint(moved, { at: now.toISOString(), domain: wanted.name, to, former, target: wanted.value });
}

function plainSets(sets: RecordSets): PointNote["former"] {
	return Object.fromEntries(
		Object.entries(sets).map(([type, set]) => [type, { ttlSeconds: set.ttlSeconds, values: [...set.values] }]),
	);
}

/** Notes what a domain is, unless it leads there already. */
function keepFormer(
	{ to, moved, isPreparing = false }: PointOptions,
	read: readonly ReadDomain[],
	pointing: Pointing,
	now: Date,
): PointNote[] {
	if (isEverywhere(read, pointing, isPreparing)) return [];
	const former = plainSets(factsOf(read, pointing.subject).sets);
	const { name: domain, value: target } = pointing.own;
	const noted: PointNote = { at: now.toISOString(), domain, to, former, target };
	notePoint(moved, noted);
	return [noted];
}

/** Says until when resolvers may hold the former answer, and notes the TTL that is read by then. */
async function conclude(
	{ to, moved, dns, isPreparing = false, tell }: PointOptions,
	read: readonly ReadDomain[],
	{ subject, ...pointing }: Pointing,
	now: Date,
): Promise<Pointed> {
	const { name: domain, value: target, ttlSeconds } = pointing.own;
	const facts = factsOf(read, subject);
	const noted = readPointNotes(moved).findLast((one) => one.domain === domain && one.to === to);
	const seen = isEverywhere(read, { subject, ...pointing }, isPreparing) ? noted?.former : facts.sets;
	const former = seen === undefined ? undefined : longestTtl(seen);
	const held = heldSeconds(former ?? readTtlNotes(moved)[domain]?.ttlSeconds ?? ttlSeconds, ttlFloor(moved));
	if (to === "old") {
		const reading = await dns.read(domain);
		noteTtls(moved, [{ subject, facts: { ...facts, reading, sets: mergeServers(reading) } }], now);
	}
	const resolversUntil = new Date(now.getTime() + held * 1000);
	tell(
		`${domain} leads to ${target} on every authoritative server; resolvers may hold the former answer until ${resolversUntil.toISOString()} (reckoned with a TTL of ${held} s), some clients longer`,
	);
	return { domain, target, resolversUntil };
}
