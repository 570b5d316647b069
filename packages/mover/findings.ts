/** What `check` finds before anything moves: one line with what, where, and the fix as a command. */
export interface Finding {
	/** Fixed id of the trap. */
	trap: string;
	/** A blocker stops the copy, a warning wants a decision, a note says what the copy does by itself. */
	severity: "blocker" | "warning" | "note";
	/** The object that it is about, where it is about one. */
	object?: string;
	line: string;
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
