import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";

/** What the SDK's install reads first. */
const INSTALL_SCRIPT = "https://get.pulumi.com/install.sh";

/** How long the server may take to answer: what a first run loses where it is out of reach. */
const CONTACT_TIMEOUT_MS = 8_000;

/** How long the release itself, some 200 MB, may take. */
const TRANSFER_TIMEOUT_MS = 240_000;

/**
 * Has the SDK install the released CLI of its own version. It comes to a temporary name and is renamed, so the folder
 * is either whole or not there.
 *
 * @returns why there is no download, in a few words; nothing when there is
 */
export async function downloadEngine(folder: string): Promise<string | undefined> {
	try {
		await fetch(INSTALL_SCRIPT, { method: "HEAD", signal: AbortSignal.timeout(CONTACT_TIMEOUT_MS) });
	} catch {
		return "no download server in reach";
	}
	await mkdir(path.dirname(folder), { recursive: true });
	const partial = await mkdtemp(`${folder}-`);
	try {
		const failure = await runInstaller(partial);
		if (failure === undefined) {
			await rename(partial, folder);
		}
		return failure;
	} finally {
		await rm(partial, { recursive: true, force: true });
	}
}

function runInstaller(folder: string): Promise<string | undefined> {
	const child = spawn(process.execPath, [path.join(import.meta.dirname, "install-released.ts"), folder], {
		// A group of its own: the SDK's install has children that would outlive it, and no way to stop it.
		detached: true,
		stdio: ["ignore", "ignore", "pipe"],
	});
	let message = "";
	let timedOut = false;
	const timer = setTimeout(() => {
		timedOut = true;
		process.kill(-(child.pid ?? 0), "SIGKILL");
	}, TRANSFER_TIMEOUT_MS);
	child.stderr.on("data", (chunk: Buffer) => {
		message += chunk.toString();
	});
	return new Promise<string | undefined>((resolve) => {
		child.on("error", (error) => resolve(error.message));
		child.on("close", (code) => {
			const reason = timedOut ? "the download took too long" : message.trim().split("\n", 1)[0];
			resolve(code === 0 ? undefined : reason || `the installer ended with ${code}`);
		});
	}).finally(() => clearTimeout(timer));
}
