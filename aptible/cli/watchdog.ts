import { type ChildProcess, spawn } from "node:child_process";

/** Reads the process id of the CLI, and then nothing more until this process is gone, or says that the CLI has ended. */
const script = 'read -r cli && { read -r _ || kill -s KILL -- "-$cli"; }';

/**
 * Starts a CLI that dies with this process. Whoever kills a Command (Pulumi's provider, when its engine is killed or the run is cancelled)
 * kills it alone: the CLI that it runs would live on, and send its request beside what the next run sends.
 *
 * @param start has the CLI lead a process group of its own (`detached`)
 */
export function startWatched<Cli extends ChildProcess>(start: () => Cli): Cli {
	// It is there before the CLI is, so that there is no moment for this process to die between the two.
	const watchdog = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
	watchdog.unref();
	for (const one of [watchdog, watchdog.stdin]) one.on("error", () => undefined);
	const cli = start();
	if (cli.pid === undefined) watchdog.stdin.end();
	else watchdog.stdin.write(`${cli.pid}\n`);
	return cli.on("exit", () => watchdog.stdin.end("\n"));
}
