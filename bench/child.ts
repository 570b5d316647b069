/** A program that a bench runs to its end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";

/** @returns what it printed @throws where it ends with another code than 0 */
export async function runChild(
	program: string,
	args: readonly string[],
	env: Record<string, string> = {},
): Promise<string> {
	const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
	let said = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		said += text;
	});
	const [code] = await once(child, "close");
	if (code !== 0) throw new Error(`${program} ended with ${code}`);
	return said.trim();
}

/** Runs the mover's engine in a process of its own. @returns what it printed */
export function runEngine(act: "copy" | "verify" | "rehearse", ...args: readonly string[]): Promise<string> {
	const file = path.join(import.meta.dirname, "move-engine.ts");
	return runChild(process.execPath, ["--disable-warning=ExperimentalWarning", file, act, ...args]);
}
