/**
 * One act of the mover's engine in a process of its own. `copy` and `verify` print its peak memory in bytes; `rehearse` prints the
 * rehearsal as JSON.
 */
import process from "node:process";
import type { Rehearsal } from "../packages/mover/forecast.ts";
import { copyDatabase } from "../packages/mover/postgresql/copy.ts";
import { postgresql } from "../packages/mover/postgresql/engine.ts";
import { verify } from "../packages/mover/postgresql/verify.ts";
import type { StepName } from "../packages/mover/steps.ts";
import { memorySteps } from "../packages/mover/test/support/memory-steps.ts";
import { recordedSteps } from "../packages/mover/test/support/recorded-steps.ts";
import { cpuSeconds } from "./server-cpu.ts";

/** A rehearsal, and the CPU of all that took part in it, by step. */
export interface Rehearsed extends Rehearsal {
	cpuMs: Readonly<Partial<Record<StepName, number>>>;
}

const JOBS = 2;

const [act = "", source = "", target = "", into = "", ...servers] = process.argv.slice(2);
const both = { source: { url: source }, target: { url: target }, into, jobs: JOBS };
if (act === "rehearse") {
	console.log(JSON.stringify(await rehearse(servers.map(Number))));
} else if (act === "copy") {
	await copyDatabase({ ...both, steps: memorySteps(), live: false });
	console.log(process.resourceUsage().maxRSS * 1024);
} else {
	const { equal, differences } = await verify({ ...both, steps: memorySteps() });
	if (!equal) throw new Error(`the copy differs: ${JSON.stringify(differences).slice(0, 2_000)}`);
	console.log(process.resourceUsage().maxRSS * 1024);
}

/** Copies, proves and drops the copy, as the mover does of a source that is in use. */
async function rehearse(pids: readonly number[]): Promise<Rehearsed> {
	const cpuMs: Partial<Record<StepName, number>> = {};
	const read = () => cpuSeconds(pids, ["self", "children"]) * 1000;
	let [current, since]: [StepName | undefined, number] = [undefined, read()];
	/** What is done between two steps belongs to the first of them; they do not overlap. */
	const end = (next?: StepName) => {
		const now = read();
		if (current !== undefined) cpuMs[current] = (cpuMs[current] ?? 0) + now - since;
		[current, since] = [next, now];
	};
	const run = into.replace("move_", "r");
	const steps = recordedSteps(run, ({ step, state }) => {
		if (state === "begin" && step !== current) end(step);
	});
	const tables = (await postgresql.measure?.(both.source)) ?? {};
	const task = { ...both, steps, report: () => {} };
	const proof = await postgresql.copy({ ...task, live: true, replace: false });
	end();
	if (!proof.equal) throw new Error(`the copy differs: ${proof.differences.join("\n").slice(0, 2_000)}`);
	const lines = [...steps.lines];
	await postgresql.drop({ ...task, steps: memorySteps({ run }) });
	return { run, lines, tables, containerMb: undefined, cpuMs };
}
