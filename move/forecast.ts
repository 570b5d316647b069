/** The forecast of the copy beside the fact, from what the rehearsals have left in the journal. */
import {
	compareWithFact,
	describeBudget,
	describeForecast,
	duration,
	type Forecast,
	forecast,
	type Phase,
	type Rehearsal,
} from "../packages/mover/forecast.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import type { JournalLine } from "../packages/mover/journal/line.ts";
import type { Sizes } from "../packages/mover/journal/reports.ts";
import { type MoveSession, movedDatabases } from "./session.ts";
import type { MoveStage } from "./stage.ts";

const MINUTE_MS = 60_000;
/** Older rehearsals say less about the night. */
export const REHEARSALS = 5;

/** A run, of all its wishes: a copy that was stopped and goes on is one. */
interface Run {
	run: string;
	command: "rehearse" | "copy";
	isDone: boolean;
	isOver: boolean;
	/** When its last wish was made, in ms of the epoch: an earlier one may have been another night's. */
	since: number;
	/** From its last wish to the end of that, or to now. */
	elapsedMs: number;
}

/** The copy that the forecast is about, where it has begun. */
interface Fact extends Run {
	lines: readonly JournalLine[];
}

export interface Outlook {
	/** By the stage's name of the database. */
	forecasts: ReadonlyMap<string, Forecast>;
	/** Databases without a rehearsal. */
	missing: readonly string[];
	fact: Fact | undefined;
	budgetMs: number | undefined;
}

/** Reads what the journal says about the copy that is to come, or that was the last. */
export async function readOutlook(session: MoveSession, moved: MoveStage): Promise<Outlook> {
	const runs = await readRuns(session);
	const lines = await readLines(session);
	const sizes = await readSizes(session);
	const last = runs.at(-1);
	const fact = last?.command === "copy" ? { ...last, lines: linesOfRun(lines, last.run) } : undefined;
	const rehearsals = runs.filter(({ command, isDone }) => command === "rehearse" && isDone).slice(-REHEARSALS);
	const forecasts = new Map<string, Forecast>();
	const missing: string[] = [];
	for (const { handle, containerMb } of movedDatabases(moved)) {
		const own = sizes.filter(({ database }) => database === handle);
		const of = (run: string | undefined) => own.find((one) => one.run === run)?.body;
		const now = of(fact?.run) ?? own.at(-1)?.body;
		const done = rehearsals
			.map(({ run }): Rehearsal => {
				const found = of(run);
				return {
					run,
					lines: linesOfRun(lines, run).filter(({ database }) => database === handle),
					tables: found?.tables ?? {},
					containerMb: found?.containerMb ?? undefined,
				};
			})
			.filter((rehearsal) => rehearsal.lines.length > 0);
		if (done.length === 0) missing.push(handle);
		else forecasts.set(handle, forecast(done, { tables: now?.tables ?? {}, containerMb }));
	}
	return { forecasts, missing, fact, budgetMs: budgetOf(moved) };
}

/** `move.downtimeBudgetMinutes` in milliseconds. */
export function budgetOf({ stage }: Pick<MoveStage, "stage">): number | undefined {
	const minutes = stage.move?.downtimeBudgetMinutes;
	return minutes === undefined ? undefined : minutes * MINUTE_MS;
}

/** The rehearsal's removal and the copy's swap are no part of what is compared. */
function linesOfRun(lines: readonly JournalLine[], run: string): JournalLine[] {
	return lines.filter((line) => line.run === run && line.step !== "drop" && line.step !== "swap");
}

async function readRuns(session: MoveSession): Promise<Run[]> {
	const { rows } = await session.query(
		`SELECT run, command, bool_or(state = 'done') AS done, bool_and(state NOT IN ('asked', 'taken')) AS over,
			extract(epoch FROM max(at))::float8 * 1000 AS since,
			extract(epoch FROM max(coalesce(ended, clock_timestamp())) - max(at))::float8 * 1000 AS elapsed
		FROM public.wishes WHERE run IS NOT NULL AND command IN ('rehearse', 'copy') AND state <> 'refused'
		GROUP BY run, command ORDER BY max(wishes.id)`,
	);
	return rows.map(({ run, command, done, over, since, elapsed }) => ({
		run,
		command,
		isDone: done,
		isOver: over,
		since,
		elapsedMs: elapsed,
	}));
}

async function readSizes(session: MoveSession): Promise<{ run: string; database: string; body: Sizes }[]> {
	const { rows } = await session.query(
		"SELECT run, database, body FROM public.reports WHERE kind = 'sizes' ORDER BY reports.at",
	);
	return rows;
}

