/** The step `watch` of a stage: what is watched, by its file; and what of it is kept in the journal. */
import { createHash } from "node:crypto";
import type { Context } from "../../aptible/context.ts";
import { readTtlNotes } from "../dns/ttl-notes.ts";
import { noteByOperator } from "../operator-line.ts";
import { listDomains } from "../plan/domains.ts";
import { readLive } from "../plan/live.ts";
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

/**
 * Watches, and notes in the journal what came of it. Accepted clients stay so for the next time.
 *
 * @returns exit code: 0 where MedStack is silent on every domain
 * @throws where nothing is to be watched, or a log cannot be read
 */
export async function watchMove(context: Context, way: Way, moved: MoveStage, given: WatchArguments): Promise<number> {
	const wanted = wantedDomains(moved);
	const former = (await way.look(async (session) => session && readWatch(session)))?.accepted ?? [];
	const accepted = [...new Set([...former, ...given.accept])];
	if (accepted.length > former.length) {
		const evidence = { accepted: accepted.length, hash: hashOf(accepted) };
		await keep(way, moved, { state: "note", evidence }, { lines: describeAccepted(accepted), accepted });
	}
	const { old, new: newer, follow, signal, tell } = given;
	const probed = await findProbed(context, moved);
	const watched = await watchSides({ wanted, old, new: newer, follow, signal, tell, accepted, probed, probe });
	const lines = [...watched.lines, ...describeAccepted(accepted)];
	for (const line of lines) tell(line);
	const run = await keep(way, moved, lineOf(watched, wanted, accepted), { lines, accepted });
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

/** The domains of the move, and for how long each has to be quiet (facts/move.md §6). @throws where there is none */
export function wantedDomains(moved: MoveStage): Wanted[] {
	const { move } = moved.stage;
	const domains = Object.keys(move?.domains ?? {});
	if (move === undefined || domains.length === 0) {
		throw new Error(
			`Pulumi.${moved.name}.yaml names no domain under move.domains, and watch goes by them; add each with from: the address of MedStack's load balancer`,
		);
	}
	const { watchSeconds, ttlFloorSeconds } = move.timing;
	const notes = readTtlNotes(moved);
	return domains.map((domain) => {
		const note = notes[domain];
		const ttlSeconds = Math.max(note?.ttlSeconds ?? 0, ttlFloorSeconds);
		const seen = note === undefined ? "no TTL was noted by `plan`" : `\`plan\` saw a TTL of ${note.ttlSeconds} s`;
		return {
			domain,
			quietMs: Math.max(3 * ttlSeconds, watchSeconds) * 1000,
			ttl: `${seen}, ${ttlSeconds} s are reckoned with`,
			cachedUntil: note?.safeFrom === undefined ? undefined : Date.parse(note.safeFrom),
		};
	});
}

/** Where each side is asked for each domain; a wildcard's is no name that one can ask for. */
async function findProbed(context: Context, moved: MoveStage): Promise<Omit<Probed, "mark">[]> {
	const live = await readLive(context, moved);
	const hosts = new Map(listDomains(moved.stage, live).map((one) => [one.domain, one.live?.hostname]));
	return Object.entries(moved.stage.move?.domains ?? {}).flatMap(([domain, { from }]): Omit<Probed, "mark">[] => {
		if (domain.startsWith("*.")) return [];
		const host = hosts.get(domain);
		return [
			{ side: "old", domain, address: from },
			...(host === undefined ? [] : [{ side: "new" as const, domain, address: host }]),
		];
	});
}
