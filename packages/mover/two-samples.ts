/** The proof of silence by two samples: the wait between them, and what it has found. */
import { setTimeout as sleep } from "node:timers/promises";
import { type FreezeTask, SILENCE_MS } from "./engine.ts";
import type { Finding } from "./findings.ts";

/** @returns for how long it has waited, in milliseconds */
export async function waitBetweenSamples({ steps, report, pauses = {} }: FreezeTask): Promise<number> {
	const ms = pauses.silenceMs ?? SILENCE_MS;
	report(`two samples of the source, ${ms / 1000} s apart: nobody may write between them`);
	await sleep(ms, undefined, { signal: steps.signal });
	return ms;
}

/** @param lines what was written between them */
export function writesFound(lines: readonly string[]): Finding[] {
	return lines.map((line) => ({ trap: "freeze-writes", severity: "blocker", line: `not silent: ${line}` }));
}