/** Databases are copied one after the other, so that their times add up. */
function sum(forecasts: ReadonlyMap<string, Forecast>): Forecast {
	const all = [...forecasts.values()];
	const add = (of: (one: Forecast) => number) => all.reduce((total, one) => total + of(one), 0);
	const phases = new Map<Phase["step"], Phase>();
	for (const { step, likelyMs, workMs } of all.flatMap((one) => one.phases)) {
		const before = phases.get(step) ?? { step, likelyMs: 0, workMs: 0 };
		phases.set(step, { step, likelyMs: before.likelyMs + likelyMs, workMs: before.workMs + workMs });
	}
	return {
		minMs: add(({ minMs }) => minMs),
		likelyMs: add(({ likelyMs }) => likelyMs),
		maxMs: add(({ maxMs }) => maxMs),
		phases: [...phases.values()],
		reasons: [],
	};
}

/** How long copy and proof are likely to take, in ms; undefined without a rehearsal of each database. */
export function likelyMs({ forecasts, missing }: Outlook): number | undefined {
	return missing.length > 0 || forecasts.size === 0 ? undefined : sum(forecasts).likelyMs;
}

/** Forecast, budget and fact, as lines for a person. */
export function describeOutlook({ forecasts, missing, fact, budgetMs }: Outlook): string[] {
	const lines = [...forecasts].flatMap(([database, one]) => {
		const own = fact?.lines.filter((line) => line.database === database && Date.parse(line.at) >= fact.since) ?? [];
		const [head, ...rest] = describeForecast(one, fact === undefined ? undefined : { run: fact.run, lines: own });
		return [`forecast of ${database}, copy and proof: ${head}`, ...rest];
	});
	if (missing.length > 0) {
		lines.push(
			`forecast of ${missing.join(", ")}: none, as no rehearsal was carried through; first: npm run move -- rehearse --stack STACK`,
		);
		return lines;
	}
	const total = sum(forecasts);
	lines.push(
		"not in the forecast: the check before it, the steps by hand, and the time until names lead to Aptible (TTL)",
		budgetMs === undefined
			? "budget: none to compare with; set move.downtimeBudgetMinutes in the stage file"
			: `budget: ${describeBudget(total, budgetMs)}`,
	);
	if (fact !== undefined && !fact.isOver) {
		const { line } = compareWithFact(total, fact.lines, fact.elapsedMs, { budgetMs, since: fact.since });
		lines.push(`fact: ${fact.run}, ${line}`);
	} else if (fact !== undefined) {
		const isLate = budgetMs !== undefined && fact.elapsedMs > budgetMs;
		lines.push(
			`fact: ${fact.run} took ${duration(fact.elapsedMs)} from its wish to its end, with check and swap; forecast ${duration(total.likelyMs)}${isLate ? `; that is over the budget of ${duration(budgetMs)}` : ""}`,
		);
	}
	return lines;
}

/** How far a copy is by its forecast. */
export interface Remaining {
	share: number;
	secondsLeft: { least: number; most: number };
}

/** Follows a copy: reads each line of the journal once. */
export class Forecaster {
	readonly #moved: MoveStage;
	readonly #run: string;
	#outlook: (Outlook & { fact: Fact }) | undefined;
	#readAt = 0;
	#lastSeq = 0;
	readonly #lines: JournalLine[] = [];

	constructor(moved: MoveStage, run: string) {
		this.#moved = moved;
		this.#run = run;
	}

	/** What is left; undefined without a rehearsal of each database, and before the copy has done anything. */
	async look(session: MoveSession): Promise<Remaining | undefined> {
		const news = await readLines(session, this.#lastSeq);
		this.#lastSeq = news.at(-1)?.seq ?? this.#lastSeq;
		this.#lines.push(...linesOfRun(news, this.#run));
		if (!this.#lines.some(({ state }) => state === "done")) return undefined;
		if (this.#outlook === undefined) {
			const outlook = await readOutlook(session, this.#moved);
			const { fact } = outlook;
			if (fact?.run !== this.#run) return undefined;
			this.#outlook = { ...outlook, fact };
			this.#readAt = performance.now();
		}
		const { missing, forecasts, fact } = this.#outlook;
		if (missing.length > 0) return undefined;
		const total = sum(forecasts);
		const elapsedMs = fact.elapsedMs + performance.now() - this.#readAt;
		const { share, expectedMs } = compareWithFact(total, this.#lines, elapsedMs, { since: fact.since });
		const left = Math.max(0, expectedMs - elapsedMs) / 1000;
		const scale = (ms: number) => (total.likelyMs === 0 ? left : (left * ms) / total.likelyMs);
		return { share, secondsLeft: { least: scale(total.minMs), most: scale(total.maxMs) } };
	}
}
