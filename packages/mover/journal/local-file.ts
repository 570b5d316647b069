/** The journal's copy in a file: JSON lines, each on the disk before the next step. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { formatLine, type JournalLine, parseLine } from "./line.ts";

/** Two journals that say different things under one number: nobody may go on before a person has looked. */
export class JournalsDiffer extends Error {
	override name = "JournalsDiffer";
}

/** What a file holds. */
export interface LocalLines {
	lines: JournalLine[];
	/** Bytes of a last line without its end, which a killed process left. */
	tornBytes: number;
}

/** Reads a file of lines, without changing it. */
export function readLocalLines(file: string): LocalLines {
	if (!existsSync(file)) return { lines: [], tornBytes: 0 };
	const bytes = readFileSync(file);
	const end = bytes.lastIndexOf(0x0a) + 1;
	const texts = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
	const lines = texts.map((text, index) => {
		try {
			return parseLine(text);
		} catch (error) {
			throw new JournalsDiffer(
				`${file}:${index + 1}: ${(error as Error).message}. Somebody has changed the file; move it away, and the next command writes it anew from the server`,
			);
		}
	});
	for (const [index, line] of lines.entries()) {
		const former = lines[index - 1];
		if (former !== undefined && former.seq >= line.seq) {
			throw new JournalsDiffer(
				`${file}:${index + 1}: number ${line.seq} stands after ${former.seq}. Two processes have written to the file, or somebody has changed it; move it away, and the next command writes it anew from the server`,
			);
		}
	}
	return { lines, tornBytes: bytes.length - end };
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
				? `the journal's line ${line.seq} is in ${file} and not in database move on the target: ${here}. The server has been restored, or another one answers under its name. Find out which; where the server is right, move the file away`
				: `the journal's line ${line.seq} differs. In ${file}: ${here}. In database move on the target: ${there}. Find out who wrote the other one; where the server is right, move the file away`,
		);
	}
}

/** A file that lines are appended to. */
export class LocalFile {
	readonly file: string;
	/** Whether a half-written last line was cut off when it was opened. */
	readonly wasTorn: boolean;
	#lastSeq: number;
	readonly #descriptor: number;

	/** Opens the file, compares it with the server's lines and appends what it lacks. */
	constructor(file: string, server: readonly JournalLine[]) {
		const { lines, tornBytes } = readLocalLines(file);
		compareLines(file, lines, server);
		mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		this.file = file;
		this.wasTorn = tornBytes > 0;
		this.#lastSeq = lines.at(-1)?.seq ?? 0;
		this.#descriptor = openSync(file, "a", 0o600);
		if (tornBytes > 0) ftruncateSync(this.#descriptor, readFileSync(file).length - tornBytes);
		fsyncFolder(path.dirname(file));
		this.append(server);
	}

	/** Appends those lines that it does not have; they are on the disk when this returns. */
	append(lines: readonly JournalLine[]): void {
		const missing = lines.filter(({ seq }) => seq > this.#lastSeq);
		if (missing.length === 0) return;
		writeSync(this.#descriptor, missing.map((line) => `${formatLine(line)}\n`).join(""));
		fsyncSync(this.#descriptor);
		this.#lastSeq = missing.at(-1)?.seq ?? this.#lastSeq;
	}

	close(): void {
		closeSync(this.#descriptor);
	}
}

/** The name of a new file is on the disk only with its folder. */
function fsyncFolder(folder: string): void {
	const descriptor = openSync(folder, "r");
	fsyncSync(descriptor);
	closeSync(descriptor);
}
