/** A log as lines: of a file or standard input, whole or as it grows, in constant memory. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const CHUNK_BYTES = 256 * 1024;
/** No line of either side is as long; what is longer is looked past. */
const LONGEST_LINE = 64 * 1024;
const LOOK_MS = 250;
/** Of standard input: a chunk of this size is part of what has waited in the pipe. */
const BACKLOG_BYTES = 32 * 1024;
/** And this long without one, nothing waits. */
const IDLE_MS = 1_000;

export interface SourceOptions {
	/** Path of a file, or `-` for standard input. */
	from: string;
	/** Whether what is appended later is waited for, until the signal. */
	follow: boolean;
	signal: AbortSignal;
	/** Takes each line; undefined stands for one that is too long. */
	onLine: (line: string | undefined) => void;
	/** Told where the file was rotated or cut while it was read. */
	onRestart: () => void;
	/** Told whether all that is there by now has been read: of standard input as far as a pipe shows it. */
	onCaughtUp: (isCaughtUp: boolean) => void;
}

/** Reads to the end, or with `follow` until the signal. @throws where the file cannot be read */
export async function readSource(options: SourceOptions): Promise<void> {
	const splitter = new Splitter(options.onLine);
	const chunks = options.from === "-" ? standardInput(options) : fileChunks(options, () => splitter.end());
	for await (const chunk of chunks) splitter.take(chunk);
	splitter.end();
}

async function* standardInput({ follow, signal, onCaughtUp }: SourceOptions): AsyncGenerator<Buffer> {
	const stop = () => process.stdin.destroy();
	signal.addEventListener("abort", stop, { once: true });
	const idle = setTimeout(() => follow && onCaughtUp(true), IDLE_MS);
	try {
		for await (const chunk of process.stdin) {
			const bytes = chunk as Buffer;
			yield bytes;
			if (follow) onCaughtUp(bytes.length < BACKLOG_BYTES);
			idle.refresh();
		}
		if (!signal.aborted) onCaughtUp(true);
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		clearTimeout(idle);
		signal.removeEventListener("abort", stop);
	}
}

async function* fileChunks(
	{ from, follow, signal, onRestart, onCaughtUp }: SourceOptions,
	onEnd: () => void,
): AsyncGenerator<Buffer> {
	let file = await open(from, "r");
	try {
		let { ino } = await file.stat();
		for (let position = 0; !signal.aborted; ) {
			const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
			if (bytesRead > 0) {
				position += bytesRead;
				if (bytesRead === CHUNK_BYTES) onCaughtUp(false);
				yield buffer.subarray(0, bytesRead);
				continue;
			}
			const next = follow ? await findRestart(from, file, { ino, position }) : undefined;
			if (next === undefined) {
				onCaughtUp(true);
				if (!follow) return;
				await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
				continue;
			}
			onCaughtUp(false);
			onEnd();
			onRestart();
			await file.close();
			file = next;
			({ ino } = await file.stat());
			position = 0;
		}
	} finally {
		await file.close();
	}
}

/** The file anew, where another one stands under its name, or it is shorter than what was read. */
async function findRestart(
	from: string,
	file: FileHandle,
	{ ino, position }: { ino: number; position: number },
): Promise<FileHandle | undefined> {
	// Between the two halves of a rotation there is none.
	const now = await stat(from).catch(() => undefined);
	if (now === undefined || (now.ino === ino && now.size >= position)) return undefined;
	// What was appended to the former one since it was read last.
	if (now.ino !== ino && (await file.stat()).size > position) return undefined;
	return open(from, "r");
}

/** Makes lines of bytes, however they are cut. */
class Splitter {
	readonly #onLine: (line: string | undefined) => void;
	#rest = Buffer.alloc(0);
	/** Whether the line that is being read is too long already. */
	#isLong = false;

	constructor(onLine: (line: string | undefined) => void) {
		this.#onLine = onLine;
	}

	take(chunk: Buffer): void {
		const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
		const end = bytes.lastIndexOf(0x0a);
		if (end >= 0) {
			const [first = "", ...lines] = bytes.toString("utf8", 0, end).split("\n");
			this.#tell(this.#isLong ? undefined : first);
			this.#isLong = false;
			for (const line of lines) this.#tell(line);
		}
		const rest = bytes.subarray(end + 1);
		if (rest.length > LONGEST_LINE) this.#isLong = true;
		this.#rest = this.#isLong ? Buffer.alloc(0) : Buffer.from(rest);
	}

	/** Takes what is left for a line. */
	end(): void {
		if (this.#isLong) this.#tell(undefined);
		else if (this.#rest.length > 0) this.#tell(this.#rest.toString("utf8"));
		this.#rest = Buffer.alloc(0);
		this.#isLong = false;
	}

	#tell(line: string | undefined): void {
		if (line?.trim() === "") return;
		this.#onLine(line !== undefined && line.length > LONGEST_LINE ? undefined : line);
	}
}
