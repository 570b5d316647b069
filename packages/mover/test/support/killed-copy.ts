/** A copy in a process of its own, which SIGKILL ends at a moment of its steps: node killed-copy.ts < options */
import process from "node:process";
import { text } from "node:stream/consumers";
import type { Login } from "../../postgresql/connection.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { memorySteps } from "./memory-steps.ts";

/** What the process reads from its standard input, as JSON. */
export interface KilledCopyOptions {
	source: Login;
	target: Login;
	into: string;
	live: boolean;
	epoch: number;
	/** Number of the moment at which it ends; each step has three. */
	at: number;
	/** Or: this long after the rows have begun. */
	afterMs?: number;
}

if (import.meta.main) {
	const { source, target, into, live, epoch, at, afterMs } = JSON.parse(await text(process.stdin)) as KilledCopyOptions;
	let moments = 0;
	const steps = memorySteps({
		epoch,
		onMoment(moment, name) {
			if (afterMs !== undefined && moment === "begin" && name === "rows") {
				setTimeout(() => process.kill(process.pid, "SIGKILL"), afterMs);
			}
			moments += 1;
			if (moments === at) process.kill(process.pid, "SIGKILL");
		},
	});
	await copyDatabase({ source, target, into, steps, jobs: 2, live });
	process.stdout.write(`${moments}\n`);
}
