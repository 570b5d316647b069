/** Wishes for work, and their watching until they are over. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readHeartbeat } from "../packages/mover/journal/heartbeat.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import { LocalFile } from "../packages/mover/journal/local-file.ts";
import { readReports, type StoredReport } from "../packages/mover/journal/reports.ts";
import { readStanding } from "../packages/mover/journal/standing.ts";
import {
	type Command,
	readWish,
	type Wish,
	type WishArguments,
	type Work,
	wish,
} from "../packages/mover/journal/wishes.ts";
import { Forecaster } from "./forecast.ts";
import { describeLook, type ProgressView, SILENT_SECONDS } from "./progress.ts";
import { writeRecord } from "./record.ts";
import type { MoveSession, Way } from "./session.ts";
import type { MoveStage } from "./stage.ts";

const LOOK_MS = 1_000;
const TELL_SILENCE_MS = 60_000;

/** The journal's file of a stage. */
export function journalFile({ folder, name }: MoveStage): string {
	return path.join(folder, ".move", `${name}.jsonl`);
}

/** Compares the journal's file with the server, and takes over what it lacks. */
export async function compareJournals(session: MoveSession, moved: MoveStage): Promise<void> {
	new LocalFile(journalFile(moved), await readLines(session)).close();
}

/** Wishes for something that takes no time. */
export async function control(way: Way, moved: MoveStage, command: Command): Promise<number> {
	const session = await way.open();
	await compareJournals(session, moved);
	return wish(session, command);
}

/** Wishes for work. */
export async function ask(way: Way, moved: MoveStage, command: Work, given: WishArguments): Promise<number> {
	const session = await way.open();
	await compareJournals(session, moved);
	return wish(session, command, given);
}

/**
 * Shows how a wish goes on until it is over, or the person goes away.
 *
 * @returns the wish as it ended; undefined where the person has gone away
 */
export async function watch(
	way: Way,
	moved: MoveStage,
	id: number,
	{ view, signal }: { view: ProgressView; signal: AbortSignal },
): Promise<Wish | undefined> {
	const begun = Date.now();
	let toldAt = Number.NEGATIVE_INFINITY;
	let forecaster: Forecaster | undefined;
	while (!signal.aborted) {
		const look = await way.look(async (session) => {
			if (session === undefined) throw new Error("database move is gone from the target; run the command again");
			const [made, heartbeat] = [await readWish(session, id), await readHeartbeat(session)];
			const isOver = made.state !== "asked" && made.state !== "taken";
			if (isOver) return { made, heartbeat, isOver, partsExpected: undefined };
			if (made.command === "copy" && made.run !== undefined) forecaster ??= new Forecaster(moved, made.run);
			const remaining = await forecaster?.look(session);
			return { made, heartbeat, isOver, remaining, partsExpected: await expectedParts(session, made) };
		});
		if (look.isOver) {
			await way.look(async (session) => session && compareJournals(session, moved));
			return look.made;
		}
		const isSilent = look.heartbeat === undefined || look.heartbeat.age > SILENT_SECONDS;
		if (isSilent && Date.now() - toldAt > TELL_SILENCE_MS) {
			toldAt = Date.now();
			view.line(
				"no mover answers; look at its log in MedStack, and whether its service runs with the secret move-target. It takes the wish up when it comes",
			);
		}
		if (!isSilent) view.show(describeLook({ ...look, seconds: (Date.now() - begun) / 1000 }));
		await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
	}
	return undefined;
}

/** How many parts the last run of its kind had that was whole. */
async function expectedParts(session: MoveSession, { command, run }: Wish): Promise<number | undefined> {
	if (run === undefined || (command !== "copy" && command !== "rehearse")) return undefined;
	const { rows } = await session.query(
		`SELECT count(*)::int AS parts FROM public.journal WHERE state = 'done' AND run = (
			SELECT run FROM public.wishes WHERE command IN ('copy', 'rehearse') AND state = 'done' AND run <> $1
			ORDER BY wishes.id DESC LIMIT 1)`,
		[run],
	);
	return rows[0].parts > 0 ? rows[0].parts : undefined;
}

/** Says how a wish ended, with what it found. @returns exit code */
export async function tellEnd(way: Way, moved: MoveStage, made: Wish, view: ProgressView): Promise<number> {
	const { run } = made;
	const reports =
		run === undefined ? [] : ((await way.look(async (session) => session && readReports(session, run))) ?? []);
	for (const line of linesOf(reports)) view.line(line);
	const why = made.reason === undefined ? "" : ` (${REASONS[made.reason] ?? made.reason})`;
	view.line(`${made.command}${run === undefined ? "" : ` of run ${run}`}: ${made.state}${why}`);
	if (made.state !== "done") return 1;
	if (made.command === "copy" || made.command === "verify") view.line(await record(way, moved, run ?? "", reports));
	return 0;
}

/** Writes the record of a proof, where it is one of a copy in its place: apps of later phases work on that. @returns what to say of it */
async function record(way: Way, moved: MoveStage, run: string, reports: readonly StoredReport[]): Promise<string> {
	const standing = await way.look(async (session) => session && readStanding(session));
	const copy = `npm run move -- copy --stack ${moved.name}`;
	if (standing === undefined) {
		return `what was compared is not in its place, so that there is no record of it: later phases need a copy that is: ${copy}`;
	}
	if (standing.command !== "copy") {
		return `what was compared is the kept rehearsal ${standing.run}, so that there is no record of it: later phases need a copy: ${copy}`;
	}
	return `the record of the proof is ${writeRecord(moved, run, reports)}; commit it: later phases need it`;
}

/** What the mover's one word on an end means. */
const REASONS: Readonly<Record<string, string>> = {
	blockers: "what stands in the way is above, with the fix",
	unequal: "both sides differ, as above; nothing was swapped in",
	swapped: "a copy is in its place already; to copy over it, the same command with --again",
	nothing: "nothing is copied yet; first: npm run move -- copy",
	connection: "a server did not come back for 30 minutes; run it again, it goes on from what is done",
	operator: "as the operator wished",
	version: "the mover is of another release; use a checkout of the same",
	failed: "the error is above; run it again, it goes on from what is done",
	deadline: "a step hung; run it again, it goes on from what is done",
};

interface FindingBody {
	severity: string;
	line: string;
}

/** What a run found, one line each. */
export function linesOf(reports: readonly StoredReport[]): string[] {
	return reports.flatMap(({ database, kind, body }) => {
		const at = database === "" ? "" : `${database}: `;
		if (kind === "findings") return (body as FindingBody[]).map(({ severity, line }) => `${at}${severity}: ${line}`);
		if (kind === "sizes") return [];
		if (kind === "failure") return [`${at}failed: ${(body as { line: string }).line}`];
		const { equal, differences } = body as { equal: boolean; differences: string[] };
		return equal ? [`${at}both sides are equal`] : differences.map((line) => `${at}differs: ${line}`);
	});
}
