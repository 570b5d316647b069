/** Wishes for work, and their watching until they are over. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { readHeartbeat } from "../packages/mover/journal/heartbeat.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import type { JournalLine } from "../packages/mover/journal/line.ts";
import { LocalFile } from "../packages/mover/journal/local-file.ts";
import {
	type Command,
	readWish,
	type Wish,
	type WishArguments,
	WishUnderWay,
	type Work,
	wish,
} from "../packages/mover/journal/wishes.ts";
import { openMoveFolder } from "./folder.ts";
import { Forecaster } from "./forecast.ts";
import { besideNoOperator } from "./operator-lock.ts";
import { describeLook, isSilent, type ProgressView } from "./progress.ts";
import type { MoveSession, Way } from "./session.ts";
import type { MoveStage } from "./stage.ts";
import { findUntold } from "./untold.ts";

const LOOK_MS = 1_000;
const TELL_SILENCE_MS = 60_000;

/** The journal's file of a stage. */
export function journalFile({ folder, name }: MoveStage): string {
	return path.join(folder, ".move", `${name}.jsonl`);
}

/** Compares the journal's file with the server, and takes over what it lacks. @returns all lines of the server's */
export async function compareJournals(session: MoveSession, moved: MoveStage): Promise<readonly JournalLine[]> {
	openMoveFolder(moved);
	let lines: readonly JournalLine[] = [];
	const file = await LocalFile.open(journalFile(moved), async () => {
		lines = await readLines(session);
		return lines;
	});
	file.close();
	return lines;
}

/** Wishes for something that takes no time. */
export async function control(way: Way, moved: MoveStage, command: Command): Promise<number> {
	const session = await way.open();
	await compareJournals(session, moved);
	return wish(session, command);
}

/** A wish, and whether it was made before: and goes on, or has ended and nobody was told. */
export interface Asked {
	id: number;
	is: "new" | "under way" | "untold";
}

/**
 * Wishes for work, or finds what was wished for by a command that was killed.
 *
 * @throws WishUnderWay where other work is not over
 * @throws Error where another operator is at a step
 */
export async function ask(way: Way, moved: MoveStage, command: Work, given: WishArguments): Promise<Asked> {
	const session = await way.open();
	await compareJournals(session, moved);
	const untold = command === "copy" && given.again !== true ? await findUntold(session) : undefined;
	if (untold !== undefined) return { id: untold, is: "untold" };
	try {
		return { id: await besideNoOperator(session, () => wish(session, command, given)), is: "new" };
	} catch (error) {
		if (!(error instanceof WishUnderWay) || !isSame(error.wish, command, given)) throw error;
		return { id: error.wish.id, is: "under way" };
	}
}

function isSame({ command, arguments: former }: Wish, wanted: Work, given: WishArguments): boolean {
	const on = (said: object) => Object.fromEntries(Object.entries(said).filter(([, value]) => value !== false));
	return command === wanted && isDeepStrictEqual(on(former as object), on(given));
}

/**
 * Shows how a wish goes on until it is over, or the person goes away.
 *
 * @param onTaken called where a mover has taken it up, at least once
 * @returns the wish as it ended; undefined where the person has gone away
 */
export async function watch(
	way: Way,
	moved: MoveStage,
	id: number,
	{ view, signal, onTaken }: { view: ProgressView; signal: AbortSignal; onTaken?: () => void },
): Promise<Wish | undefined> {
	const begun = Date.now();
	let toldAt = Number.NEGATIVE_INFINITY;
	let forecaster: Forecaster | undefined;
	while (!signal.aborted) {
		const look = await way.look(async (session) => {
			if (session === undefined) throw new Error("database move is gone from the target; run the command again");
			const [made, heartbeat] = [await readWish(session, id), await readHeartbeat(session)];
			// What a freeze has noted is on this disk too while it goes on.
			if (made.command === "freeze") await compareJournals(session, moved);
			const isOver = made.state !== "asked" && made.state !== "taken";
			if (isOver) return { made, heartbeat, isOver, partsExpected: undefined };
			if (made.command === "copy" && made.run !== undefined) forecaster ??= new Forecaster(moved, made.run);
			const remaining = await forecaster?.look(session);
			return { made, heartbeat, isOver, remaining, partsExpected: await expectedParts(session, made) };
		});
		if (look.made.run !== undefined && look.made.state !== "refused") onTaken?.();
		if (look.isOver) return look.made;
		if (isSilent(look.heartbeat) && Date.now() - toldAt > TELL_SILENCE_MS) {
			toldAt = Date.now();
			view.line(
				"no mover answers; look at its log in MedStack, and whether its service runs with the secret move-target. It takes the wish up when it comes",
			);
		}
		if (!isSilent(look.heartbeat)) view.show(describeLook({ ...look, seconds: (Date.now() - begun) / 1000 }));
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
