/** The record of a proof, committed beside the stage file: later phases of the stage stand on it. */
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { moveRecordName } from "../config/move-record.ts";
import type { StoredReport } from "../packages/mover/journal/reports.ts";
import type { MoveStage } from "./stage.ts";

interface VerificationBody {
	equal: boolean;
	hash: string;
	aptibleId: number;
}

/** Writes the record where both sides of every database are equal. @returns its path */
export function writeRecord(
	{ folder, name }: MoveStage,
	run: string,
	reports: readonly StoredReport[],
): string | undefined {
	const proofs = reports.filter(({ kind }) => kind === "verification");
	if (proofs.length === 0 || !proofs.every(({ body }) => (body as VerificationBody).equal)) return undefined;
	const databases = Object.fromEntries(
		proofs.map(({ database, body }) => {
			const { aptibleId, hash } = body as VerificationBody;
			return [database, { aptibleId, hash }];
		}),
	);
	const at = new Date(Math.max(...proofs.map((proof) => proof.at.getTime()))).toISOString();
	const file = path.join(folder, moveRecordName(name));
	const partial = `${file}.${process.pid}`;
	writeFileSync(partial, `${JSON.stringify({ version: 1, run, databases, at }, null, 2)}\n`);
	renameSync(partial, file);
	return file;
}
