/** `watch`: reads both sides' logs, probes both sides, and decides whether MedStack is silent while Aptible answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { acceptance } from "./clients.ts";
import { type Judged, judge, span, type Wanted } from "./decide.ts";
import { type LogLine, readNewLine, readOldLine } from "./lines.ts";
import type { Probed, ProbeResult } from "./probe.ts";
import { Side } from "./side.ts";
import { readSource } from "./source.ts";

export interface WatchOptions {
	wanted: readonly Wanted[];
	/** Path of each side's log, or `-` for standard input. */
	old: string;
	new: string;
	/** Whether both are read as they grow, until MedStack is silent or the signal. */
	follow: boolean;
	/** Clients that do not count: addresses and networks. */
	accepted: readonly string[];
	/** What this watch's probes have in their user agent, hexadecimal. */
	mark: string;
	/** Those of former watches. */
	formerMarks: readonly string[];
	/** What is probed, and how. */
	probed: readonly Omit<Probed, "mark">[];
	/** What is not, a line each. */
	unprobed: readonly string[];
	probe: (probed: Probed) => Promise<ProbeResult>;
	tell: (line: string) => void;
	signal: AbortSignal;
	/** The time of this machine, in milliseconds; default: its clock. */
	now?: () => number;
}

export interface Watched {
	isSilent: boolean;
	judged: readonly Judged[];
	/** For a person. */
	lines: string[];
	counts: { lines: number; unknown: number };
}

/** How long a log may be without a line and still count as whole: the page service says each minute that it is there. */
const GAP_MS = 180_000;
const TELL_MS = 60_000;
const MOST_SHOWN = 20;

/** Watches until the logs end or, with `follow`, until MedStack is silent or the signal. @throws where a log cannot be read */
export async function watchSides(options: WatchOptions): Promise<Watched> {
	const { wanted, follow, tell, mark, now = Date.now } = options;
	const quiet = wanted.map(({ quietMs }) => quietMs);
	const [shortest, longest] = [Math.min(...quiet), Math.max(...quiet)];
	const gapMs = Math.min(GAP_MS, shortest / 3);
	const probeAll = () => Promise.all(options.probed.map((probed) => options.probe({ ...probed, mark })));
	const side = () =>
		new Side({
			domains: wanted.map(({ domain }) => domain),
			windowMs: longest,
			gapMs,
			accepts: acceptance(options.accepted),
			mark,
			marks: new Set([mark, ...options.formerMarks]),
			now,
		});
	const sides = { old: side(), new: side() };
	const isCaughtUp = { old: false, new: false };
	const ended = new AbortController();
	const signal = AbortSignal.any([options.signal, ended.signal]);
	const read = (which: "old" | "new", parse: (text: string) => LogLine | undefined) =>
		readSource({
			from: options[which],
			follow,
			signal,
			onLine: (line) => sides[which].take(line === undefined ? undefined : parse(line)),
			onRestart: () => {
				sides[which].counts.restarts += 1;
				tell(`${options[which]} was rotated or cut, and is read on from its beginning`);
			},
			onCaughtUp: (is) => {
				isCaughtUp[which] = is;
			},
		});
	let isRead = false;
	const reading = Promise.all([read("old", readOldLine), read("new", readNewLine)]).finally(() => {
		isRead = true;
	});
	reading.catch(() => {});
	let probes: readonly ProbeResult[] = [];
	const look = () => {
		const facts = {
			...sides,
			now: now(),
			stillMs: follow ? gapMs : undefined,
			probes,
			isWhole: isCaughtUp.old && isCaughtUp.new,
		};
		return wanted.map((one) => judge(one, facts));
	};
	let decided: Judged[] | undefined;
	try {
		let [probedAt, toldAt] = [Number.NEGATIVE_INFINITY, now()];
		while (follow && !options.signal.aborted && !isRead) {
			if (now() - probedAt >= Math.min(60_000, shortest / 10)) {
				probedAt = now();
				probes = await probeAll();
			}
			const judged = look();
			if (judged.every(({ isSilent }) => isSilent)) {
				decided = judged;
				break;
			}
			if (now() - toldAt >= TELL_MS) {
				toldAt = now();
				for (const line of judged.map(describeShort)) tell(line);
			}
			await sleep(Math.min(2_000, shortest / 20), undefined, { signal: options.signal }).catch(() => {});
		}
		if (!follow) probes = await probeAll();
	} finally {
		if (follow) ended.abort();
		await reading;
	}
	const judged = decided ?? look();
	return {
		isSilent: judged.every(({ isSilent }) => isSilent),
		judged,
		lines: [
			...wanted.flatMap((one, index) => describe(one, judged[index], sides)),
			...probes.map(({ says }) => `probe: ${says}`),
			...options.unprobed,
			...probes.flatMap(({ side, domain, aheadMs = 0 }) =>
				Math.abs(aheadMs) > 10_000
					? [
							`the clock of ${side === "old" ? "MedStack" : "Aptible"} (${domain}) is ${span(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's; silence is judged by the old log's own clock`,
						]
					: [],
			),
			...describeLog("old", options.old, sides.old),
			...describeLog("new", options.new, sides.new),
		],
		counts: {
			lines: sides.old.counts.lines + sides.new.counts.lines,
			unknown: sides.old.counts.unknown + sides.new.counts.unknown,
		},
	};
}

