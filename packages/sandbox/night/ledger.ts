/** What clients were told of their writes: one line each, in memory and in a file. */
import { appendFileSync } from "node:fs";

/** The two ends of a move. */
export type SideName = "medstack" | "aptible";

/** A write that somebody was told is done. */
export interface AcknowledgedWrite {
	/** A UUID that the writer chose. */
	id: string;
	/** When the acknowledgement came. */
	at: Date;
	/** Who acknowledged it. */
	side: SideName;
	writer: string;
}

export class Ledger {
	readonly writes: AcknowledgedWrite[] = [];
	/** Writes without an acknowledgement: refused, or cut off in the middle, so that they may be there. */
	unacknowledged = 0;
	readonly #file: string | undefined;

	/** @param file that gets each write as a line of JSON */
	constructor(file?: string) {
		this.#file = file;
	}

	acknowledge(write: AcknowledgedWrite): void {
		this.writes.push(write);
		if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(write)}\n`);
	}
}
