/** What the operator's own steps leave in the journal: a switch of the phase, and probes. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { appendLine, readLines } from "../../packages/mover/journal/journal.ts";
import type { JournalLine, LineState } from "../../packages/mover/journal/line.ts";
import { JOURNAL_DATABASE } from "../../packages/mover/journal/schema.ts";
import { type Evidence, LOCK_CLASS } from "../../packages/mover/steps.ts";
import { MovePhase } from "../../wire/move.ts";
import { refuseWork } from "../guards.ts";
import type { MoveSession, Way } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { compareJournals } from "../work.ts";

export type OperatorStep = "switch" | "probe" | "mark" | "back" | "night";

/** What tells lines of one step apart. */
export interface LinePlace {
	/** The stage's name of the database. @default what is about all of them */
	database?: string;
	/** A word of the journal's. @default the step itself */
	part?: string;
}

/** The journal as a switch and a probe see it. */
export interface NightJournal {
	/** The run that a line is written for: the last one that a mover took up; undefined where none did. */
	run(): Promise<string | undefined>;
	/** All lines, in their order. */
	lines(): Promise<readonly JournalLine[]>;
	/** Writes a line on the server and into the file beside the stage. */
	write(run: string, step: OperatorStep, state: LineState, evidence: Evidence, at?: LinePlace): Promise<void>;
}

/** A switch that was begun, and of which nobody has said that it is done or given up. */
export interface OpenSwitch {
	phase: MovePhase;
	/** The phase before it. */
	from: MovePhase;
	/** Whether its `pulumi up` may have begun. */
	hasUpdate: boolean;
}

/**
 * The switch that was killed, or whose update has failed; undefined where none is open. One to another phase that was given up since
 * leaves it open.
 */
export function findOpenSwitch(lines: readonly JournalLine[]): OpenSwitch | undefined {
	let open: OpenSwitch | undefined;
	let former: OpenSwitch | undefined;
	for (const { step, state, evidence } of lines) {
		if (step !== "switch") continue;
		if (state === "begin") {
			const [phase, from] = [MovePhase.parse(evidence.phase), MovePhase.parse(evidence.from)];
			const same: OpenSwitch | undefined = open?.phase === phase ? open : undefined;
			if (same === undefined) former = open;
			open = { phase, from, hasUpdate: same?.hasUpdate === true };
		}
		if (state === "note" && open !== undefined) open = { ...open, hasUpdate: true };
		if (state === "done") former = undefined;
		if (state === "done" || (state === "failed" && evidence.reason === "refused")) {
			open = former;
			former = undefined;
		}
	}
	return open;
}

/** How many domains the last probes passed in the phase that the stage is in; undefined where they did not, or none were made. */
export function countProbed(lines: readonly JournalLine[]): number | undefined {
	const since = lines.findLastIndex(({ step, state }) => step === "switch" && state === "done");
	const last = lines.findLast(({ step, state }) => step === "probe" && state !== "begin");
	if (last === undefined || lines.indexOf(last) < since || last.state !== "done") return undefined;
	return Number(last.evidence.items);
}

/** The journal on the target, through a way to it. */
export class TargetJournal implements NightJournal {
	readonly #way: Pick<Way, "look">;
	readonly #moved: MoveStage;
	readonly #holder = randomBytes(6).toString("hex");

	constructor(way: Pick<Way, "look">, moved: MoveStage) {
		this.#way = way;
		this.#moved = moved;
	}

	run(): Promise<string | undefined> {
		return this.#way.look(async (session) => {
			if (session === undefined) return undefined;
			const { rows } = await session.query(
				"SELECT run FROM public.wishes WHERE run IS NOT NULL ORDER BY wishes.id DESC LIMIT 1",
			);
			return rows[0]?.run;
		});
	}

	lines(): Promise<readonly JournalLine[]> {
		return this.#way.look(async (session) => {
			if (session === undefined) return [];
			await compareJournals(session, this.#moved);
			return readLines(session);
		});
	}

	async write(
		run: string,
		step: OperatorStep,
		state: LineState,
		evidence: Evidence,
		{ database = "", part = "" }: LinePlace = {},
	): Promise<void> {
		const holder = this.#holder;
		await this.#way.look(async (session) => {
			if (session === undefined) throw new Error(JOURNAL_GONE);
			// Sent once more after a connection that ended, it stands there twice, which says the same.
			const { rows } = await session.query("SELECT coalesce(max(epoch), 1) AS epoch FROM public.epoch");
			const line = { run, database, step, part, state, holder, epoch: rows[0].epoch, evidence };
			await appendLine(session, line, false);
			await compareJournals(session, this.#moved);
		});
	}

	/** @throws where a mover is at work, whose run would lose its services or its endpoint */
	async refuseWork(): Promise<void> {
		await this.#way.look(async (session) => session && refuseWork(session));
	}
}

const JOURNAL_GONE = `database ${JOURNAL_DATABASE} is gone from the target; run the command again, and where it stays gone see docs/move.md, "The phases"`;

/** Long enough for the session of a command that was killed. */
const WAIT_MS = 5_000;

/** What one operator at a time is at. */
export interface OperatorLockPlace {
	/** Beyond the epochs, which are counted from 1. */
	object: number;
	/** For the one who is refused. */
	what: string;
}

/** What changes the stage or asks it. */
export const STEP_LOCK: OperatorLockPlace = { object: 0x7fff_ffff, what: "a switch, a probe or a way back" };
/** The whole night, whose steps are taken one by one. */
export const NIGHT_LOCK: OperatorLockPlace = { object: 0x7fff_fffe, what: "this night" };

/**
 * Lets one operator at a time be at something, for as long as a session in database `move` lasts.
 *
 * @param waitMs for another one's end. @default 5 s
 * @throws where another one is at it
 */
export async function lockOperator(
	session: MoveSession,
	{ object, what }: OperatorLockPlace = STEP_LOCK,
	waitMs = WAIT_MS,
): Promise<void> {
	for (const deadline = Date.now() + waitMs; ; await sleep(250)) {
		const { rows } = await session.query("SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS taken", [
			LOCK_CLASS,
			object,
		]);
		if (rows[0].taken) return;
		if (Date.now() >= deadline) break;
	}
	const held = await session.query(
		`SELECT pid, extract(epoch FROM clock_timestamp() - backend_start)::int AS seconds
		FROM pg_catalog.pg_locks JOIN pg_catalog.pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2`,
		[LOCK_CLASS, object],
	);
	const { pid = "PID", seconds = 0 } = held.rows[0] ?? {};
	throw new Error(
		`another operator is at ${what} since ${seconds} s; wait for its end. Where that machine is gone, end its session in database ${JOURNAL_DATABASE} (aptible db:tunnel): SELECT pg_terminate_backend(${pid})`,
	);
}
