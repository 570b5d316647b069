/** The record of a proof, committed beside the stage file: later phases of the stage stand on it. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { moveRecordName, readMoveRecord } from "../config/move-record.ts";
import type { StoredReport } from "../packages/mover/journal/reports.ts";
import { writeWhole } from "./folder.ts";
import type { MoveStage } from "./stage.ts";

interface VerificationBody {
	equal: boolean;
	hash: string;
	aptibleId: number;
}

/** Writes the record. @throws where not both sides of every database are equal @returns its path */
export function writeRecord(moved: MoveStage, run: string, reports: readonly StoredReport[]): string {
	const proofs = reports.filter(({ kind }) => kind === "verification");
	if (proofs.length === 0 || !proofs.every(({ body }) => (body as VerificationBody).equal)) {
		throw new Error(`run ${run} has no proof of every database; prove it again: npm run move -- verify --stack STACK`);
	}
	const databases = Object.fromEntries(
		proofs.map(({ database, body }) => {
			const { aptibleId, hash } = body as VerificationBody;
			return [database, { aptibleId, hash }];
		}),
	);
	const at = new Date(Math.max(...proofs.map((proof) => proof.at.getTime()))).toISOString();
	return writeWhole(recordFile(moved), formatRecord({ version: 1, run, databases, at }));
}

/** The record of an earlier copy, which goes when another copy begins: what it proves is soon no more. */
export class FormerRecord {
	readonly #moved: MoveStage;
	readonly #text: string | undefined;

	/** @throws where the move is closed */
	constructor(moved: MoveStage) {
		this.#moved = moved;
		const file = recordFile(moved);
		this.#text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
		if (this.#text === undefined || !isClosed(this.#text)) return;
		throw new Error(`${file} says that the move is closed; to move once more, remove it first: git rm ${file}`);
	}

	remove(): void {
		rmSync(recordFile(this.#moved), { force: true });
	}

	/** For a copy that did not begin. */
	putBack(): void {
		if (this.#text !== undefined) writeWhole(recordFile(this.#moved), this.#text);
	}
}

/** Removes the record of a copy that was found unequal since. @returns its path, where there was one that is not closed */
export function voidRecord(moved: MoveStage): string | undefined {
	const file = recordFile(moved);
	if (!existsSync(file) || isClosed(readFileSync(file, "utf8"))) return undefined;
	rmSync(file);
	return file;
}

/** Whether the record says that the move is over; one that cannot be read says nothing. */
export function hasClosedRecord(moved: Pick<MoveStage, "folder" | "name">): boolean {
	const file = recordFile(moved);
	return existsSync(file) && isClosed(readFileSync(file, "utf8"));
}

/** Notes in the record that the move is over; one that is closed stays as it is. @returns its path, where there is a record */
export function closeRecord(moved: MoveStage): string | undefined {
	const record = readMoveRecord(moved.folder, moved.name);
	if (record === undefined) return undefined;
	return writeWhole(recordFile(moved), formatRecord({ ...record, closed: true }));
}

function isClosed(text: string): boolean {
	try {
		return (JSON.parse(text) as { closed?: unknown } | null)?.closed === true;
	} catch {
		// It proves nothing.
		return false;
	}
}

function recordFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, moveRecordName(name));
}

/** As `npm run check` wants it: the file is committed. */
function formatRecord(record: object): string {
	return `${JSON.stringify(record, null, "\t")}\n`;
}
