/** How long a copy and its proof will take, from the steps of rehearsals (facts/move.md §10). Pure functions over what a journal holds. */
import type { StepName } from "./steps.ts";

/** A line of a rehearsal's journal, as far as a forecast needs it. */
export interface TimedLine {
	/** ISO 8601. */
	at: string;
	step: StepName;
	/** Begins with the number of the table or database for rows and sums: `16385.3`, `s.16385.0`, `db0`; `1259.OID` or `2606.OID` for an index or a constraint. */
	part: string;
	state: "begin" | "done" | "failed" | "note";
	evidence: Readonly<Record<string, unknown>>;
}

/** A rehearsal that was carried through. */
export interface Rehearsal {
	run: string;
	lines: readonly TimedLine[];
	/** Bytes that parts read on the source then, as `Sizes` of journal/reports.ts has them; empty where they are not known. */
	tables: Readonly<Record<string, number>>;
	/** Memory of the target's container then, which its share of CPU goes by; undefined where it is not known. */
	containerMb: number | undefined;
}

/** What the night will be like. */
export interface Situation {
	/** The same now; empty where they are not known. */
	tables: Readonly<Record<string, number>>;
	containerMb: number | undefined;
	/** Whether a side's CPU is of the kind that slows down when its credits end (B-series); absent where it is not known. */
	isBurstable?: boolean;
}

/** One step's share. */
export interface Phase {
	step: StepName;
	likelyMs: number;
	/** CPU's or the parts' time, summed over its jobs. */
	workMs: number;
}

/** A band of time, and what it rests on. */
export interface Forecast {
	minMs: number;
	likelyMs: number;
	maxMs: number;
	phases: readonly Phase[];
	reasons: readonly string[];
}

/** Steps whose time goes with the data; the others take what they took. */
const GROWING: ReadonlySet<StepName> = new Set([
	"rows",
	"large-objects",
	"post-data",
	"analyze",
	"materialized-views",
	"verify",
]);
/** Those of them that wait for the target's CPU. */
const ON_TARGET: ReadonlySet<StepName> = new Set(["rows", "post-data", "analyze", "materialized-views"]);

/** Half the width of the band: equal runs on one machine differed by up to 23 % in wall time. */
const ONE_REHEARSAL = 0.25;
const WIDEST = 0.35;
const NARROWEST = 0.1;
/** Above the band of a copy of any size, in milliseconds: what else both servers do shows in seconds, which is all that a short one takes. */
const UNSTEADY_MS = 5_000;
/** What is left of a burstable CPU without credits is not known; the product's pages say it is much less. */
const WITHOUT_CREDITS = 0.2;

/**
 * Foretells a copy with its proof.
 *
 * @throws where there is no rehearsal
 */
export function forecast(rehearsals: readonly Rehearsal[], situation: Situation): Forecast {
	const last = rehearsals.at(-1);
	if (last === undefined) {
		throw new Error("a forecast needs a rehearsal; first: npm run move -- rehearse --stack STACK");
	}
	const predictions = rehearsals.map((rehearsal) => predict(rehearsal, situation));
	const phases = meanOf(predictions);
	const likelyMs = total(phases);
	const growth = growthOf(last, situation);
	const half = Math.min(WIDEST, halfWidth(rehearsals) + 0.2 * Math.abs(growth - 1));
	const reasons = [
		rehearsals.length === 1
			? `one rehearsal (${last.run}): equal runs differ by a quarter; a second one narrows the band`
			: `${rehearsals.length} rehearsals (${rehearsals.map(({ run }) => run).join(", ")}), of which each foretells the others within ${percent(spread(rehearsals))}`,
		isKnown(last) && isKnown(situation)
			? `the source has ${percent(growth)} of the bytes of ${last.run}`
			: `not known: the sizes of the source's tables ${isKnown(last) ? "now" : `in ${last.run}`}; they are taken to be the same`,
		...sizeReasons(rehearsals, situation),
		...floorReasons(last, situation),
	];
	if (situation.isBurstable === undefined) {
		reasons.push(
			"not known: whether the old server's CPU is burstable (Azure's B-series), which slows down when its credits end; ask who runs it",
		);
	} else if (situation.isBurstable) {
		reasons.push(
			`a side's CPU is burstable: when its credits end the copy takes longer, up to ${percent(WITHOUT_CREDITS)} of it is added to the upper end; look at the credits before the night`,
		);
	}
	return {
		minMs: Math.round(likelyMs * (1 - half)),
		likelyMs: Math.round(likelyMs),
		maxMs: Math.round(likelyMs * (1 + half + (situation.isBurstable ? WITHOUT_CREDITS : 0)) + UNSTEADY_MS),
		phases,
		reasons,
	};
}

