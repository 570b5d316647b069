/** The night as a table, and what is to be said of its time. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { lastThaw } from "../back/source.ts";
import { sayTime } from "../progress.ts";
import type { Night, NightStep } from "./steps.ts";

export interface Row {
	name: string;
	state: "done" | "next" | "failed" | "interrupted" | "waits";
	/** In ms; undefined where nothing says. */
	forecastMs: number | undefined;
	elapsedMs: number | undefined;
}

/** Steps from the first that users feel to the last. */
const DOWNTIME = ["services", "frozen", "freeze", "objects", "copy", "verify", "trial", "probe", "live"];

/**
 * @param isDone of each step
 * @param copyMs forecast of the rehearsals
 */
export function makeRows(
	steps: readonly NightStep[],
	isDone: (step: NightStep) => boolean,
	{ lines, night, copyMs, now }: { lines: readonly JournalLine[]; night: Night; copyMs: number | undefined; now: Date },
): Row[] {
	let isNextFound = false;
	return steps.map((step) => {
		const { name } = step;
		const own = night.lines.filter(({ part, state }) => part === name && state !== "note");
		const done = isDone(step);
		const isNext = !done && !isNextFound;
		if (isNext) isNextFound = true;
		const last = own.at(-1)?.state;
		const left = last === "failed" ? "failed" : last === "begin" ? "interrupted" : "next";
		const forecastMs = name === "copy" ? copyMs : lastDuration(lines, name, night.seq);
		return { name, state: done ? "done" : isNext ? left : "waits", forecastMs, elapsedMs: elapsedOf(own, now) };
	});
}

function elapsedOf(own: readonly JournalLine[], now: Date): number | undefined {
	const begun = own.find(({ state }) => state === "begin");
	if (begun === undefined) return undefined;
	const last = own.at(-1);
	const end = last === undefined || last.state === "begin" ? now.getTime() : Date.parse(last.at);
	return Math.max(0, end - Date.parse(begun.at));
}

/** How long a step took in an earlier night, from its last beginning to its end. */
function lastDuration(lines: readonly JournalLine[], name: string, before: number): number | undefined {
	const own = lines.filter(({ seq, step, part }) => seq < before && step === "night" && part === name);
	const end = own.findLastIndex(({ state }) => state === "done");
	const begun = own.slice(0, Math.max(end, 0)).findLast(({ state }) => state === "begin");
	return begun === undefined ? undefined : Date.parse(own[end]?.at ?? "") - Date.parse(begun.at);
}

/** Plain lines, the same on a terminal and without one. */
export function describeRows(rows: readonly Row[]): string[] {
	const say = (ms: number | undefined) => (ms === undefined ? "-" : sayTime(ms / 1000));
	const line = (cells: readonly string[]) =>
		cells
			.map((cell, index) => cell.padEnd([10, 13, 14, 0][index] ?? 0))
			.join("")
			.trimEnd();
	return [
		line(["step", "state", "forecast", "elapsed"]),
		...rows.map(({ name, state, forecastMs, elapsedMs }) => line([name, state, say(forecastMs), say(elapsedMs)])),
	];
}

/**
 * When users were shut out: MedStack's services at 0, or where a person saw to that before the night, the freeze of its database.
 *
 * @returns undefined where they are not
 */
export function findShutOut(lines: readonly JournalLine[], night: Night): Date | undefined {
	const thawed = lastThaw(lines);
	const stopped = night.lines.findLast(
		({ seq, part, state }) => part === "services" && state === "done" && seq > thawed,
	);
	const since = stopped ?? lines.find(({ seq, step }) => step === "freeze" && seq > thawed);
	return since && new Date(since.at);
}

/** How long users are shut out so far, and for how long by forecast they will be, beside the budget. */
export function describeDowntime(
	rows: readonly Row[],
	{
		since,
		budgetMs,
		isFree,
		now,
	}: { since: Date | undefined; budgetMs: number | undefined; isFree: boolean; now: Date },
): string[] {
	const felt = rows.filter(({ name }) => DOWNTIME.includes(name));
	const open = felt.filter(({ state }) => state !== "done");
	if (open.length === 0) return [];
	const soFar = since === undefined ? 0 : Math.max(0, now.getTime() - since.getTime());
	const left = open.reduce((sum, { forecastMs = 0 }) => sum + forecastMs, 0);
	const unknown = open.filter(({ forecastMs }) => forecastMs === undefined).map(({ name }) => name);
	const without = unknown.length === 0 ? "" : `, without ${unknown.join(", ")}, of which nothing is known`;
	const lines = [
		`${since === undefined ? "" : `users are shut out since ${sayTime(soFar / 1000)}; `}by forecast ${sayTime(left / 1000)} are left${without}`,
	];
	if (budgetMs === undefined) return lines;
	if (soFar + left <= budgetMs) return lines;
	const is = soFar > budgetMs ? "is over" : "will not hold";
	return [
		...lines,
		`the budget of ${sayTime(budgetMs / 1000)} (move.downtimeBudgetMinutes) ${is}${isFree ? ", and going back is still free: answer back, or tell those who wait" : ""}`,
	];
}
