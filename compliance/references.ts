/** Clauses of laws and frameworks, each with the page of facts that has its source. Only what public text gives is here. */

/** A clause that asks for what a control shows. */
export interface Reference {
	readonly framework: "HIPAA" | "PIPEDA" | "HITRUST CSF 9.2";
	readonly clause: string;
	/** Section of facts with the source. */
	readonly source: string;
}

/** 45 CFR 164 (facts/compliance.md §1). */
export function hipaa(...clauses: readonly string[]): Reference[] {
	return clauses.map((clause) => ({
		framework: "HIPAA",
		clause: `164.${clause}`,
		source: "docs/facts/compliance.md §1",
	}));
}

/** Schedule 1 of the Act (facts/compliance.md §2). */
export function pipeda(...clauses: readonly string[]): Reference[] {
	return clauses.map((clause) => ({ framework: "PIPEDA", clause, source: "docs/facts/compliance.md §2" }));
}

/** Control references as public maps have them (facts/compliance.md §3). */
export function hitrust(...clauses: readonly string[]): Reference[] {
	return clauses.map((clause) => ({ framework: "HITRUST CSF 9.2", clause, source: "docs/facts/compliance.md §3" }));
}
