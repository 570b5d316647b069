/** The step `watch` of a stage: what is watched, by its file; and what of it is kept in the journal. */
import { createHash, randomBytes } from "node:crypto";
import type { Context } from "../../aptible/context.ts";
import { readLines } from "../../packages/mover/journal/journal.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { longestTtl } from "../dns/differences.ts";
import { readPointNotes } from "../dns/point-notes.ts";
import { heldSeconds, readTtlNotes } from "../dns/ttl-notes.ts";
import { noteByOperator } from "../operator-line.ts";
import { listDomains } from "../plan/domains.ts";
import { readStageApps } from "../plan/live.ts";
import type { Way } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { compareJournals } from "../work.ts";
import type { Wanted } from "./decide.ts";
import { type Probed, probe } from "./probe.ts";
import { keepWatch, readWatch } from "./report.ts";
import { type Watched, watchSides } from "./watch.ts";

export interface WatchArguments {
	old: string;
	new: string;
	follow: boolean;
	/** Clients that a person accepts from now on. */
	accept: readonly string[];
	signal: AbortSignal;
	tell: (line: string) => void;
}

/** Marks that are kept: those of watches that anybody may still have in a log. */
const MOST_MARKS = 100;

/**
 * Watches, and notes in the journal what came of it. Accepted clients stay so for the next time.
 *
 * @returns exit code: 0 where MedStack is silent on every domain
 * @throws where nothing is to be watched, a TTL is not known, or a log cannot be read
 */
export async function watchMove(context: Context, way: Way, moved: MoveStage, given: WatchArguments): Promise<number> {
	const journal = await way.look(async (session) => (session === undefined ? [] : readLines(session)));
	const wanted = wantedDomains(moved, journal);
	const former = await way.look(async (session) => session && readWatch(session));
	const accepted = [...new Set([...(former?.accepted ?? []), ...given.accept])];
	const mark = randomBytes(6).toString("hex");
	const formerMarks = former?.marks ?? [];
	const kept = { accepted, marks: [...formerMarks, mark].slice(-MOST_MARKS) };
	const begun = accepted.length === 0 ? {} : { accepted: accepted.length, hash: hashOf(accepted) };
	// Its probes are known as such before the first one is sent.
	await keep(way, moved, { state: "begin", evidence: begun }, { lines: describeAccepted(accepted), ...kept });
	const { old, new: newer, follow, signal, tell } = given;
	const asked = { ...(await findProbed(context, moved)), probe, mark, formerMarks };
	const watched = await watchSides({ wanted, old, new: newer, follow, signal, tell, accepted, ...asked });
	const lines = [...watched.lines, ...describeAccepted(accepted)];
	for (const line of lines) tell(line);
	const run = await keep(way, moved, lineOf(watched, wanted, accepted), { lines, ...kept });
	if (run === undefined) tell("nothing has run in this journal, so that it notes nothing of this");
	tell(
		watched.isSilent
			? `MedStack is silent; next: npm run move -- close --stack STACK`
			: `MedStack is not silent yet; to watch on as both logs grow: npm run move -- watch --follow --old OLD --new NEW --stack STACK`,
	);
	return watched.isSilent ? 0 : 1;
}

function lineOf({ isSilent, judged, counts }: Watched, wanted: readonly Wanted[], accepted: readonly string[]) {
	const sum = (of: (one: Watched["judged"][number]) => number) => judged.reduce((total, one) => total + of(one), 0);
	const evidence = {
		hosts: judged.length,
		silent: isSilent,
		seconds: Math.min(...wanted.map(({ quietMs }) => quietMs)) / 1000,
		clients: sum(({ holding }) => holding.length),
		requests: sum(({ answered }) => answered),
		failed: sum(({ failed }) => failed),
		accepted: accepted.length,
		...counts,
	};
	return { state: isSilent ? ("done" as const) : ("failed" as const), evidence };
}

/** Writes the line and the report, and brings the journal's file up to date. @returns the run that they are of */
async function keep(
	way: Way,
	moved: MoveStage,
	line: Pick<Parameters<typeof noteByOperator>[1], "state" | "evidence">,
	report: Parameters<typeof keepWatch>[2],
): Promise<string | undefined> {
	return way.look(async (session) => {
		if (session === undefined) return undefined;
		const run = await noteByOperator(session, { step: "watch", database: "", ...line });
		if (run === undefined) return undefined;
		await keepWatch(session, run, report);
		await compareJournals(session, moved);
		return run;
	});
}

