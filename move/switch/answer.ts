/** The question before an update, on a terminal. */
import { createInterface } from "node:readline/promises";
import type { MovePhase } from "../../wire/move.ts";

/**
 * How the question is answered: an empty answer where Ctrl-C or Ctrl-D is one.
 *
 * @param isSure whether it is answered with the phase, and nobody is asked
 * @param isTerminal @default whether this process has one
 * @throws where there is nobody to answer it
 */
export function answering(
	to: MovePhase,
	isSure: boolean,
	isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true,
): (question: string) => Promise<string> {
	if (isSure) return async () => to;
	if (!isTerminal) {
		throw new Error(
			`switch asks before it updates, and there is no terminal to answer on; where it is meant: npm run move -- switch ${to} --yes --stack STACK`,
		);
	}
	return async (question) => {
		const terminal = createInterface({ input: process.stdin, output: process.stdout });
		const gone = new AbortController();
		terminal.on("SIGINT", () => gone.abort()).on("close", () => gone.abort());
		try {
			return await terminal.question(question, { signal: gone.signal });
		} catch {
			return "";
		} finally {
			terminal.close();
		}
	};
}