/** One rehearsal's steps, each with the growth of its tables. */
function predict(rehearsal: Rehearsal, situation: Situation): Phase[] {
	const overall = growthOf(rehearsal, situation);
	const [then, now] = [rehearsal.containerMb, situation.containerMb];
	const cpu = then === undefined || now === undefined ? 1 : then / now;
	return phasesOf(rehearsal).map(({ step, wallMs, parts }) => {
		const work = parts.reduce((sum, { ms }) => sum + ms, 0);
		if (!GROWING.has(step) || work === 0) {
			return { step, likelyMs: wallMs, workMs: work };
		}
		const size = ON_TARGET.has(step) ? cpu : 1;
		const scaled = scale(parts, rehearsal, situation, overall).map((ms) => ms * size);
		const scaledWork = scaled.reduce((sum, ms) => sum + ms, 0);
		// One part runs on one CPU, however many jobs there are.
		return { step, likelyMs: Math.max((wallMs * scaledWork) / work, ...scaled), workMs: scaledWork };
	});
}

/** Each part's time, with the growth of what it reads. */
function scale(parts: TimedPhase["parts"], rehearsal: Rehearsal, situation: Situation, overall: number): number[] {
	const scaled = parts.map(({ part, ms }) => ms * growthOfPart(part, rehearsal, situation, overall));
	const total = (of: (index: number) => number) =>
		parts.reduce((sum, { part }, index) => sum + (part.startsWith("s.") ? of(index) : 0), 0);
	const before = total((index) => parts[index]?.ms ?? 0);
	if (before === 0) return scaled;
	// The target's tables have oids of their own: its sums grow as the source's do.
	const growth = total((index) => scaled[index] ?? 0) / before;
	return parts.map(({ part, ms }, index) => (part.startsWith("t.") ? ms * growth : (scaled[index] ?? 0)));
}

interface TimedPhase {
	step: StepName;
	/** From the first begin to the last done. */
	wallMs: number;
	parts: { part: string; ms: number }[];
}

/** The steps of a rehearsal in their order; what a killed holder began twice counts from its last begin. */
export function phasesOf({ lines }: Pick<Rehearsal, "lines">): TimedPhase[] {
	const begun = new Map<string, number>();
	const phases = new Map<StepName, TimedPhase & { from: number; to: number }>();
	for (const { at, step, part, state, evidence } of lines) {
		const time = Date.parse(at);
		const id = `${step} ${part}`;
		if (state === "begin") {
			begun.set(id, time);
		}
		if (state !== "done") {
			continue;
		}
		const from = begun.get(id) ?? time;
		const phase = phases.get(step) ?? { step, wallMs: 0, parts: [], from, to: time };
		phase.from = Math.min(phase.from, from);
		phase.to = Math.max(phase.to, time);
		phase.wallMs = phase.to - phase.from;
		const measured = evidence.cpuMs ?? evidence.ms;
		phase.parts.push({ part, ms: typeof measured === "number" ? measured : time - from });
		phases.set(step, phase);
	}
	return [...phases.values()].map(({ step, wallMs, parts }) => ({ step, wallMs, parts }));
}

function growthOf(rehearsal: Pick<Rehearsal, "tables">, situation: Pick<Situation, "tables">): number {
	return isKnown(rehearsal) && isKnown(situation) ? bytesOf(situation) / bytesOf(rehearsal) : 1;
}

