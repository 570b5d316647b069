/** `npm run sandbox -- night`: a whole night on real servers, while clients keep writing and asking. */
import path from "node:path";
import process from "node:process";
import { usePart } from "../in-use.ts";
import type { MovePlace } from "../move.ts";
import { playNight, STACK } from "./play.ts";

/** @returns exit code: 1 where a step failed, a write or an object was lost, or a closed side took a write */
export async function runNight({ root, dir }: MovePlace, args: readonly string[]): Promise<number> {
	if (args.length > 0) {
		process.stderr.write(`night takes no arguments, and "${args.join(" ")}" was given\n`);
		return 2;
	}
	const started = performance.now();
	const print = (text: string) => void process.stdout.write(`${text}\n`);
	const say = (line: string) => print(`[${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s] ${line}`);
	const gone = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(signal, () => {
			if (!gone.signal.aborted) say("ends; this takes some seconds");
			gone.abort();
		});
	}
	const folder = path.join(dir, "night");
	const release = await usePart(dir, "night");
	try {
		const { verdict, report } = await playNight({ root, folder, say, signal: gone.signal });
		say("the night is over:");
		for (const line of verdict.lines) print(`  ${line}`);
		print(`
To look:
  ${report}     the report for an audit
  ${path.join(folder, "commands.log")}     what each command said
  ${path.join(folder, ".move", `${STACK}.jsonl`)}     the journal`);
		const { lost, onClosedSide, contradicted } = verdict.writes;
		const wrong = [...lost, ...onClosedSide, ...contradicted, ...verdict.differingObjects];
		return wrong.length === 0 ? 0 : 1;
	} catch (error) {
		if (!gone.signal.aborted) throw error;
		return 130;
	} finally {
		release();
	}
}
