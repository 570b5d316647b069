/** Where the stage file of an adoption goes, and how its secrets get into it. */
import { spawn } from "node:child_process";
import { access, constants, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { faultInYaml, messageOf } from "../aptible/client/system-error.ts";
import { secretPath } from "./file.ts";
import type { Block } from "./notes.ts";

/** What `pulumi stack init` writes into a stage file: by which key its secrets are encrypted. */
const encryptionKeys = new Set(["encryptionsalt", "secretsprovider", "encryptedkey"]);

/**
 * What is to be kept of the file that the stage file goes to: nothing, or what `pulumi stack init` has written.
 *
 * @throws where there is more in it
 */
export async function readFormer(file: string): Promise<Block> {
	const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return "";
		throw new Error(messageOf(cause, file));
	});
	await access(dirname(file), constants.W_OK).catch((cause) => {
		throw new Error(messageOf(cause));
	});
	const former: unknown = readYaml(text, file);
	if (former === null) return {};
	if (typeof former === "object" && Object.keys(former).every((key) => encryptionKeys.has(key))) return former as Block;
	throw new Error(`"${file}" is there already, with a stage in it; name another file, or move it away.`);
}

/** @throws Error with the file and the line */
function readYaml(text: string, file: string): unknown {
	try {
		return parse(text);
	} catch (cause) {
		throw new Error(`"${file}" is there already, and is no YAML: ${faultInYaml(cause)}; name another file`);
	}
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