function describeShort({ domain, isSilent, quietMs, reasons, holding }: Judged): string {
	const quiet = quietMs === undefined ? "" : `quiet for ${span(quietMs)}`;
	const who = holding.length === 0 ? "" : `, ${holding.length} clients hold on`;
	return `${domain}: ${quiet}${who}${isSilent ? "; silent" : `; ${reasons[0]}`}`;
}

function describe(wanted: Wanted, judged: Judged | undefined, sides: { old: Side; new: Side }): string[] {
	if (judged === undefined) return [];
	const { domain, quietMs, ttl } = wanted;
	const { isSilent, reasons, holding, answered, refused, failed } = judged;
	const { requests, accepted, further } = sides.old.of(domain);
	const verdict = isSilent ? "MedStack is silent, and Aptible answers" : "not silent yet";
	return [
		`${domain}: ${verdict}; nobody may come for ${span(quietMs)} (${ttl})`,
		`${domain}: old side: ${requests} requests in this log, ${accepted} more of accepted clients; new side: ${answered} requests answered with 2xx or 3xx, ${refused} with 4xx and ${failed} with 5xx in that time`,
		...reasons.map((reason) => `${domain}: ${reason}`),
		...holding
			.slice(0, MOST_SHOWN)
			.map(
				({ client, count, last, agent }) =>
					`${domain}: holds on: ${client}, ${count} requests, last ${new Date(last).toISOString()}, ${JSON.stringify(agent)}; find out who that is, or watch once more with --accept ${client}`,
			),
		...(holding.length > MOST_SHOWN ? [`${domain}: ${holding.length - MOST_SHOWN} more clients hold on`] : []),
		...(further > 0 ? [`${domain}: ${further} requests of clients beyond the 5000 that are told apart`] : []),
	];
}

function describeLog(name: "old" | "new", from: string, { counts, coveredTo, wholeSince }: Side): string[] {
	const { lines, unknown, probes, health, elsewhere, zoneless, timeless, restarts } = counts;
	const times = [wholeSince, coveredTo].map((at) => (at === undefined ? "never" : new Date(at).toISOString()));
	const odd = [
		[unknown, "are no request of this side's form, and were looked past"],
		[elsewhere, "are for hosts that are not watched"],
		[zoneless, "have a time without a zone, which is taken for UTC"],
		[timeless, "have no time or one that is still to come, and count as now"],
		[restarts, "times the file was rotated or cut while it was read"],
	] as const;
	return [
		`${name} log ${from === "-" ? "from standard input" : from}: ${lines} lines, ${probes} of own probes, ${health} of health checks; whole from ${times[0]} to ${times[1]}`,
		...odd.filter(([count]) => count > 0).map(([count, says]) => `${name} log: ${count} ${says}`),
	];
}
