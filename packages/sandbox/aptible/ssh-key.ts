import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Crash } from "./errors.ts";

/** How long the emulated `ssh-keygen` runs: the window in which two first calls get in each other's way. */
const KEYGEN_MS = 120;

const WHERE = "helpers/ssh.rb:116:in `ensure_key!'";

/**
 * Makes sure of the key for the log stream the way the CLI does: it looks for both files, deletes what there is if one is
 * missing, and generates in place, with no lock against others who do the same.
 */
export async function ensureKey(configPath: string, keygenMs = KEYGEN_MS): Promise<void> {
	const dir = join(configPath, "ssh");
	const key = join(dir, "id_rsa");
	const files = [key, `${key}.pub`];
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	if (!existsSync(join(dir, "config"))) writeFileSync(join(dir, "config"), "", { mode: 0o600 });
	if (files.every((file) => existsSync(file))) return;
	for (const file of files) rmSync(file, { force: true });
	await generate(key, keygenMs);
	if (!files.every((file) => existsSync(file))) throw failed(`Load key "${key}": No such file or directory`);
}

async function generate(key: string, keygenMs: number): Promise<void> {
	if (existsSync(key)) throw overwrite(key);
	await sleep(keygenMs);
	writeNew(key, "-----BEGIN SANDBOX PRIVATE KEY-----\n");
	await sleep(keygenMs / 4);
	if (!existsSync(key)) throw failed(`${key}: No such file or directory`);
	writeNew(`${key}.pub`, "ssh-rsa sandbox\n");
}

function writeNew(file: string, text: string): void {
	try {
		const handle = openSync(file, "wx", 0o600);
		writeSync(handle, text);
		closeSync(handle);
	} catch {
		throw overwrite(file);
	}
}

function overwrite(file: string): Crash {
	return failed(`Generating public/private rsa key pair.\n${file} already exists.\nOverwrite (y/n)? `);
}

function failed(output: string): Crash {
	return new Crash(WHERE, `Failed to generate ssh key: ${output}`, "RuntimeError");
}
