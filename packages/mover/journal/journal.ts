/** The journal of one holder: every line goes to the server, which numbers it, and then into a file. */
import type pg from "pg";
import type { Evidence, StepName } from "../steps.ts";
import { stateOf } from "./errors.ts";
import { checkContent, type JournalLine, type LineContent, type LineState } from "./line.ts";
import { LocalFile } from "./local-file.ts";
import { LEASE_LOST_STATE } from "./schema.ts";

/** Thrown where another mover has taken the lease over: whatever this one does may only end. */
export class LeaseLost extends Error {
	override name = "LeaseLost";
}

/** What a journal asks: a session, or one that comes back. */
export interface Asks {
	query(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
}

const LINES = `SELECT seq::text AS seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
	run, database, step, part, state, holder, epoch, evidence FROM public.journal`;

/** The server's lines after a number, in its order. */
export async function readLines(client: Asks, after = 0): Promise<JournalLine[]> {
	const { rows } = await client.query(`${LINES} WHERE seq > $1 ORDER BY journal.seq`, [after]);
	return rows.map((row) => ({ ...row, seq: Number(row.seq) }) as JournalLine);
}

/**
 * Writes a line in a session of the caller's, so that it is committed with what else its transaction does.
 *
 * @param isFenced whether the line is refused where the lease is another's; only the server with the lease can tell
 * @throws LeaseLost
 */
export async function appendLine(client: Asks, line: LineContent, isFenced: boolean): Promise<JournalLine> {
	checkContent(line);
	const { run, database, step, part, state, holder, epoch, evidence } = line;
	const values = [run, database, step, part, state, holder, epoch, JSON.stringify(evidence), isFenced];
	const { rows } = await client
		.query("SELECT * FROM public.append_line($1, $2, $3, $4, $5, $6, $7, $8, $9)", values)
		.catch((error: unknown) => {
			if (stateOf(error) === LEASE_LOST_STATE) throw new LeaseLost("another mover has taken the lease over");
			throw error;
		});
	return { ...line, seq: Number(rows[0].line_seq), at: rows[0].line_at };
}

/** Whoever holds the lease. */
export interface Holder {
	holder: string;
	epoch: number;
}

export interface JournalOptions extends Holder {
	/** Session in database `move`; it is used by this journal alone. */
	client: Asks;
	/** The stage's names of its databases: no other stands in a line. */
	databases: readonly string[];
	/** Path of the copy in a file. */
	file?: string;
	/** Sees each line that was written. */
	onLine?: (line: JournalLine) => void;
}

export class Journal {
	readonly holder: string;
	readonly epoch: number;
	readonly #client: Asks;
	readonly #databases: ReadonlySet<string>;
	readonly #onLine: (line: JournalLine) => void;
	readonly #file: LocalFile | undefined;
	/** The number of the last line that says of a step that it is done. */
	readonly #done = new Map<string, number>();
	#lastSeq: number;

	/** Compares the file with the server, if there is one, and reads what is done. */
	static async open(options: JournalOptions): Promise<Journal> {
		let lines: readonly JournalLine[] = [];
		const read = async () => {
			lines = await readLines(options.client);
			return lines;
		};
		const file = options.file === undefined ? undefined : await LocalFile.open(options.file, read);
		if (file === undefined) await read();
		return new Journal(options, lines, file);
	}

	private constructor(
		{ client, holder, epoch, databases, onLine }: JournalOptions,
		lines: readonly JournalLine[],
		file: LocalFile | undefined,
	) {
		this.#client = client;
		this.holder = holder;
		this.epoch = epoch;
		this.#databases = new Set(["", ...databases]);
		this.#onLine = onLine ?? (() => {});
		this.#file = file;
		this.#lastSeq = lines.at(-1)?.seq ?? 0;
		for (const line of lines) if (line.state === "done") this.#done.set(keyOf(line), line.seq);
	}

	/** Whether a half-written last line was found in the file. */
	get wasTorn(): boolean {
		return this.#file?.wasTorn ?? false;
	}

	/** The number of the last line that says that a step is done; 0 where there is none. */
	doneSeq(at: { run: string; database: string; step: StepName; part: string }): number {
		return this.#done.get(keyOf(at)) ?? 0;
	}

	/** Takes in the lines that others have committed: the swap, which is one transaction with its own. */
	async catchUp(): Promise<void> {
		for (const line of await readLines(this.#client, this.#lastSeq)) this.#take(line);
	}

	/** Writes a line to the server and then to the file. @throws LeaseLost, LineRefused */
	async write(
		state: LineState,
		at: { run: string; database: string; step: StepName; part: string },
		evidence: Evidence = {},
	): Promise<JournalLine> {
		const content = this.contentOf(state, at, evidence);
		checkContent(content, this.#databases);
		const line = await appendLine(this.#client, content, true);
		this.#take(line);
		return line;
	}

	/** A line as this holder writes it. */
	contentOf(
		state: LineState,
		{ run, database, step, part }: { run: string; database: string; step: StepName; part: string },
		evidence: Evidence = {},
	): LineContent {
		return { run, database, step, part, state, holder: this.holder, epoch: this.epoch, evidence };
	}

	#take(line: JournalLine): void {
		if (line.state === "done") this.#done.set(keyOf(line), line.seq);
		this.#lastSeq = Math.max(this.#lastSeq, line.seq);
		this.#file?.append([line]);
		this.#onLine(line);
	}

	close(): void {
		this.#file?.close();
	}
}

function keyOf({ run, database, step, part }: { run: string; database: string; step: string; part: string }): string {
	return [run, database, step, part].join(" ");
}
