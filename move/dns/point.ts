/** Leads the domains of a move to one side, and waits until every authoritative server says so (facts/move.md §5). */
import { setTimeout as sleep } from "node:timers/promises";
import type { DnsWay } from "../../config/move.ts";
import { type DomainFacts, readDomain, type StageDomain } from "../plan/domains.ts";
import type { MoveStage } from "../stage.ts";
import { longestTtl } from "./differences.ts";
import { notePoint, type PointNote, readPointNotes } from "./point-notes.ts";
import { findObstacles, isAnswered, isAtOrigin, type Pointing, pointingTo, type Side } from "./pointing.ts";
import { type DnsProvider, DnsProviderError, type WantedRecord } from "./provider.ts";
import { DnsError, type DnsReader } from "./reader.ts";
import { noteTtl, readTtlNotes, ttlFloor, writeTtlNotes } from "./ttl-notes.ts";
import { judgeTtls, type ReadDomain } from "./young-ttl.ts";

/** All in ms. */
export interface PointTiming {
	/** For how long the servers are waited for. @default 15 minutes */
	deadlineMs?: number;
	/** Between two looks. @default 5 s */
	pollMs?: number;
	/** After which a wait that has not changed is said again. @default 30 s */
	sayMs?: number;
}

export interface PointOptions {
	to: Side;
	moved: MoveStage;
	/** Of `listDomains`, those under `move.domains`; `new` needs what Aptible has of them. */
	domains: readonly StageDomain[];
	dns: Pick<DnsReader, "read" | "addressesOf">;
	providerOf(via: DnsWay): Promise<DnsProvider>;
	tell(line: string): void;
	/** Keeps what a domain was, before it is changed; the notes in the folder `.move` have it by then. */
	note?(note: PointNote): Promise<void>;
	timing?: PointTiming;
	/** Ends the wait, and changes nothing. */
	signal?: AbortSignal;
	/** @default the machine's clock */
	now?(): Date;
}

/** A domain that leads to its side on every authoritative server. */
export interface Pointed {
	domain: string;
	target: string;
	/** Resolvers may hold the former answer until then. */
	resolversUntil: Date;
}

/** The domains are not led to the side everywhere. The message has the command to go on with. */
export class PointError extends Error {
	override name = "PointError";
}

/**
 * Leads every domain to a side. With `via: azure` the stack has done so, and with `manual` a person is told; either is waited for. May be
 * killed anywhere and done again.
 *
 * @throws PointError where something stands in the way of one of them, of which nothing is changed then; where a DNS host refuses; and
 * where the deadline passes
 */
export async function pointDomains(options: PointOptions): Promise<Pointed[]> {
	const { to, moved, domains, dns, now = () => new Date() } = options;
	const all = await readAll(dns, domains);
	const read = all.filter((one) => !isDone(options, one));
	const pointings = read.map(({ subject }) => pointingTo(to, subject));
	// The stack has changed the others by now, so that they are waited for.
	const own = read.filter(({ subject, facts }) => subject.moved?.via !== "azure" || typeof facts === "string");
	for (const line of await refuseObstacles(options, own, now())) options.tell(line);
	const providers = new Map<DnsWay, DnsProvider>();
	for (const { subject } of pointings) {
		const via = subject.moved?.via ?? "manual";
		if (!providers.has(via)) providers.set(via, await options.providerOf(via));
	}
	const put = async ({ subject }: Pointing, part: Awaited) => {
		const { wanted } = part;
		const provider = providers.get(subject.moved?.via ?? "manual");
		if (provider === undefined) return;
		if (!provider.isWriting && (await findBehind(dns, part)).length === 0) return;
		try {
			const { zone } = factsOf(read, subject).reading;
			const made = await provider.put(zone, wanted, moved.stage.move?.phase === "prepare");
			if (made === "written")
				options.tell(`${wanted.name} is written: ${wanted.type} ${wanted.value}, TTL ${wanted.ttlSeconds} s`);
		} catch (error) {
			const says = error instanceof DnsProviderError ? "" : "its DNS host says: ";
			throw new PointError(`${wanted.name}: ${says}${(error as Error).message}; go on with: ${commands[to]}`);
		}
	};
	const bring = async (partOf: (one: Pointing) => Awaited) => {
		for (const one of pointings) await put(one, partOf(one));
		await waitFor(options, pointings.map(partOf));
	};
	await bring(({ stable }) => ({ wanted: stable, alsoRight: [], isBefore: true }));
	for (const one of pointings) await keepFormer(options, read, one, now());
	await bring(({ own: wanted, alsoRight }) => ({ wanted, alsoRight }));
	return pointings.map((one) => conclude(options, read, one, now()));
}

/** After `prepare` a domain that leads to MedStack by another record is left as it is. */
function isDone({ to, moved, tell }: PointOptions, { subject, facts }: ReadDomain): boolean {
	if (to === "new" || moved.stage.move?.phase === "prepare" || typeof facts === "string") return false;
	if (!isAtOrigin(subject, facts)) return false;
	tell(`${subject.domain} leads to MedStack already`);
	return true;
}

/** What is asked before anything of a switch is done, the phase included. */
export type RefusePointingOptions = Pick<PointOptions, "to" | "moved" | "domains" | "dns" | "now">;

