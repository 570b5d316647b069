/** The longest line that the released provider can show; at a longer one its reader stops. */
const LONGEST_LINE_BYTES = 64 * 1024 - 1;

/** Cuts a stream of output into lines. */
export class LineReader {
	readonly #onLine: (line: string) => void;
	#rest = Buffer.alloc(0);

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine;
	}

	/** Takes the next piece of output; false once a line is longer than the released provider can read. */
	write(chunk: Buffer): boolean {
		this.#rest = Buffer.concat([this.#rest, chunk]);
		for (let at = this.#rest.indexOf("\n"); at !== -1 && at <= LONGEST_LINE_BYTES; at = this.#rest.indexOf("\n")) {
			this.#emit(this.#rest.subarray(0, at));
			this.#rest = this.#rest.subarray(at + 1);
		}
		return this.#rest.length <= LONGEST_LINE_BYTES;
	}

	/** Takes what is left as the last line. */
	end(): void {
		if (this.#rest.length > 0) {
			this.#emit(this.#rest);
		}
	}

	#emit(line: Buffer): void {
		this.#onLine(line.toString().replace(/\r$/, ""));
	}
}
