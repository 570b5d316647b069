import { type ChildProcess, spawn } from "node:child_process";

<<<<<<< HEAD
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
=======
/**
 * Ends a CLI when this process dies. Whoever kills a Command (Pulumi's provider, when its engine is killed or the run is cancelled) kills
 * it alone: the CLI that it runs would live on, and send its request beside what the next run sends.
 *
 * A shell waits for the end of its input, which comes when this process is gone, whatever ended it.
 *
 * @param cli leads a process group of its own (`detached`)
 * @returns what calls the watchdog off, to be called as soon as the CLI has ended
 */
export function watch({ pid }: ChildProcess): () => void {
	if (pid === undefined) return () => undefined;
	const watchdog = spawn("/bin/sh", ["-c", `read -r _ || kill -s KILL -- -${pid}`], {
		detached: true,
		stdio: ["pipe", "ignore", "ignore"],
	});
	watchdog.unref();
	for (const one of [watchdog, watchdog.stdin]) one.on("error", () => undefined);
	return () => void watchdog.stdin.end("\n");
>>>>>>> 68d40ba (Let no CLI outlive the Command that runs it, and kill as the released provider does)
}