/** Of the tables alone: an index's entry is its table's again. */
function bytesOf({ tables }: Pick<Rehearsal, "tables">): number {
	return Object.entries(tables).reduce((sum, [part, bytes]) => sum + (part.includes(".") ? 0 : bytes), 0);
}

/** An empty source has no sizes to scale by either. */
function isKnown(of: Pick<Rehearsal, "tables">): boolean {
	return bytesOf(of) > 0;
}

function growthOfPart(part: string, rehearsal: Rehearsal, situation: Situation, overall: number): number {
	const [oid = ""] = part.replace(/^s\./, "").split(".");
	const of = ({ tables }: Pick<Rehearsal, "tables">) => tables[part] ?? tables[oid];
	const [before, now] = [of(rehearsal), of(situation)];
	return before === undefined || now === undefined || before === 0 ? overall : now / before;
}

function total(phases: readonly Phase[]): number {
	return phases.reduce((sum, { likelyMs }) => sum + likelyMs, 0);
}

/** The mean by step; a step that a rehearsal does not have counts where it is. */
function meanOf(predictions: readonly (readonly Phase[])[]): Phase[] {
	const steps = [...new Set(predictions.flatMap((phases) => phases.map(({ step }) => step)))];
	return steps.map((step) => {
		const found = predictions.flatMap((phases) => phases.filter((phase) => phase.step === step));
		const mean = (of: (phase: Phase) => number) => found.reduce((sum, phase) => sum + of(phase), 0) / found.length;
		return { step, likelyMs: mean(({ likelyMs }) => likelyMs), workMs: mean(({ workMs }) => workMs) };
	});
}

/** How far the rehearsals are from what they foretell of each other, at most. */
function spread(rehearsals: readonly Rehearsal[]): number {
	return Math.max(
		0,
		...rehearsals.flatMap((one) =>
			rehearsals
				.filter((other) => other !== one)
				.map((other) => {
					const actual = phasesOf(other).reduce((sum, { wallMs }) => sum + wallMs, 0);
					return actual === 0 ? 0 : Math.abs(total(predict(one, other)) / actual - 1);
				}),
		),
	);
}

function halfWidth(rehearsals: readonly Rehearsal[]): number {
	return rehearsals.length === 1 ? ONE_REHEARSAL : Math.max(NARROWEST, spread(rehearsals));
}

function sizeReasons(rehearsals: readonly Rehearsal[], { containerMb }: Situation): string[] {
	const sizes = new Set(rehearsals.map((rehearsal) => rehearsal.containerMb));
	if (containerMb === undefined || sizes.has(undefined)) {
		return [
			"not known: the size of the target's container in each rehearsal; the hand-over file has it since this release",
		];
	}
	const others = [...sizes].filter((mb) => mb !== containerMb);
	return others.length === 0
		? []
		: [
				`rehearsed on a container of ${others.join(", ")} MB, and the night's has ${containerMb} MB: the target's steps are scaled by its share of CPU; rehearse on the night's size to be sure`,
			];
}

/** The largest part is a floor that no number of jobs gets below. */
function floorReasons(rehearsal: Rehearsal, situation: Situation): string[] {
	const overall = growthOf(rehearsal, situation);
	const largest = phasesOf(rehearsal)
		.filter(({ step }) => step === "rows" || step === "post-data")
		.flatMap(({ step, parts }) =>
			parts.map(({ part, ms }) => ({ step, ms: ms * growthOfPart(part, rehearsal, situation, overall) })),
		)
		.sort((a, b) => b.ms - a.ms)[0];
	return largest === undefined
		? []
		: [`the longest part, of ${largest.step}, takes ${duration(largest.ms)} however many jobs there are`];
}

/** What a copy is compared with, beside its forecast. */
export interface FactOptions {
	/** Default: none. */
	budgetMs?: number | undefined;
	/** When the wish was made that the copy goes on for, in ms of the epoch; what was done before took none of its time. @default all was done for it */
	since?: number | undefined;
}

