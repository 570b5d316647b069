/** Where the stage file of an adoption goes, and how its secrets get into it. */
import { spawn } from "node:child_process";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { secretPath } from "../stage-file/file.ts";

/** The stack whose stage file Pulumi looks for under this name. */
export function findStack(file: string): string | undefined {
	return /^Pulumi\.(.+)\.yaml$/.exec(basename(file))?.[1];
}

/** What names a stage to `pulumi`: the stack, and the file where Pulumi would look for another one. */
export function stackOptions(stack: string, file: string): string {
	const isFound = resolve(file) === resolve(`Pulumi.${stack}.yaml`);
	return `--stack ${stack}${isFound ? "" : ` --config-file ${file}`}`;
}

/** Writes the stage file, with these secrets encrypted into it; where one cannot be, nothing is written. */
export async function writeStageFile(
	file: string,
	text: string,
	{ stack, secrets }: { stack: string; secrets: readonly (readonly [name: string, value: string])[] },
): Promise<void> {
	const partial = join(dirname(file), `.${process.pid}-${basename(file)}`);
	try {
		await writeFile(partial, text, { flag: "wx" });
		for (const [name, value] of secrets) await encryptSecret(name, value, stack, partial);
		await rename(partial, file);
	} finally {
		await rm(partial, { force: true });
	}
}

/** The value goes in on stdin: arguments are for everybody on the machine to see. */
async function encryptSecret(name: string, value: string, stack: string, file: string): Promise<void> {
	const args = ["config", "set", "--secret", "--path", secretPath(name), "--stack", stack, "--config-file", file];
	const child = spawn("pulumi", [...args, "--non-interactive"], { stdio: ["pipe", "ignore", "pipe"] });
	let complaint = "";
	child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
		complaint += chunk;
	});
	child.stdin.on("error", () => {});
	// Pulumi takes one line feed away from the end.
	child.stdin.end(`${value}\n`);
	const code = await new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", resolve);
	});
	if (code === 0) return;
	const fix = complaint.includes("no stack named") ? `\nMake the stack first: pulumi stack init ${stack}` : "";
	throw new Error(`secret "${name}" could not be encrypted: ${complaint.trim()}${fix}`);
}
