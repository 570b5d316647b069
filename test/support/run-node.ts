import { join } from "node:path";
import { type Result, run } from "@medstack-to-aptible/sandbox/run.ts";

const root = join(import.meta.dirname, "../..");

/** Runs a file of this repo to its end, as its npm script would. */
export function runNode(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Result> {
	return run(process.execPath, [file, ...args], { cwd: root, env: { ...env }, inherit: false });
}