/**
 * Refuses what stands in the way of `pointDomains`, of domains with `via: azure` too. To be asked before `pulumi up` changes one.
 *
 * @returns what is not known, a line each
 * @throws PointError with a line for each mistake: a TTL that is too young, a server that is behind or silent, an address that would become a CNAME,
 * records beside it, an apex, CAA records, a domain that leads elsewhere, a wildcard that answers
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

function isEverywhere(read: readonly ReadDomain[], { subject, own, alsoRight }: Pointing): boolean {
	return factsOf(read, subject).reading.servers.every(({ sets }) => isAnswered(sets, own, alsoRight));
}

async function refuseObstacles(
	{ to, moved, dns }: RefusePointingOptions,
	read: readonly ReadDomain[],
	now: Date,
): Promise<string[]> {
	const isPreparing = moved.stage.move?.phase === "prepare";
	const found = (await Promise.all(read.map((one) => findObstacles(dns, to, one, isPreparing)))).flat();
	const unknown: string[] = [];
	try {
		if (to === "new") unknown.push(...judgeTtls(moved, read, now));
	} catch (error) {
		found.push((error as Error).message);
	}
	if (found.length > 0) throw new PointError([...new Set(found)].join("\n"));
	return unknown;
}

/** Notes what a domain is, unless it leads there already. */
async function keepFormer(
	{ to, moved, note: keep }: PointOptions,
	read: readonly ReadDomain[],
	pointing: Pointing,
	now: Date,
): Promise<void> {
	if (isEverywhere(read, pointing)) return;
	const { sets } = factsOf(read, pointing.subject);
	const former = Object.fromEntries(
		Object.entries(sets).map(([type, set]) => [type, { ttlSeconds: set.ttlSeconds, values: [...set.values] }]),
	);
	const { name: domain, value: target } = pointing.own;
	const noted: PointNote = { at: now.toISOString(), domain, to, former, target };
	notePoint(moved, noted);
	await keep?.(noted);
}

/** Says until when resolvers may hold the former answer, and notes the age of its TTL. */
function conclude(
	{ to, moved, tell }: PointOptions,
	read: readonly ReadDomain[],
	pointing: Pointing,
	now: Date,
): Pointed {
	const { name: domain, value: target, ttlSeconds } = pointing.own;
	const noted = readPointNotes(moved).findLast((one) => one.domain === domain && one.to === to);
	const seen = isEverywhere(read, pointing) ? noted?.former : factsOf(read, pointing.subject).sets;
	const former = seen === undefined ? undefined : longestTtl(seen as DomainFacts["sets"]);
	const floorSeconds = ttlFloor(moved);
	const held = Math.max(former ?? readTtlNotes(moved)[domain]?.ttlSeconds ?? ttlSeconds, floorSeconds);
	if (to === "old" && former !== undefined) {
		const notes = readTtlNotes(moved);
		const before = notes[domain] ?? noteTtl(undefined, former, { now, floorSeconds });
		writeTtlNotes(moved, { ...notes, [domain]: noteTtl(before, ttlSeconds, { now, floorSeconds }) });
	}
	const resolversUntil = new Date(now.getTime() + held * 1000);
	tell(
		`${domain} leads to ${target} on every authoritative server; resolvers may hold the former answer until ${resolversUntil.toISOString()} (reckoned with a TTL of ${held} s), some clients longer`,
	);
	return { domain, target, resolversUntil };
}

interface Awaited {
	wanted: WantedRecord;
	alsoRight: readonly string[];
	/** Whether something is changed after it, which a silent server holds up for nothing; one has to answer. */
	isBefore?: boolean;
}

/** Waits until every authoritative server answers with each record. A server that does not is named. */
async function waitFor(options: PointOptions, all: readonly Awaited[]): Promise<void> {
	const { to, dns, tell, timing = {}, signal } = options;
	const { deadlineMs = 15 * 60_000, pollMs = 5_000, sayMs = 30_000 } = timing;
	const started = performance.now();
	let said = { text: "", at: 0 };
	for (;;) {
		const behind = (await Promise.all(all.map((one) => findBehind(dns, one)))).flat();
		if (behind.length === 0) return;
		const [at, text] = [performance.now(), behind.join("; ")];
		if (at - started >= deadlineMs || signal?.aborted === true) {
			const after = signal?.aborted === true ? "left" : `not there after ${Math.round((at - started) / 1000)} s`;
			throw new PointError(
				`${after}: ${text}. Nothing is undone, and whoever asks such a server gets no answer or the former one; have it repaired, or removed from the NS records of its zone. Go on with: ${commands[to]}`,
			);
		}
		if (text !== said.text || at - said.at >= sayMs) {
			tell(`waiting for ${text}`);
			said = { text, at };
		}
		await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
	}
}

async function findBehind(
	dns: Pick<DnsReader, "read">,
	{ wanted, alsoRight, isBefore = false }: Awaited,
): Promise<string[]> {
	try {
		const { servers } = await dns.read(wanted.name);
		const ahead = servers.filter(({ fault, sets }) => fault === undefined && isAnswered(sets, wanted, alsoRight));
		const serial = ahead.map((one) => one.serial).sort((one, other) => other - one)[0];
		return servers.flatMap(({ server, fault, sets, serial: own }) => {
			if (fault !== undefined) return isBefore && ahead.length > 0 ? [] : [`${server}, which ${fault}`];
			if (isAnswered(sets, wanted, alsoRight)) return [];
			const has = Object.entries(sets).map(([type, { values }]) => `${type} ${values.join(", ")}`);
			const others = serial === undefined ? "" : `, others have ${serial}`;
			return [
				`${server}, which has ${has.join(" and ") || "no record"} for ${wanted.name} instead of ${wanted.type} ${wanted.value} (serial ${own}${others})`,
			];
		});
	} catch (error) {
		if (error instanceof DnsError) return [`${wanted.name}, whose zone is not found: ${error.message}`];
		throw error;
	}
}
