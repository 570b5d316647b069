/** The journal's copy in a file: JSON lines, each on the disk before the next step. */
import {
	closeSync,
	fsyncSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readFileSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import path from "node:path";
import { stateOf } from "./errors.ts";
import { formatLine, type JournalLine, parseLine } from "./line.ts";

/** Two journals that say different things under one number: nobody may go on before a person has looked. */
export class JournalsDiffer extends Error {
	override name = "JournalsDiffer";
}

/** A line of a file is none, or not in its place. */
export class DamagedFile extends JournalsDiffer {
	/** Which line, and why. */
	readonly damage: string;

	constructor(damage: string) {
		super(
			`${damage}. Somebody has changed the file; move it away, and the next command writes it anew from the server`,
		);
		this.damage = damage;
	}
}

/** What a file holds. */
export interface LocalLines {
	lines: JournalLine[];
	/** Bytes of a last line without its end, which a killed process left. */
	tornBytes: number;
}

/** Reads a file of lines, without changing it. */
export function readLocalLines(file: string): LocalLines {
	const bytes = readIfThere(file);
	if (bytes === undefined) return { lines: [], tornBytes: 0 };
	const end = bytes.lastIndexOf(0x0a) + 1;
	const texts = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
	const lines = texts.map((text, index) => {
		try {
			return parseLine(text);
		} catch (error) {
			throw new DamagedFile(`${file}:${index + 1}: ${(error as Error).message}`);
		}
	});
	const unique: JournalLine[] = [];
	const textOf = new Map<number, string | undefined>();
	for (const [index, line] of lines.entries()) {
		// A process that stood still with what it was to append may have appended it after another had.
		if (textOf.has(line.seq) && textOf.get(line.seq) === texts[index]) continue;
		const former = unique.at(-1);
		if (former !== undefined && former.seq >= line.seq) {
			throw new DamagedFile(`${file}:${index + 1}: number ${line.seq} stands after ${former.seq}`);
		}
		textOf.set(line.seq, texts[index]);
		unique.push(line);
	}
	return { lines: unique, tornBytes: bytes.length - end };
}

/** What cannot be read is not taken for what is not there: a freeze may be noted in it. */
function readIfThere(file: string): Buffer | undefined {
	try {
		return readFileSync(file);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT") return undefined;
		throw new Error(
			`${file} cannot be read (${code}); give this user the right to read it and its folder, and run it again`,
		);
	}
}

/**
 * Compares a file's lines with the server's.
 *
 * @throws JournalsDiffer with the first number under which they differ, and both lines
 */
export function compareLines(file: string, local: readonly JournalLine[], server: readonly JournalLine[]): void {
	const bySeq = new Map(server.map((line) => [line.seq, formatLine(line)]));
	for (const line of local) {
		const here = formatLine(line);
		const there = bySeq.get(line.seq);
		if (here === there) continue;
		throw new JournalsDiffer(
			there === undefined
				? `the journal's line ${line.seq} is in ${file} and not in database move on the target: ${here}. The server has been restored, or another one answers under its name. Find out which; where the server is right, move the file away, and keep its lines with "freeze" and "note": they alone may undo a freeze`
				: `the journal's line ${line.seq} differs. In ${file}: ${here}. In database move on the target: ${there}. Find out who wrote the other one; where the server is right, move the file away`,
		);
	}
}

/** A file that lines are appended to, by several processes too. */
export class LocalFile {
	readonly file: string;
	/** Whether a half-written last line was cut off when it was opened. */
	readonly wasTorn: boolean;
	#lastSeq: number;
	readonly #descriptor: number;

	/**
	 * Opens the file, compares it with the server's lines and appends what it lacks.
	 *
	 * @param readServer reads the server's lines: after the file, which another process may have written to by then
	 * @throws JournalsDiffer
	 */
	static async open(file: string, readServer: () => Promise<readonly JournalLine[]>): Promise<LocalFile> {
		const { lines } = readLocalLines(file);
		const server = await readServer();
		compareLines(file, lines, server);
		return new LocalFile(file, server);
	}

	private constructor(file: string, server: readonly JournalLine[]) {
		mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		this.file = file;
		this.#descriptor = openSync(file, "a", 0o600);
		fsyncFolder(path.dirname(file));
		let wasTorn = false;
		this.#lastSeq = alone(file, () => {
			const { lines, tornBytes } = readLocalLines(file);
			wasTorn = tornBytes > 0;
			if (wasTorn) ftruncateSync(this.#descriptor, readFileSync(file).length - tornBytes);
			return this.#write(server, lines.at(-1)?.seq ?? 0);
		});
		this.wasTorn = wasTorn;
	}

	/** Appends those lines that it does not have; they are on the disk when this returns. */
	append(lines: readonly JournalLine[]): void {
		this.#lastSeq = alone(this.file, () => this.#write(lines, this.#lastSeq));
	}

	/** @returns the number of the last line by then */
	#write(lines: readonly JournalLine[], lastSeq: number): number {
		const missing = lines.filter(({ seq }) => seq > lastSeq);
		if (missing.length === 0) return lastSeq;
		writeSync(this.#descriptor, missing.map((line) => `${formatLine(line)}\n`).join(""));
		fsyncSync(this.#descriptor);
		return missing.at(-1)?.seq ?? lastSeq;
	}

	close(): void {
		closeSync(this.#descriptor);
	}
}

/** A process has the file for itself for milliseconds; after this time it was killed meanwhile. */
const LOCK_MS = 5_000;
const LOCK_PAUSE_MS = 10;

/** Does something while no other process reads and appends. */
function alone<T>(file: string, act: () => T): T {
	const lock = `${file}.lock`;
	while (!take(lock)) {
		if (ageOf(lock) > LOCK_MS) rmSync(lock, { force: true });
		else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_PAUSE_MS);
	}
	try {
		return act();
	} finally {
		rmSync(lock, { force: true });
	}
}

function take(lock: string): boolean {
	try {
		closeSync(openSync(lock, "wx", 0o600));
		return true;
	} catch (error) {
		if (stateOf(error) !== "EEXIST") throw error;
		return false;
	}
}

/** In milliseconds; 0 where it is gone. */
function ageOf(lock: string): number {
	const modified = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
	return modified === undefined ? 0 : Date.now() - modified;
}

/** The name of a new file is on the disk only with its folder. */
function fsyncFolder(folder: string): void {
	const descriptor = openSync(folder, "r");
	fsyncSync(descriptor);
	closeSync(descriptor);
}
