import type { Proof } from "../engine.ts";
import { type Counters, changesOf, transactionsBetween } from "./counters.ts";
import { LEFT_BEHIND, type Rule } from "./rules.ts";
import type { Verification } from "./verify.ts";

/** What an audit wants to know of a proof beside its differences; no values, no secrets. */
export interface ProofDetails extends Omit<Verification, "equal" | "differences" | "hash"> {
	/** Readings of the source's counters: before the copy, after it, after its proof; none where the source was in use. */
	counters: readonly Counters[];
	/** What stays on the source by rule. */
	leftBehind: readonly Rule[];
}

/** A proof is good where both sides are equal and nobody wrote to the source meanwhile. */
export function makeProof(
	{ equal, differences, hash, ...verification }: Verification,
	counters: readonly Counters[] = [],
): Proof & { details: ProofDetails } {
	const writes = new Set(counters.slice(1).flatMap((after, index) => changesOf(counters[index] ?? after, after)));
	const lines = differences.map(
		({ object, what, source, target }) => `${object}: ${what}: ${source} on the source, ${target} on the target`,
	);
	return {
		equal: equal && writes.size === 0,
		differences: [...lines, ...writes],
		hash,
		details: { ...verification, counters, leftBehind: LEFT_BEHIND },
	};
}

/** Whether a proof is one of PostgreSQL, as others have details of their own. */
export function isPostgresqlProof(proof: Pick<Proof, "details">): proof is Proof & { details: ProofDetails } {
	return typeof proof.details === "object" && proof.details !== null && "leftBehind" in proof.details;
}

/** A proof as a section of a report in Markdown. */
export function describeProof(
	name: string,
	{ equal, differences, hash, details }: Proof & { details: ProofDetails },
): string[] {
	const { sides, compared, counters, notes, sums, leftBehind } = details;
	const side = ({ version, database, systemIdentifier }: ProofDetails["sides"]["source"]) =>
		`PostgreSQL ${version}, database ${database}, system identifier ${systemIdentifier ?? "not told"}`;
	const [first, last] = [counters[0], counters.at(-1)];
	const transactions =
		first === undefined || last === undefined
			? "writes to the source were not looked at, as it was in use"
			: `transactions of the source's whole server meanwhile: ${transactionsBetween(first, last)}`;
	return [
		`### ${name}: ${equal ? "both sides are equal" : "not proven equal"}`,
		"",
		`- source: ${side(sides.source)}`,
		`- target: ${side(sides.target)}`,
		`- compared: ${compared.tables} tables with ${compared.rows} rows, ${compared.largeObjects} large objects, ${compared.definitions} definitions, ${compared.sequences} sequences`,
		`- hash over the sums: ${hash}`,
		`- ${transactions}`,
		"",
		...table(
			"Differences",
			["What differs"],
			differences.map((line) => [line]),
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
			leftBehind.map(({ what, reason, source }) => [what, reason, source]),
		),
	];
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
	return [`#### ${title}`, "", line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line), ""];
}
