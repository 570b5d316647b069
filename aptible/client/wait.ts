import { setTimeout as sleep } from "node:timers/promises";

/** How long waits for Aptible are. */
export interface Waits {
	/** A wait for an operation ends after this long. Longer than anything that Aptible documents but replicas. */
	operationMs: number;
	/** So long may a list go without what was sent a moment ago. */
	lagMs: number;
	/** The first pause; each is twice the one before, up to the longest. */
	firstPauseMs: number;
}

export const defaultWaits: Waits = { operationMs: 90 * 60_000, lagMs: 10_000, firstPauseMs: 250 };

const longestPauseMs = 5_000;
/** A line of progress at least this often. */
export const heartbeatMs = 15_000;

/** One wait, as a whole by the clock, with a line of progress when it begins, when its reason changes, and every so often. */
export class Wait {
	readonly #started = Date.now();
	readonly #firstPauseMs: number;
	readonly #progress: (text: string) => void;
	#partPausedMs = 0;
	#pauseMs: number;
	#told: { text: string; at: number } | undefined;

	constructor(firstPauseMs: number, progress: (text: string) => void) {
		this.#firstPauseMs = firstPauseMs;
		this.#pauseMs = firstPauseMs;
		this.#progress = progress;
	}

	/** Milliseconds since it began. */
	get takenMs(): number {
		return Date.now() - this.#started;
	}

	/** Begins its next part: it is asked often again, and its whole time goes on. */
	beginPart(): void {
		this.#partPausedMs = 0;
		this.#pauseMs = this.#firstPauseMs;
	}

	/** Whether this part of it has paused so long: a few slow reads are not enough to say that a list shows no more. */
	hasPartPaused(ms: number): boolean {
		return this.#partPausedMs >= ms;
	}

	/** Pauses, and tells what is waited for. */
	async pause(text: string): Promise<void> {
		if (this.#told?.text !== text) {
			this.#tell(text, `${text}...`);
		} else if (Date.now() - this.#told.at >= heartbeatMs) {
			this.#tell(text, `${text}: ${Math.round(this.takenMs / 1000)} s`);
		}
		await sleep(this.#pauseMs);
		this.#partPausedMs += this.#pauseMs;
		this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
	}

	#tell(text: string, line: string): void {
		this.#told = { text, at: Date.now() };
		this.#progress(line);
	}
}
