/** A move ends once `watch` has found MedStack silent, or a person says why not. */
import { readMoveRecord } from "../../config/move-record.ts";
import { readLines } from "../../packages/mover/journal/journal.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { noteByOperator } from "../operator-line.ts";
import type { MoveSession } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { keepWatchLine } from "../watch/report.ts";

type Watch = Pick<JournalLine, "at" | "state" | "evidence">;

/** The last watch since the last copy and the last switch, or what a person said instead of one; undefined where there is none. */
export function lastWatch(lines: readonly JournalLine[]): Watch | undefined {
	const opened = lines.findLastIndex(({ step, state }) => (step === "swap" || step === "switch") && state === "done");
	return lines
		.slice(opened + 1)
		.findLast(
			({ step, state, evidence }) =>
				step === "watch" && (state === "done" || state === "failed" || evidence.skipped === true),
		);
}

/**
 * Refuses the end of a move whose old side may be in use.
 *
 * @param session in the journal; undefined where that is gone
 * @param reason of a person who closes all the same
 * @returns what there is to say of it
 * @throws where neither a watch nor a reason is there
 */
export async function requireSilence(
	session: MoveSession | undefined,
	moved: MoveStage,
	reason: string | undefined,
): Promise<string> {
	if (moved.stage.move?.phase !== "live") return "MedStack is in use again, and was not watched";
	if (readMoveRecord(moved.folder, moved.name)?.closed === true) return "the move was closed before";
	const last = session === undefined ? undefined : lastWatch(await readLines(session));
	if (last?.state === "done") return `MedStack was found silent at ${last.at}`;
	if (last?.evidence.skipped === true && reason === undefined) return `closed without a watch, as said at ${last.at}`;
	if (reason === undefined) {
		const found = last === undefined ? "nobody has watched since the switch" : `it was not at ${last.at}`;
		throw new Error(
			`close needs MedStack to be silent, and ${found}: npm run move -- watch --old OLD --new NEW --stack STACK; or, where that cannot be known: npm run move -- close --without-watch REASON --stack STACK`,
		);
	}
	const says = `closed without a watch: ${reason}`;
	if (session === undefined) return says;
	const run = await noteByOperator(session, {
		step: "watch",
		database: "",
		state: "note",
		evidence: { skipped: true },
	});
	if (run !== undefined) await keepWatchLine(session, run, says);
	return says;
}
