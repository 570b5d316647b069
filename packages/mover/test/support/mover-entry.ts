/** The mover with the tests' own engine, as a process that a test may kill: at a line of its journal, or at any time. */
import process from "node:process";
import { readConfiguration } from "../../configuration.ts";
import { Mask } from "../../mask.ts";
import { runMover } from "../../mover.ts";
import { rowEngine } from "./row-engine.ts";

const { KILL_AT_LINE, PART_MS, FAILING_SWAP } = process.env;
const engine = rowEngine({
	partMs: Number(PART_MS ?? 0),
	...(FAILING_SWAP === undefined ? {} : { failingSwap: FAILING_SWAP }),
});
let lines = 0;
const ended = new AbortController();
process.on("SIGTERM", () => ended.abort(new Error("SIGTERM")));
const mask = new Mask();
const configuration = readConfiguration(process.env, mask);
await runMover({
	configuration,
	engines: { postgresql: engine },
	signal: ended.signal,
	pollMs: 50,
	report: (line) => {
		process.stdout.write(`${mask.apply(line)}\n`);
		if (!line.startsWith("journal ")) return;
		lines += 1;
		if (String(lines) === KILL_AT_LINE) process.kill(process.pid, "SIGKILL");
	},
});