function describeAccepted(accepted: readonly string[]): string[] {
	return accepted.length === 0 ? [] : [`accepted by a person: ${accepted.join(", ")}`];
}

function hashOf(accepted: readonly string[]): string {
	return createHash("sha256")
		.update([...accepted].sort().join("\n"))
		.digest("hex");
}

/**
 * The domains of the move, since when each leads to Aptible, and for how long it has to be quiet (facts/move.md §6).
 *
 * @param journal all of its lines
 * @throws where there is no domain, and where a TTL from before the switch is not known
 */
export function wantedDomains(moved: MoveStage, journal: readonly JournalLine[]): Wanted[] {
	const { move } = moved.stage;
	const domains = Object.keys(move?.domains ?? {});
	if (move === undefined || domains.length === 0) {
		throw new Error(
			`Pulumi.${moved.name}.yaml names no domain under move.domains, and watch goes by them; add each with from: the address of MedStack's load balancer`,
		);
	}
	const { watchSeconds, ttlFloorSeconds } = move.timing;
	const [notes, points] = [readTtlNotes(moved), readPointNotes(moved)];
	const switched = journal.findLast(({ step, state }) => step === "switch" && state === "done");
	const opened = switched?.evidence.phase === "live" ? switched : undefined;
	// Another update in the same phase may have noted the TTL of Aptible's record.
	const noted = journal.flatMap(({ step, state, evidence }) =>
		step === "switch" && state === "done" && typeof evidence.seconds === "number" ? [evidence.seconds] : [],
	);
	const unknown: string[] = [];
	const wanted = domains.map((domain): Wanted => {
		const pointed = points.findLast((one) => one.domain === domain);
		const times = [opened?.at, pointed?.to === "new" ? pointed.at : undefined].filter((at) => at !== undefined);
		const switchedAt = times.length === 0 ? undefined : Math.max(...times.map((at) => Date.parse(at)));
		const note = notes[domain];
		// What `plan` sees after the switch is the TTL of another answer.
		const isFormer = note !== undefined && (switchedAt === undefined || Date.parse(note.seen) <= switchedAt);
		const ttls = [
			...(isFormer ? [note.ttlSeconds] : []),
			...noted,
			...points.flatMap((one) => (one.domain === domain && one.to === "new" ? (longestTtl(one.former) ?? []) : [])),
		];
		if (ttls.length === 0) unknown.push(domain);
		const longest = Math.max(0, ...ttls);
		const ttlSeconds = heldSeconds(longest, ttlFloorSeconds);
		const reckoned = ttlSeconds === longest ? "" : `, ${ttlSeconds} s are reckoned with`;
		return {
			domain,
			switchedAt,
			quietMs: Math.max(3 * ttlSeconds, watchSeconds) * 1000,
			ttl: `a TTL of ${longest} s before the switch${reckoned}`,
			cachedUntil: note?.safeFrom === undefined ? undefined : Date.parse(note.safeFrom),
		};
	});
	if (unknown.length === 0) return wanted;
	throw new Error(
		`${unknown.join(", ")}: the TTL before the switch is noted neither in the journal nor in .move beside the stage, and silence is judged by it; copy .move/${moved.name}-ttl.json and .move/${moved.name}-dns.jsonl from the machine on which plan or point ran before the switch; where nobody has them: npm run move -- close --without-watch REASON --stack STACK`,
	);
}

/** Where each side is asked for each domain, and what is not. */
async function findProbed(
	context: Context,
	moved: MoveStage,
): Promise<{ probed: Omit<Probed, "mark">[]; unprobed: string[] }> {
	const live = await readStageApps(context, moved);
	const hosts = new Map(listDomains(moved.stage, live).map((one) => [one.domain, one.live?.hostname]));
	const [probed, unprobed]: [Omit<Probed, "mark">[], string[]] = [[], []];
	for (const [domain, { from }] of Object.entries(moved.stage.move?.domains ?? {})) {
		const host = hosts.get(domain);
		if (domain.startsWith("*.")) {
			unprobed.push(`${domain}: not probed, as a wildcard is no name to ask for; request one below it on both sides`);
			continue;
		}
		probed.push({ side: "old", domain, address: from });
		if (host !== undefined) probed.push({ side: "new", domain, address: host });
		else unprobed.push(`${domain}: not probed on Aptible, which shows no endpoint of it`);
	}
	return { probed, unprobed };
}
