/** Whether the caches that hold a domain's record with its former TTL have ended by now. */
import { NIGHT_TTL_SECONDS } from "../../config/stable-names.ts";
import { MOST_TTL_SECONDS } from "../plan/domain-checks.ts";
import { type DomainFacts, isSwitched, type StageDomain } from "../plan/domains.ts";
import type { MoveStage } from "../stage.ts";
import { longestTtl } from "./differences.ts";
import { readTtlPassed } from "./point-notes.ts";
import {
	heldSeconds,
	isFormerUnknown,
	noteTtl,
	readTtlNotes,
	type TtlNote,
	type TtlNotes,
	ttlFloor,
	writeTtlNotes,
} from "./ttl-notes.ts";

/** A record that was lowered before it was seen here first had a TTL of a day or less, as DNS hosts set it. */
const UNSEEN_TTL_MS = 86_400_000;

/** A domain with what DNS says of it, or why it could not be read. */
export interface ReadDomain {
	subject: StageDomain;
	facts: DomainFacts | string;
}

/** Notes the TTL of each domain; one that could not be read keeps its note. */
export function noteTtls(moved: MoveStage, domains: readonly ReadDomain[], now: Date): TtlNotes {
	const [former, floorSeconds] = [readTtlNotes(moved), ttlFloor(moved)];
	const read = domains.flatMap(({ subject: { domain }, facts }): [string, TtlNote][] => {
		const ttl = typeof facts === "string" ? undefined : longestTtl(facts.sets);
		return ttl === undefined ? [] : [[domain, noteTtl(former[domain], ttl, { now, floorSeconds })]];
	});
	const notes = { ...former, ...Object.fromEntries(read) };
	if (read.some(([domain, note]) => note !== former[domain])) writeTtlNotes(moved, notes);
	return notes;
}

/**
 * Refuses to switch before the former TTL of each domain has passed (facts/move.md §5). To be asked before the phase `live`. A domain
 * that leads to Aptible already is none.
 *
 * @param read of `listDomains`, those that go over
 * @returns what is not known, a line each: a domain that was never seen with a longer one may have had it, unless a person has typed
 * `--ttl-passed` within a day
 * @throws Error with each domain that is too young, and from when on it is not
 */
export function judgeTtls(moved: MoveStage, read: readonly ReadDomain[], now: Date): string[] {
	const open = read.filter(({ subject, facts }) => typeof facts === "string" || !isSwitched(subject, facts));
	const notes = noteTtls(moved, open, now);
	const typed = readTtlPassed(moved);
	const isPassed = typed !== undefined && now.getTime() - Date.parse(typed) <= UNSEEN_TTL_MS;
	const refusals = open.flatMap(({ subject, facts }) =>
		judgeTtl(subject, facts, notes[subject.domain], { now, isPassed, floorSeconds: ttlFloor(moved) }),
	);
	if (refusals.length > 0) throw new Error(refusals.join("\n"));
	if (isPassed) return [];
	return open.flatMap(({ subject: { domain } }) => {
		const note = notes[domain];
		if (note === undefined || !isFormerUnknown(note, now)) return [];
		return [
			`${domain} has a TTL of ${note.ttlSeconds} s, seen first at ${note.seen}, and no longer one was seen from here; where it was lowered lately, some resolvers lead to the other side for as long as the former TTL`,
		];
	});
}

function judgeTtl(
	{ domain, moved }: StageDomain,
	facts: DomainFacts | string,
	note: TtlNote | undefined,
	{ now, isPassed, floorSeconds }: { now: Date; isPassed: boolean; floorSeconds: number },
): string[] {
	if (typeof facts === "string") return [`${domain}: DNS was not read: ${facts}`];
	const ttl = longestTtl(facts.sets) ?? 0;
	if (ttl > MOST_TTL_SECONDS) {
		return [
			`${domain} has a TTL of ${ttl} s, for which resolvers lead to the old side after the switch; allowed: ${MOST_TTL_SECONDS} or less. ${describeLowering(moved?.via)}, and switch ${heldSeconds(ttl, floorSeconds)} s after that`,
		];
	}
	if (note !== undefined && note.safeFrom === undefined) {
		const from = new Date(Date.parse(note.seen) + UNSEEN_TTL_MS);
		if (from <= now || isPassed) return [];
		return [
			`${domain} has a TTL of ${ttl} s, seen first at ${note.seen}, and which one it had before is not known here; resolvers may hold the former answer until ${from.toISOString()}: switch from then on. Where you know that its former TTL has passed since it was lowered: --ttl-passed`,
		];
	}
	if (note?.safeFrom === undefined || Date.parse(note.safeFrom) <= now.getTime()) return [];
	return [
		`${domain} has a TTL of ${ttl} s, which was longer before, and resolvers hold the former answer until ${note.safeFrom}; switch from then on`,
	];
}

function describeLowering(via: string | undefined): string {
	if (via === "azure") return "Go back to phase: prepare, whose `pulumi up --stack STACK` sets it";
	if (via === "route53" || via === "cloudflare")
		return "In phase: prepare set it with npm run move -- point --to old --stack STACK";
	return `Set it to ${NIGHT_TTL_SECONDS} at the DNS host`;
}
