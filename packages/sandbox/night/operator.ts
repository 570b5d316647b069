/** The person of a night: runs the product's commands one after the other, and does what they ask for. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithThis } from "../watchdog.ts";

export interface OperatorSetup {
	/** Checkout. */
	root: string;
	/** Variables of each command. */
	env: Readonly<Record<string, string>>;
	/** What each command is given after its own words. */
	stage: readonly string[];
	/** Gets all that the commands print. */
	logFile: string;
	/** Sees each line of a command while it runs. */
	onLine?: (line: string) => void;
	/** Ends the command that runs, and the night with it. */
	signal: AbortSignal;
}

/** A step that has ended. */
export interface Played {
	step: string;
	/** Exit code; null where a signal ended it. */
	code: number | null;
	from: Date;
	until: Date;
	output: string;
}

/** From the first signal to one that nobody outlives, in milliseconds. */
const GRACE_MS = 15_000;

export class Operator {
	readonly #setup: OperatorSetup;

	constructor(setup: OperatorSetup) {
		this.#setup = setup;
	}

	/** Runs `npm run move -- STEP` as a person does. @throws with the end of its output where its exit code is not 0 */
	async run(...words: string[]): Promise<Played> {
		const played = await this.attempt(...words);
		const { step, code, output } = played;
		if (code === 0) return played;
		const { logFile } = this.#setup;
		throw new Error(`${step} has ended with ${code}; all of it is in ${logFile}:\n${output.slice(-2_000).trim()}`);
	}

	/** Runs it, however it ends. */
	async attempt(...words: string[]): Promise<Played> {
		const { root, env, stage, logFile, onLine, signal } = this.#setup;
		signal.throwIfAborted();
		const step = words.join(" ");
		const from = new Date();
		appendFileSync(logFile, `\n$ npm run move -- ${step}\n`);
		// A group of its own, so that whatever it starts ends with it.
		const child = spawn(process.execPath, [path.join(root, "move/main.ts"), ...words, ...stage], {
			cwd: root,
			env,
			stdio: ["ignore", "pipe", "pipe"],
			detached: true,
		});
		endWithThis(child, "SIGINT", { isGroup: true });
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			let rest = "";
			stream.setEncoding("utf8").on("data", (text: string) => {
				output += text;
				appendFileSync(logFile, text);
				const lines = `${rest}${text}`.split("\n");
				rest = lines.pop() ?? "";
				for (const line of lines) onLine?.(line);
			});
		}
		const code = await ended(child, signal);
		signal.throwIfAborted();
		return { step, code, from, until: new Date(), output };
	}
}

/** Waits for a command's end, which an abort hastens. @returns its exit code */
async function ended(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
	const kill = (how: NodeJS.Signals) => {
		try {
			process.kill(-(child.pid ?? 0), how);
		} catch {
			// It has ended.
		}
	};
	const grace = new AbortController();
	const end = () => {
		kill("SIGINT");
		sleep(GRACE_MS, undefined, { signal: grace.signal }).then(
			() => kill("SIGKILL"),
			() => {},
		);
	};
	signal.addEventListener("abort", end, { once: true });
	try {
		return await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
	} finally {
		signal.removeEventListener("abort", end);
		grace.abort();
	}
}
