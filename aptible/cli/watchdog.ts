import { type ChildProcess, spawn } from "node:child_process";

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
}
