/** What the plan finds: one line each, with what is wrong and what to do. */

/** A blocker has to go before the night, a warning wants a decision, and of an unknown somebody has to find out. */
export type Severity = "blocker" | "warning" | "unknown";

export interface PlanFinding {
	severity: Severity;
	line: string;
}

/** Of texts, all of one kind. */
export function findings(severity: Severity, lines: readonly string[]): PlanFinding[] {
	return lines.map((line) => ({ severity, line }));
}
