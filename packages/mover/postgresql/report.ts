import type { Counters } from "./counters.ts";
import { changesOf, transactionsBetween } from "./counters.ts";
import type { Pins } from "./pins.ts";
import { LEFT_BEHIND, type Rule } from "./rules.ts";
import type { Verification } from "./verify.ts";

/** What an audit wants to know of one database's move; no values, no secrets. */
export interface AuditInput {
	/** The stage's name of the database. */
	name: string;
	run: string;
	/** Who asked for it, as the operator's command knows him. */
	who: string;
	/** ISO 8601. */
	from: string;
	to: string;
	pins: Pins;
	verification: Verification;
	/** Readings of the source's counters; those of a live source, which is a rehearsal, prove nothing and are left out. */
	counters?: { beforeCopy: Counters; afterCopy: Counters; afterProof: Counters };
	/** Operations at Aptible that belong to the run. */
	operations?: readonly number[];
}

/** The report of one database. */
export interface Audit {
	version: 1;
	name: string;
	run: string;
	who: string;
	from: string;
	to: string;
	pins: Pins;
	operations: readonly number[];
	/** Whether the copy is equal and nobody wrote to the source from before the copy until after its proof. */
	isProven: boolean;
	verification: Verification;
	counters: NonNullable<AuditInput["counters"]> | null;
	/** Who wrote meanwhile, one line each. */
	writes: string[];
	/** What stays on the source by rule. */
	leftBehind: readonly Rule[];
}

/** Puts a report together. */
export function makeAudit({ counters, operations = [], ...input }: AuditInput): Audit {
	const writes =
		counters === undefined
			? []
			: [
					...new Set([
						...changesOf(counters.beforeCopy, counters.afterCopy),
						...changesOf(counters.afterCopy, counters.afterProof),
					]),
				];
	return {
		version: 1,
		name: input.name,
		run: input.run,
		who: input.who,
		from: input.from,
		to: input.to,
		pins: input.pins,
		operations,
		isProven: input.verification.equal && writes.length === 0,
		verification: input.verification,
		counters: counters ?? null,
		writes,
		leftBehind: LEFT_BEHIND,
	};
}

/** A report as Markdown. */
export function describeAudit(audit: Audit): string {
	const { pins, verification, counters } = audit;
	const { compared, differences, notes, sums, hash } = verification;
	const side = (of: Pins["source"]) =>
		`PostgreSQL ${of.version}, database ${of.database}, system identifier ${of.systemIdentifier ?? "not told"}`;
	const lines = [
		`## Database ${audit.name}: ${audit.isProven ? "both sides are equal" : "not proven equal"}`,
		"",
		`- run ${audit.run}, asked for by ${audit.who}, from ${audit.from} to ${audit.to}`,
		`- source: ${side(pins.source)}`,
		`- target: ${side(pins.target)}, stage ${pins.stage ?? "not told"}, id at Aptible ${pins.aptibleId ?? "not told"}`,
		`- operations at Aptible: ${audit.operations.length === 0 ? "none" : audit.operations.join(", ")}`,
		`- compared: ${compared.tables} tables with ${compared.rows} rows, ${compared.largeObjects} large objects, ${compared.definitions} definitions, ${compared.sequences} sequences`,
		`- hash over the sums: ${hash}`,
		counters === null
			? "- writes to the source: not looked at, as it was in use"
			: `- writes to the source from before the copy until after its proof: ${audit.writes.length === 0 ? "none" : audit.writes.length} (transactions of the whole server: ${transactionsBetween(counters.beforeCopy, counters.afterProof)})`,
		...audit.writes.map((line) => `  - ${line}`),
		"",
		...table(
			"Differences",
			["Object", "What", "Source", "Target"],
			differences.map(({ object, what, source, target }) => [object, what, source, target]),
		),
		...table(
			"Shown and not judged",
			["Object", "What", "Source", "Target"],
			notes.map(({ object, what, source, target }) => [object, what, source, target]),
		),
		...table(
			"Sums of the source",
			["Table (oid)", "Rows", "Sum of 64-bit hashes"],
			Object.entries(sums).map(([oid, { rows, sum }]) => [oid, String(rows), sum]),
		),
		...table(
			"Left behind by rule",
			["What", "Why", "Source"],
			audit.leftBehind.map(({ what, reason, source }) => [what, reason, source]),
		),
	];
	return `${lines.join("\n").trimEnd()}\n`;
}

const LONGEST_CELL = 300;

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
	if (rows.length === 0) {
		return [];
	}
	const cell = (text: string) => {
		const line = text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
		return line.length > LONGEST_CELL ? `${line.slice(0, LONGEST_CELL)} ...` : line;
	};
	const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
	return [`### ${title}`, "", line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line), ""];
}
