/**
 * `npm run move -- STEP --stack STACK`: plans the move; tells the mover in MedStack's cluster what to do, through a tunnel to the target,
 * and shows how it goes on. See docs/move.md.
 *
 * Exit code 0: done. 1: blockers, differences, a failure, or gone away before the end. 2: wrong arguments. 3: `plan` has found no blocker, and
 * could not look at everything.
 */
import process from "node:process";
import { runCommand } from "./command.ts";

process.exitCode = await runCommand(process.argv.slice(2), {
	isTerminal: process.stdout.isTTY === true,
	get columns() {
		// A terminal that does not know says 0.
		return process.stdout.columns || 80;
	},
	write: (text) => void process.stdout.write(text),
	complain: (text) => void process.stderr.write(text),
	untilGone() {
		const gone = new AbortController();
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => gone.abort());
		return gone.signal;
	},
});
