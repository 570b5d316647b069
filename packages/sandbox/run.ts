import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { endWithThis } from "./watchdog.ts";

/** How to run a command. */
export interface RunOptions {
	cwd: string;
	env: Record<string, string>;
	/** Whether the command has the terminal: what it prints is then shown, not returned. */
	inherit: boolean;
}

/** How a command ended and what it printed. */
export interface Result {
	code: number;
	stdout: string;
	stderr: string;
}

/** Runs a command to its end, whatever its exit code; fails only if it cannot be started. */
export async function run(file: string, args: string[], options: RunOptions): Promise<Result> {
	const { cwd, env, inherit } = options;
	const child = spawn(file, args, { cwd, env, stdio: inherit ? "inherit" : ["ignore", "pipe", "pipe"] });
	endWithThis(child, "SIGTERM");
	const output = { stdout: "", stderr: "" };
	for (const stream of ["stdout", "stderr"] as const) {
		child[stream]?.setEncoding("utf8").on("data", (text: string) => {
			output[stream] += text;
		});
	}
	// Ctrl-C reaches a command that has the terminal by itself. What the sandbox serves must outlive its clean-up.
	const wait = () => {};
	const end = () => child.kill("SIGTERM");
	if (inherit) {
		process.on("SIGINT", wait).on("SIGTERM", end);
	}
	try {
		const code = await new Promise<number>((resolve, reject) => {
			child.on("error", reject);
			child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
		});
		return { code, ...output };
	} finally {
		process.off("SIGINT", wait).off("SIGTERM", end);
	}
}

/** The variables that are set, as a plain record. */
export function definedVariables(variables: NodeJS.ProcessEnv): Record<string, string> {
	const defined = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return Object.fromEntries(defined);
}
