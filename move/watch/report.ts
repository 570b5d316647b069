/** What the journal keeps of watches beside their lines, which have no room for addresses and words. */
import type { Asks } from "../../packages/mover/journal/journal.ts";
import { replaceReport } from "../../packages/mover/journal/reports.ts";

/** The body of a report of the kind `watch`. */
interface WatchReport {
	/** For a person. */
	lines: string[];
	/** Addresses and networks of clients that a person has accepted. */
	accepted: string[];
	/** What the probes of watches have in their user agent: whoever has another is somebody. */
	marks: string[];
}

/** Keeps it in place of that run's former one. */
export async function keepWatch(session: Asks, run: string, body: WatchReport): Promise<void> {
	await replaceReport(session, { run, database: "", kind: "watch", body });
}

/** Adds a line to what is kept. */
export async function keepWatchLine(session: Asks, run: string, line: string): Promise<void> {
	const { lines, ...kept } = await readWatch(session);
	await keepWatch(session, run, { lines: [...lines, line], ...kept });
}

/** The last one. */
export async function readWatch(session: Asks): Promise<WatchReport> {
	const { rows } = await session.query("SELECT body FROM public.reports WHERE kind = 'watch' ORDER BY at DESC LIMIT 1");
	return rows[0]?.body ?? { lines: [], accepted: [], marks: [] };
}
