/** The proof that nobody writes to a frozen source: two samples of what moves when somebody does (facts/move.md §4). */
import type pg from "pg";
import type { FreezeTask } from "../engine.ts";
import { type Finding, isBlocker } from "../findings.ts";
import { waitBetweenSamples, writesFound } from "../two-samples.ts";
import { changesOf, settleCounters, transactionsBetween } from "./counters.ts";
import { findWithoutSession, foreignSessions, sessionFindings } from "./foreign.ts";

/**
 * Samples twice. Rows decide; a transaction id that was given out is shown, as Azure's own maintenance takes some too.
 *
 * @param kept a session of the mover's, which has written nothing
 */
export async function proveSilence(task: FreezeTask, kept: pg.Client): Promise<Finding[]> {
	const { source, steps, report } = task;
	let findings: Finding[] | undefined;
	let evidence = {};
	await steps.step("freeze", "silence", {
		look: async () => (findings === undefined ? undefined : evidence),
		act: async () => {
			// What the freeze itself has written is counted by then.
			const before = await settleCounters(source);
			const early = await foreignSessions(kept);
			const ms = await waitBetweenSamples(task);
			// A writer's rows are counted some time after they are written.
			const after = await settleCounters(source, { withinMs: 5_000 });
			const sessions = new Map([...early, ...(await foreignSessions(kept))].map((session) => [session.pid, session]));
			const writes = writesFound(changesOf(before, after));
			const transactions = transactionsBetween(before, after);
			const shown: Finding = {
				trap: "freeze-transactions",
				severity: "note",
				line: `${transactions} transaction ids were given out on the source's server meanwhile, and no row of this database was written: autovacuum, Azure's own maintenance, or another database of the server`,
			};
			const isShown = transactions !== "0" && writes.length === 0;
			findings = [
				...writes,
				...sessionFindings([...sessions.values()]),
				...(await findWithoutSession(kept)),
				...(isShown ? [shown] : []),
			];
			const rows = String(BigInt(after.writtenRows) - BigInt(before.writtenRows));
			const silent = !findings.some(isBlocker);
			evidence = { equal: silent, xid: after.nextTransaction, changes: transactions, rows, ms };
			if (silent) report("the source is silent: no row was written, and nobody else is there");
		},
	});
	return findings ?? [];
}
