/** The mover, with the tests' own engine or the real one, as a process that a test may kill: at a line of its journal, or at any time. */
import process from "node:process";
import { readConfiguration } from "../../configuration.ts";
import type { Engine } from "../../engine.ts";
import { Mask } from "../../mask.ts";
import { runMover } from "../../mover.ts";
import { rowEngine } from "./row-engine.ts";

const { KILL_AT, KILL_AT_LINE, PART_MS, FAILING_SWAP, REFUSED_FREEZE, UNTOLD, REAL_ENGINE } = process.env;
const engine =
	REAL_ENGINE === undefined
		? rowEngine({
				partMs: Number(PART_MS ?? 0),
				untold: UNTOLD !== undefined,
				...(REFUSED_FREEZE === undefined ? {} : { refusedFreeze: REFUSED_FREEZE }),
				...(FAILING_SWAP === undefined ? {} : { failingSwap: FAILING_SWAP }),
			})
		: // Loaded where it is used: each of the tests' movers is a process.
			withoutWaits((await import("../../postgresql/engine.ts")).postgresql);

/** A freeze with short pauses, but for those that were handed over. */
function withoutWaits(real: Engine): Engine {
	return {
		...real,
		freeze: (task) => real.freeze({ ...task, pauses: { againMs: 100, silenceMs: 100, ...task.pauses } }),
	};
}

let lines = 0;
const ended = new AbortController();
process.on("SIGTERM", () => ended.abort(new Error("SIGTERM")));
const mask = new Mask();
const configuration = readConfiguration(process.env, mask);
await runMover({
	configuration,
	engines: { postgresql: engine, mysql: engine, redis: engine },
	signal: ended.signal,
	pollMs: 100,
	report: (line) => {
		process.stdout.write(`${mask.apply(line)}\n`);
		if (!line.startsWith("journal ")) return;
		lines += 1;
		if (String(lines) === KILL_AT_LINE || (KILL_AT !== undefined && line.endsWith(KILL_AT)))
			process.kill(process.pid, "SIGKILL");
	},
});
