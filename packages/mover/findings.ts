/** What `check` finds before anything moves: one line with what, where, and the fix as a command. */
export interface Finding {
	/** Fixed id of the trap. */
	trap: string;
	/** A blocker stops the copy, a warning wants a decision, a note says what the copy does by itself. */
	severity: "blocker" | "warning" | "note";
	/** The object that it is about, where it is about one. */
	object?: string;
	line: string;
	/** Whether a rehearsal may do what a copy may not: the blocker is a warning there. */
	isRehearsed?: boolean;
}

export const isBlocker = ({ severity }: Finding) => severity === "blocker";

/** Trap of a freeze that has shut nobody out. */
export const FREEZE_BY_HAND = "freeze-by-hand";

/** What a finding is to a rehearsal. */
export function forRehearsal(finding: Finding): Finding {
	return isBlocker(finding) && finding.isRehearsed ? { ...finding, severity: "warning" } : finding;
}

/** A source that is a replica: it may be hours behind its primary, and what it has is equal to its copy all the same. */
export function replicaFinding(trap: string, name: string): Finding {
	return {
		trap,
		severity: "blocker",
		object: name,
		line: `the source ${name} is a replica, which may lack what its primary has; give the mover the primary's address: MOVE_SOURCE_NAME in its environment; a rehearsal may read it`,
		isRehearsed: true,
	};
}

/** A difference between both sides, which the proof names. */
export interface Difference {
	/** Fixed id of what differs: `rows`, `view`, `trigger` ... */
	kind: string;
	/** The object that differs. */
	object: string;
	/** How: one clause. */
	line: string;
}
