/** Whether the record beside the stage is of the copy that stands: a checkout or another clone brings back any. */
import { type MoveRecord, moveRecordName } from "../../config/move-record.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";

/**
 * Refuses a record that the journal does not bear out.
 *
 * @param stage name of the stage
 * @throws where the journal has no such proof, or MedStack was opened or another copy swapped in since
 */
export function refuseVoidProof({ run, databases }: MoveRecord, lines: readonly JournalLine[], stage: string): void {
	const file = moveRecordName(stage);
	const proofs = Object.entries(databases).map(([database, { hash }]) => ({
		database,
		seq: lines.findLast(
			({ step, state, evidence, ...line }) =>
				step === "verify" &&
				state === "note" &&
				line.run === run &&
				line.database === database &&
				evidence.equal === true &&
				evidence.hash === hash,
		)?.seq,
	}));
	const missing = proofs.filter(({ seq }) => seq === undefined).map(({ database }) => database);
	if (missing.length > 0) {
		throw new Error(
			`${file} is of run ${run}, and the journal has no proof of ${missing.join(", ")} from it: it is of another move, or changed by hand; prove the copy again: npm run move -- verify --stack STACK`,
		);
	}
	const proved = Math.max(...proofs.map(({ seq = 0 }) => seq));
	const later = lines.findLast(
		({ seq, step, ...line }) => seq > proved && (step === "thaw" || (step === "swap" && line.run !== run)),
	);
	if (later === undefined) return;
	if (later.step === "thaw") {
		throw new Error(
			`${file} is of run ${run}, and MedStack was opened after it (thaw of run ${later.run}, ${later.at}): what was written there since is not in the copy. Remove it: git rm ${file}, then: npm run move -- freeze --stack STACK, and npm run move -- copy --again --stack STACK`,
		);
	}
	throw new Error(
		`${file} is of run ${run}, and run ${later.run} has swapped in another copy since (${later.at}); prove that one: npm run move -- verify --stack STACK`,
	);
}
