/** Whether the old side is silent while the new one answers: by the old log's own clock, so that no other clock has to agree with it. */
import type { ProbeResult } from "./probe.ts";
import type { Client, Side } from "./side.ts";

/** What is asked of a domain. */
export interface Wanted {
	domain: string;
	/** For how long nobody may come, in milliseconds: three TTLs, and `move.timing.watchSeconds` at least. */
	quietMs: number;
	/** Why the TTL is what it is. */
	ttl: string;
	/** Until when caches may hold an answer of a longer TTL, in milliseconds since 1970. */
	cachedUntil: number | undefined;
}

export interface Judged {
	domain: string;
	isSilent: boolean;
	/** What keeps it from being so. */
	reasons: string[];
	/** For how long nobody has come, in milliseconds; undefined where the log cannot tell. */
	quietMs: number | undefined;
	/** Clients of the old side within the time that has to be quiet, the last one first. */
	holding: Client[];
	answered: number;
	failed: number;
}

export interface Look {
	old: Side;
	new: Side;
	now: number;
	/** Whether all that both logs have by now has been read. */
	isWhole: boolean;
	/** How long ago a log may have ended, in milliseconds. */
	staleMs: number;
	/** For how long a log that is followed may have had no line, in milliseconds; absent where none is followed. */
	stillMs?: number | undefined;
	/** The last one of each side and domain; none where nobody probed. */
	probes: readonly ProbeResult[];
}

/** How far the two logs' clocks may differ, in milliseconds. */
const SKEW_MS = 120_000;

export function judge({ domain, quietMs, cachedUntil }: Wanted, look: Look): Judged {
	const { old, now, staleMs } = look;
	const end = old.coveredTo;
	const { last } = old.of(domain);
	const wholeSince = old.wholeSince;
	if (end === undefined || wholeSince === undefined) {
		const none =
			"the old side's log has no line of the page service, not even of a health check; is it the right file?";
		return { domain, isSilent: false, reasons: [none], quietMs: undefined, holding: [], answered: 0, failed: 0 };
	}
	const since = Math.max(last ?? wholeSince, wholeSince);
	const quiet = Math.max(0, end - since);
	const start = end - quietMs;
	const { answered, failed } = look.new.answers(domain, start - SKEW_MS, end + SKEW_MS);
	const holding = old.clientsSince(domain, start);
	const reasons = look.isWhole ? [] : ["not all of both logs has been read"];
	if (last !== undefined && last > start) {
		reasons.push(
			`somebody came to MedStack ${span(end - last)} before the log's end, and nobody may for ${span(quietMs)}`,
		);
	} else if (quiet < quietMs) {
		reasons.push(
			`the old side's log is whole for ${span(quiet)} alone, and it takes ${span(quietMs)}: it begins then, or had no line for minutes, not even of a health check`,
		);
	}
	reasons.push(...judgeGrowth(domain, look));
	if (now - end > staleMs) reasons.push(`the old side's log ends ${span(now - end)} ago; export it anew`);
	if (old.missing > 0) {
		reasons.push(
			`the old side's log lacks ${old.missing} requests that the page service has counted (cut off, rotated away); export all of it`,
		);
	}
	if (cachedUntil !== undefined && cachedUntil > now) {
		reasons.push(
			`caches may hold an answer with the former, longer TTL until ${new Date(cachedUntil).toISOString()} (seen by \`plan\`)`,
		);
	}
	if (answered === 0) {
		reasons.push(
			failed > 0
				? `the new side has answered ${failed} requests, each with 5xx`
				: "the new side's log has no request of anybody in that time: silence on both sides proves nothing",
		);
	}
	reasons.push(
		...look.probes.filter((probe) => probe.domain === domain && probe.is === "wrong").map(({ says }) => says),
	);
	return { domain, isSilent: reasons.length === 0, reasons, quietMs: quiet, holding, answered, failed };
}

/** A log that is followed grows, and by this watch's own probes too: else it is another service's, or of one of several containers. */
function judgeGrowth(domain: string, { old, now, stillMs, probes }: Look): string[] {
	if (stillMs === undefined) return [];
	const still = now - (old.readAt ?? now);
	const wasAnswered = probes.some((probe) => probe.side === "old" && probe.domain === domain && probe.is === "right");
	return [
		...(still > stillMs
			? [`the old side's log has had no line for ${span(still)}; is the file still written to?`]
			: []),
		...(wasAnswered && old.of(domain).own === 0
			? [
					"the page service has answered this watch's own probe, which is not in the old side's log: it comes late, or is another container's",
				]
			: []),
	];
}

/** A time that has passed, in whole seconds or minutes. */
export function span(ms: number): string {
	const seconds = Math.round(ms / 1000);
	if (seconds < 120) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
