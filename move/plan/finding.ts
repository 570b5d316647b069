/** What the plan finds: one line each, with what is wrong and what to do. */

/**
 * A blocker has to go before the night, a warning wants a decision, and of an unknown somebody has to find out. What is `unseen` this machine could
 * not look at: a login, a permission or a network is missing.
 */
export type Severity = "blocker" | "warning" | "unseen" | "unknown";

export interface PlanFinding {
	severity: Severity;
	line: string;
}

/** Exit code of a plan without a blocker that could not look at everything. */
export const NOT_LOOKED_AT = 3;

/** Of texts, all of one kind. */
export function findings(severity: Severity, lines: readonly string[]): PlanFinding[] {
	return lines.map((line) => ({ severity, line }));
}
