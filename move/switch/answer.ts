/** The questions of a step, on a terminal. */
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { MovePhase } from "../../wire/move.ts";

/** Whether somebody can be asked. */
export function hasTerminal(): boolean {
	return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/**
 * How the question of a switch is answered: an empty answer where Ctrl-C or Ctrl-D is one.
 *
 * @param isSure whether it is answered with the phase, and nobody is asked
 * @param isTerminal @default whether this process has one
 * @throws where there is nobody to answer it
 */
export function answering(
	to: MovePhase,
	isSure: boolean,
	isTerminal = hasTerminal(),
): (question: string) => Promise<string> {
	if (isSure) return async () => to;
	return asking(false, `npm run move -- switch ${to} --yes --stack STACK`, isTerminal);
}

/**
 * How questions are asked that `--yes` does not answer.
 *
 * @param isSure whether the first of them is answered without a terminal; the others get an empty answer there
 * @param command that says so
 * @throws where there is nobody to answer
 */
export function asking(
	isSure: boolean,
	command: string,
	isTerminal = hasTerminal(),
): (question: string) => Promise<string> {
	if (!isTerminal) {
		if (isSure) return async () => "";
		const [step] = /(?<=-- )\S+/.exec(command) ?? [];
		throw new Error(
			`${step} asks before it ${step === "switch" ? "updates" : "begins"}, and there is no terminal to answer on; where it is meant: ${command}`,
		);
	}
	return askOnTerminal;
}

/** @returns an empty answer where Ctrl-C or Ctrl-D is one */
async function askOnTerminal(question: string): Promise<string> {
	return (await askOrLeave(question)) ?? "";
}

/** What was typed before a question was shown is not meant for it. */
export async function discardTyped(input: NodeJS.ReadableStream, quietMs = 50): Promise<void> {
	let last = Date.now();
	const drop = () => {
		last = Date.now();
	};
	input.on("data", drop);
	input.resume();
	try {
		while (Date.now() - last < quietMs) await sleep(quietMs);
	} finally {
		input.off("data", drop);
		input.pause();
	}
}

/** @returns what was typed; undefined where Ctrl-C or Ctrl-D is the answer */
export async function askOrLeave(question: string): Promise<string | undefined> {
	const terminal = createInterface({ input: process.stdin, output: process.stdout });
	const gone = new AbortController();
	terminal.on("SIGINT", () => gone.abort()).on("close", () => gone.abort());
	try {
		return await terminal.question(question, { signal: gone.signal });
	} catch {
		return undefined;
	} finally {
		terminal.close();
	}
}

/** What is typed to go on though a former TTL is not known. */
const UNKNOWN = "unknown";

/**
 * Has a person say that what is not known of the domains' TTLs is no reason to wait: `--yes` does not.
 *
 * @param lines what is not known; none with `--ttl-passed`
 * @returns whether it goes on
 */
export async function agreeToUnknown(
	lines: readonly string[],
	{ ask, tell }: { ask(question: string): Promise<string>; tell(line: string): void },
): Promise<boolean> {
	for (const line of lines) tell(line);
	if (lines.length === 0) return true;
	const answer = await ask(`Where no longer TTL was there within its own length, type ${UNKNOWN}: `);
	if (answer.trim() === UNKNOWN) return true;
	tell(
		`not answered with ${UNKNOWN}; nothing is changed. Where it is known otherwise: npm run move -- switch live --ttl-passed --stack STACK`,
	);
	return false;
}
