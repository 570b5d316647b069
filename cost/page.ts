/** An estimate as a page in Markdown, for the terminal and for a comment of a pull request. */
import type { CostChange } from "./compare.ts";
import { type Band, type CostLine, describeBand, usd } from "./estimate.ts";
import type { PhaseCost } from "./moving.ts";
import type { priceSource } from "./prices.ts";

/** What `npm run cost` has found; as JSON it is just this, in US cents a month. */
export interface CostReport {
	readonly stage: string;
	readonly prices: typeof priceSource;
	readonly lines: readonly CostLine[];
	readonly total: Band;
	/** Absent of a stage that moves nothing. */
	readonly move?: MoveCosts;
	/** Absent where nothing is compared. */
	readonly against?: Against;
	/** What is not in the sum, a sentence each. */
	readonly notPriced: readonly string[];
}

export interface MoveCosts {
	/** The phase that `lines` are of. */
	readonly phase: string;
	readonly phases: readonly PhaseCost[];
	/** What the stage costs once the block is removed. */
	readonly afterwards: Band;
	/** MedStack's bill as it was given, in cents; null: unknown. */
	readonly medstack: number | null;
}

export interface Against {
	readonly ref: string;
	/** Whether that commit has the stage file: without it, everything is new. */
	readonly isThere: boolean;
	readonly changes: readonly CostChange[];
	readonly total: Band;
}

/** Ends with a line break. */
export function writeCosts(report: CostReport): string {
	const { stage, lines, total, move, against, notPriced, prices } = report;
	return `${[
		`# Monthly costs of ${stage} on Aptible`,
		"",
		`${prices.source}, as of ${prices.date}; a month has ${prices.hoursPerMonth} hours. An estimate of the stage file, not an invoice.`,
		"",
		...table(
			["Object", "What", "USD a month"],
			[
				...lines.map(({ object, what, cents }) => [object, what, describeBand(cents)]),
				["**total**", "", `**${describeBand(total)}**`],
			],
		),
		...(against === undefined ? [] : compared(against, total)),
		...(move === undefined ? [] : moved(move)),
		"",
		"## Not in it",
		"",
		...notPriced.map((line) => `- ${line}`),
	].join("\n")}\n`;
}

function compared({ ref, isThere, changes, total: former }: Against, total: Band): string[] {
	const none = changes.length === 0 ? ["No object costs another amount.", ""] : [];
	return [
		"",
		`## Against ${ref}`,
		"",
		...(isThere ? none : ["That commit has no file of this stage: all of it is new.", ""]),
		...compareRows({ changes, total: former }, total),
	];
}

/** A table of what costs another amount. */
export function compareRows({ changes, total: former }: Pick<Against, "changes" | "total">, total: Band): string[] {
	const told = (cents: Band | undefined) => (cents === undefined ? "not there" : describeBand(cents));
	return table(
		["Object", "Before", "After", "Difference"],
		[
			...changes.map(({ object, before, after }) => [object, told(before), told(after), describeRise(before, after)]),
			["**total**", describeBand(former), describeBand(total), `**${describeRise(former, total)}**`],
		],
	);
}

const nothing: Band = { from: 0, to: 0 };

/** By how much a sum rises, both sides at the least and both at the most: `+58.40 USD`, `-43.80 to -14.60 USD`, `0.00 USD`. */
export function describeRise(before: Band = nothing, after: Band = nothing): string {
	const signed = (cents: number) => `${cents > 0 ? "+" : ""}${usd(cents)}`;
	const from = signed(after.from - before.from);
	if (before.to === undefined) {
		if (after.to === undefined) return `${from} with autoscaling at its least`;
		return `up to ${from}, no lower bound`;
	}
	if (after.to === undefined) return `from ${from}, no upper bound`;
	const to = signed(after.to - before.to);
	return from === to ? from : `${from.replace(" USD", "")} to ${to}`;
}

function moved({ phase: present, phases, afterwards, medstack }: MoveCosts): string[] {
	const both = ({ from, to }: Band) =>
		medstack === null
			? "unknown"
			: describeBand({ from: from + medstack, to: to === undefined ? undefined : to + medstack });
	return [
		"",
		"## While both sides run",
		"",
		medstack === null
			? "MedStack's own bill is on its invoice and unknown here (`--medstack USD` adds it); it is paid until its contract ends."
			: `MedStack's own bill as it was given, ${usd(medstack)} a month; it is paid until its contract ends.`,
		"",
		...table(
			["Phase", "Aptible", "With MedStack"],
			[
				...phases.map(({ phase, cents }) => [
					phase === present ? `\`${phase}\` (now)` : `\`${phase}\``,
					describeBand(cents),
					both(cents),
				]),
				["block removed", describeBand(afterwards), "MedStack has ended"],
			],
		),
	];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
	const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [row(head), row(head.map(() => "---")), ...rows.map(row)];
}
