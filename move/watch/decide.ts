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
	/** When the domain was led to Aptible, in milliseconds since 1970; undefined where nobody has noted it. */
	switchedAt: number | undefined;
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
	/** On the new side, in that time: requests that were answered with 2xx and 3xx, with 4xx, and with anything else. */
	answered: number;
	refused: number;
	failed: number;
}

export interface Look {
	old: Side;
	new: Side;
	now: number;
	/** Whether all that both logs have by now has been read. */
	isWhole: boolean;
	/** For how long a log that is followed may have had no line, in milliseconds; absent where none is followed. */
	stillMs?: number | undefined;
	/** The last one of each side and domain; none where nobody probed. */
	probes: readonly ProbeResult[];
}

/** How far the clocks of both logs and of the journal may differ, in milliseconds. */
const SKEW_MS = 120_000;
/** Requests that Aptible has to have answered: a single one may be a scanner's. */
const LEAST_ANSWERED = 5;

export function judge({ domain, quietMs, switchedAt, cachedUntil }: Wanted, look: Look): Judged {
	const { old, now } = look;
	const end = old.coveredTo;
	const { last } = old.of(domain);
	const wholeSince = old.wholeSince;
	if (end === undefined || wholeSince === undefined) {
		const none =
			"the old side's log has no line of the page service, not even of a health check; is it the right file?";
		const nobody = { holding: [], answered: 0, refused: 0, failed: 0 };
		return { domain, isSilent: false, reasons: [none], quietMs: undefined, ...nobody };
	}
	const since = Math.max(last ?? wholeSince, wholeSince);
	const quiet = Math.max(0, end - since);
	const start = end - quietMs;
	// Shorter where a test waits for less than anybody's clock is wrong.
	const skewMs = Math.min(SKEW_MS, quietMs / 5);
	const answers = look.new.answers(domain, start - skewMs, end + skewMs);
	const reasons = look.isWhole ? [] : ["not all of both logs has been read"];
	reasons.push(...judgeSwitch(switchedAt, { start, end, quietMs, skewMs }));
	if (last !== undefined && last > start) {
		reasons.push(
			`somebody came to MedStack ${span(end - last)} before the log's end, and nobody may for ${span(quietMs)}`,
		);
	} else if (quiet < quietMs) {
		reasons.push(
			`the old side's log is whole for ${span(quiet)} alone, and it takes ${span(quietMs)}: it begins then, or had no line for minutes, not even of a health check`,
		);
	}
	reasons.push(...judgeGrowth(domain, look), ...judgeInstances(domain, look, start));
	if (now - end > quietMs) reasons.push(`the old side's log ends ${span(now - end)} ago; export it anew`);
	if (cachedUntil !== undefined && cachedUntil > now) {
		reasons.push(
			`caches may hold an answer with the former, longer TTL until ${new Date(cachedUntil).toISOString()} (seen by \`plan\`)`,
		);
	}
	if (answers.answered < LEAST_ANSWERED) {
		const all = answers.answered + answers.refused + answers.failed;
		reasons.push(
			all === 0
				? "the new side's log has no request of anybody in that time: silence on both sides proves nothing"
				: `the new side has answered ${answers.answered} of ${all} requests with 2xx or 3xx in that time, and it takes ${LEAST_ANSWERED}`,
		);
	}
	reasons.push(
		...look.probes.filter((probe) => probe.domain === domain && probe.is === "wrong").map(({ says }) => says),
	);
	const holding = old.clientsSince(domain, start);
	return { domain, isSilent: reasons.length === 0, reasons, quietMs: quiet, holding, ...answers };
}

/** Before the switch nobody comes to the page for another reason: MedStack's app served, or DNS had just begun to lead elsewhere. */
function judgeSwitch(
	switchedAt: number | undefined,
	{ start, end, quietMs, skewMs }: { start: number; end: number; quietMs: number; skewMs: number },
): string[] {
	if (switchedAt === undefined) {
		return [
			"when it was led to Aptible is noted neither in the journal nor in .move beside the stage; to have it counted from now: npm run move -- switch live --again --stack STACK",
		];
	}
	if (start >= switchedAt + skewMs) return [];
	return [
		`it leads to Aptible for ${span(Math.max(0, end - switchedAt))} by the old side's log, and silence counts from then: it takes ${span(quietMs + skewMs)}`,
	];
}

/** Lines that a log lacks may have been somebody's. */
function judgeInstances(domain: string, { old, probes }: Look, start: number): string[] {
	const { missing, cut } = old.findGaps(start);
	const unseen = probes.flatMap(({ side, domain: probed, instance }) =>
		side === "old" && probed === domain && instance !== undefined && !old.hasInstance(instance) ? [instance] : [],
	);
	return [
		...(missing > 0
			? [
					`the old side's log lacks ${missing} lines by the page service's own numbers (cut off, rotated away); export all of it`,
				]
			: []),
		...(cut > 0
			? [
					`the lines of ${cut} containers of the page service break off in that time, and they have not ended; export all of them`,
				]
			: []),
		...(old.droppedAt !== undefined && old.droppedAt > start
			? ["the page service has dropped connections in that time, as too many were open, and whose is unknown"]
			: []),
		...unseen.map(
			(instance) =>
				`the page service answers as ${instance}, of which the old side's log has no line: it is another container's, or was exported before that one began`,
		),
	];
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