/**
 * What has been done so far against the forecast, for `status` and for the decision to go back while that is free.
 *
 * @param elapsedMs since the wish
 */
export function compareWithFact(
	plan: Forecast,
	lines: readonly TimedLine[],
	elapsedMs: number,
	{ budgetMs = Number.POSITIVE_INFINITY, since = Number.NEGATIVE_INFINITY }: FactOptions = {},
): { share: number; expectedMs: number; line: string } {
	const share = shareDone(plan, lines);
	const before = shareDone(
		plan,
		lines.filter(({ at }) => Date.parse(at) < since),
	);
	const likelyMs = plan.likelyMs * (1 - before);
	const own = before === 1 ? 1 : (share - before) / (1 - before);
	// The pace so far says little at the beginning, and everything at the end.
	const byPace = own === 0 ? likelyMs : elapsedMs / own;
	const expectedMs = Math.round(own * byPace + (1 - own) * Math.max(likelyMs, elapsedMs));
	const earlier = before === 0 ? "" : `, ${percent(before)} of it by earlier tries`;
	const facts = `${percent(share)} done after ${duration(elapsedMs)}${earlier}; expected in all ${duration(expectedMs)}, forecast ${duration(likelyMs)}`;
	const line =
		expectedMs > budgetMs
			? `${facts}; the budget of ${duration(budgetMs)} will not hold, and going back is still free: npm run move -- stop --stack STACK, then as "Going back" in docs/move.md says`
			: facts;
	return { share, expectedMs, line };
}

/** How much of a forecast these lines are, 0 to 1. */
function shareDone({ phases, likelyMs }: Forecast, lines: readonly TimedLine[]): number {
	const planned = new Map(phases.map((phase) => [phase.step, phase]));
	const done = phasesOf({ lines }).reduce((sum, { step, parts }) => {
		const phase = planned.get(step);
		const work = parts.reduce((ms, part) => ms + part.ms, 0);
		if (phase === undefined) return sum;
		return sum + phase.likelyMs * (phase.workMs === 0 ? 1 : Math.min(1, work / phase.workMs));
	}, 0);
	return likelyMs === 0 ? 0 : Math.min(1, done / likelyMs);
}

/** `1 h 05 min`, `12 min`, `40 s`. */
export function duration(ms: number): string {
	const seconds = Math.round(ms / 1000);
	if (seconds < 120) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	return minutes < 120
		? `${minutes} min`
		: `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

function percent(share: number): string {
	return `${Math.round(share * 100)} %`;
}

/** Whether a budget holds, as a line. */
export function describeBudget(
	{ minMs, likelyMs, maxMs }: Pick<Forecast, "minMs" | "likelyMs" | "maxMs">,
	budgetMs: number,
): string {
	const holds = maxMs <= budgetMs ? "holds" : likelyMs <= budgetMs ? "may not hold" : "will not hold";
	return `the budget of ${duration(budgetMs)} ${holds}: ${duration(minMs)} to ${duration(maxMs)}, likely ${duration(likelyMs)}`;
}

/** A forecast as lines for a person, beside what a copy took. */
export function describeForecast(
	{ minMs, likelyMs, maxMs, phases, reasons }: Forecast,
	fact?: { run: string; lines: readonly TimedLine[] },
): string[] {
	const taken = new Map(phasesOf({ lines: fact?.lines ?? [] }).map(({ step, wallMs }) => [step, wallMs]));
	const beside = (step: StepName) => {
		const ms = taken.get(step);
		return ms === undefined ? "" : `; ${fact?.run}: ${duration(ms)}`;
	};
	return [
		`${duration(minMs)} to ${duration(maxMs)}, likely ${duration(likelyMs)}`,
		...[...phases]
			.sort((a, b) => b.likelyMs - a.likelyMs)
			.slice(0, 5)
			.map(({ step, likelyMs: ms }) => `- ${step}: ${duration(ms)}${beside(step)}`),
		...reasons.map((reason) => `- ${reason}`),
	];
}
