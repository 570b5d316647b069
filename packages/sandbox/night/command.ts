/** `npm run sandbox -- night`: a whole night on real servers, while clients keep writing and asking. */
import path from "node:path";
import process from "node:process";
import { usePart } from "../in-use.ts";
import type { MovePlace } from "../move.ts";
import { type Boundary, boundaries, playBack } from "./back.ts";
import { playNight } from "./play.ts";
import { STACK } from "./steps.ts";

/** @returns exit code: 1 where a step failed, a write or an object was lost, or a closed side took a write */
export async function runNight({ root, dir }: MovePlace, args: readonly string[]): Promise<number> {
	const from = readBoundary(args);
	if (from instanceof Error) {
		process.stderr.write(`${from.message}\n`);
		return 2;
	}
	const started = performance.now();
	const print = (text: string) => void process.stdout.write(`${text}\n`);
	const say = (line: string) => print(stampLine(line, started));
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
		const setup = { root, folder, say, signal: gone.signal };
		if (from !== undefined) {
			const { lines, wrong } = await playBack(setup, from);
			say(`the way back from ${from} is over:`);
			for (const line of lines) print(`  ${line}`);
			sayWhere();
			return wrong.length === 0 ? 0 : 1;
		}
		const { verdict, report } = await playNight(setup);
		say("the night is over:");
		for (const line of verdict.lines) print(`  ${line}`);
		sayWhere(`  ${report}     the report for an audit\n`);
		const { lost, onClosedSide, contradicted } = verdict.writes;
		const wrong = [...lost, ...onClosedSide, ...contradicted, ...verdict.differingObjects];
		return wrong.length === 0 ? 0 : 1;
	} catch (error) {
		if (!gone.signal.aborted) throw error;
		return 130;
	} finally {
		release();
	}

	function sayWhere(more = ""): void {
		print(`
To look:
${more}  ${path.join(folder, "commands.log")}     what each command said
  ${path.join(folder, ".move", `${STACK}.jsonl`)}     the journal`);
	}
}

/** A line with the seconds since a moment of `performance.now()`. */
export function stampLine(line: string, started: number): string {
	return `[${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s] ${line}`;
}

/** @returns undefined where the night goes on to its end; an error that says what is allowed */
function readBoundary([option, value, ...rest]: readonly string[]): Boundary | undefined | Error {
	if (option === undefined) return undefined;
	const found = boundaries.find((boundary) => boundary === value);
	if (option === "--back-from" && found !== undefined && rest.length === 0) return found;
	const given = [option, value, ...rest].filter((word) => word !== undefined).join(" ");
	return new Error(
		`night takes nothing or --back-from with one of ${boundaries.join(", ")}, and "${given}" was given, as in: npm run sandbox -- night --back-from live`,
	);
}
