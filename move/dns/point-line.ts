/** The journal's line of a domain that is led to a side. It has no room for names: a domain is known by its hash. */
import { createHash } from "node:crypto";
import type { NightJournal } from "../switch/night-journal.ts";
import { longestTtl } from "./differences.ts";
import type { PointNote } from "./point-notes.ts";

/** What a domain is called in the journal. */
export function hashDomain(domain: string): string {
	return createHash("sha256").update(domain).digest("hex");
}

/** Writes what is noted of a domain into the journal too. It rejects never: the notes beside the stage have it. */
export function noteInJournal(
	journal: Pick<NightJournal, "run" | "write">,
	tell: (line: string) => void,
): (note: PointNote) => Promise<void> {
	return async ({ domain, to, former }) => {
		try {
			const run = await journal.run();
			if (run === undefined) return;
			const evidence = { hash: hashDomain(domain), side: to, seconds: longestTtl(former) ?? null };
			await journal.write(run, "point", "note", evidence);
		} catch (error) {
			tell(`the journal has no line of ${domain}, and the notes in .move have it: ${(error as Error).message}`);
		}
	};
}
