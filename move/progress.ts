/** How a run goes on, for a person: a bar that stays in its line on a terminal, plain lines elsewhere. */
import type { Heartbeat } from "../packages/mover/journal/heartbeat.ts";
import type { Remaining } from "./forecast.ts";

/** Where progress is written. */
export interface Output {
	isTerminal: boolean;
	/** Characters in a line of the terminal, which a person may change meanwhile. */
	readonly columns: number;
	write: (text: string) => void;
}

/** What one look found. */
export interface Look {
	heartbeat: Heartbeat | undefined;
	/** Parts that the run is known to have: of the last one of its kind. */
	partsExpected: number | undefined;
	/** By the forecast, where there is a rehearsal. */
	remaining?: Remaining | undefined;
	/** Seconds since the work was taken up. */
	seconds: number;
}

const BAR = 24;
/** A mover whose lease has ended may be gone once it is silent for longer. */
const SILENT_SECONDS = 60;

/** Whether nobody can be waited for: no mover was there, or the last one has let its lease end. */
export function isSilent(heartbeat: Pick<Heartbeat, "age" | "isHeld"> | undefined): boolean {
	return heartbeat === undefined || (!heartbeat.isHeld && heartbeat.age > SILENT_SECONDS);
}

/** A number of bytes as people say it. */
export function sayBytes(bytes: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let value = bytes;
	let unit = 0;
	for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
	return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

export function sayTime(seconds: number): string {
	const whole = Math.round(seconds);
	const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	if (hours > 0) return `${hours} h ${minutes} min`;
	return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** One line about where the work stands. */
export function describeLook({ heartbeat, partsExpected, remaining, seconds }: Look): string {
	if (heartbeat === undefined) return "no mover has been there yet";
	if (isSilent(heartbeat)) return `no mover has been heard for ${sayTime(heartbeat.age)}`;
	const { state, run, database, step, parts, rows, bytes } = heartbeat.progress;
	if (run === undefined) return `the mover is ${state}`;
	const byParts = partsExpected === undefined ? undefined : parts / Math.max(partsExpected, 1);
	const part = remaining?.share ?? byParts;
	const share = part === undefined ? undefined : Math.min(part, 0.99);
	const bar =
		share === undefined
			? undefined
			: `[${"#".repeat(Math.round(share * BAR)).padEnd(BAR, ".")}] ${Math.floor(share * 100)} %`;
	const rate = bytes > 0 && seconds > 1 ? `${sayBytes(bytes / seconds)}/s` : undefined;
	const left =
		remaining !== undefined
			? `${sayTime(remaining.secondsLeft.least)} to ${sayTime(remaining.secondsLeft.most)} left`
			: share !== undefined && share > 0.05
				? `about ${sayTime((seconds / share) * (1 - share))} left`
				: undefined;
	return [
		bar,
		`${run}${database === undefined ? "" : ` ${database}`}${step === undefined ? "" : `: ${step}`}`,
		state === "paused" ? "paused" : undefined,
		`${parts} parts`,
		rows > 0 ? `${rows} rows` : undefined,
		bytes > 0 ? sayBytes(bytes) : undefined,
		rate,
		left,
	]
		.filter((part) => part !== undefined)
		.join(", ");
}

/** A line that takes one row of the terminal: first without its bar, as the time that is left stands at the end. */
function fit(line: string, columns: number): string {
	const most = columns - 1;
	return (line.length > most ? line.replace(/^\[[#.]+\] /, "") : line).slice(0, most);
}

/** Elsewhere than on a terminal, a line that says the same as before is written this seldom. */
const REPEAT_MS = 30_000;

export class ProgressView {
	readonly #output: Output;
	#isOpen = false;
	#last = "";
	#lastAt = 0;

	constructor(output: Output) {
		this.#output = output;
	}

	/** Shows where the work stands. */
	show(line: string): void {
		if (this.#output.isTerminal) {
			this.#output.write(`\r${fit(line, this.#output.columns)}\u001b[K`);
			this.#isOpen = true;
			return;
		}
		const now = Date.now();
		const kind = line.replaceAll(/\d+/g, "");
		if (kind === this.#last && now - this.#lastAt < REPEAT_MS) return;
		[this.#last, this.#lastAt] = [kind, now];
		this.#output.write(`${line}\n`);
	}

	/** Writes a line that stays. */
	line(text: string): void {
		this.#output.write(this.#isOpen ? `\r\u001b[K${text}\n` : `${text}\n`);
		this.#isOpen = false;
	}

	end(): void {
		if (this.#isOpen) this.#output.write("\n");
		this.#isOpen = false;
	}
}
