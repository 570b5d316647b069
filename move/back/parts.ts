/** The parts of a way back, and what its lines say of them. */
import type { OpenBack } from "./opening.ts";

export type Part = "close" | "writes" | "domains" | "thaw" | "services" | "after";

/** What is to be done again once one of these has begun again: Aptible or the source was opened or shut by somebody meanwhile. */
const VOIDED_BY: Readonly<Record<Part, readonly Part[]>> = {
	close: [],
	writes: ["close"],
	domains: ["close"],
	thaw: [],
	services: ["close", "thaw"],
	after: ["close", "thaw"],
};

/** Whether a part is done, and nothing has undone it since. */
export function isDone(open: OpenBack | undefined, part: Part): boolean {
	const done = open?.lines.findLast((line) => line.part === part && line.state === "done")?.seq ?? 0;
	return VOIDED_BY[part].every((former) => done > begunAt(open, former)) && done > 0;
}

/** Number of the line with which a part was begun last. */
export function begunAt(open: OpenBack | undefined, part: Part): number {
	return open?.lines.findLast((line) => line.part === part && line.state === "begin")?.seq ?? 0;
}
