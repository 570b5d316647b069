import { spawn } from "node:child_process";
import type { Execute } from "../client/execute.ts";
import { startWatched } from "./watchdog.ts";

/** How long the pipes of a CLI that has ended may stay open: whatever it started may hold them for ever. */
const pipesMs = 5_000;

/** Runs `aptible` in a process group of its own, so that the `ssh` which it starts, and which holds its pipes, can be killed with it. */
export const executeAptible: Execute = (argv, { timeoutMs, signal, env, onStdout }) =>
	new Promise((resolve, reject) => {
		const child = startWatched(() =>
			spawn("aptible", argv, { env, stdio: ["ignore", "pipe", "pipe"], detached: true }),
		);
		const { pid } = child;
		let timedOut = false;
		let stdout = "";
		let stderr = "";
		const giveUp = () => {
			if (pid !== undefined) kill(pid);
			child.stdout.destroy();
			child.stderr.destroy();
		};
		const abort = () => {
			giveUp();
			reject(signal?.reason);
		};
		const timer = setTimeout(() => {
			timedOut = true;
			giveUp();
		}, timeoutMs);
		let pipesTimer: NodeJS.Timeout | undefined;
		const settle = () => {
			clearTimeout(timer);
			clearTimeout(pipesTimer);
			signal?.removeEventListener("abort", abort);
		};
		signal?.addEventListener("abort", abort, { once: true });
		child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
			stdout += chunk;
			onStdout(chunk);
		});
		child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
			stderr += chunk;
		});
		child.on("error", (cause) => {
			settle();
			reject(cause);
		});
		child.on("exit", () => {
			pipesTimer = setTimeout(giveUp, pipesMs);
		});
		child.on("close", (code, killedBy) => {
			settle();
			resolve({ code, signal: killedBy, timedOut, stdout, stderr });
		});
	});

function kill(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// All of it has ended by itself.
	}
}
