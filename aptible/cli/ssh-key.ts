import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { AptibleError } from "../client/errors.ts";

const waitMs = 60_000;
/** Whoever holds the lock touches it this often; one that nobody has touched for a while was left by a process that was killed. */
const touchMs = 1000;
const staleLockMs = 5000;

/**
 * Makes the SSH key pair with which the CLI follows operation logs, where there is none yet.
 *
 * The CLI makes it on its first operation, and deletes and makes it again when it sees only one of the two files
 * (helpers/ssh.rb `ensure_key!`, aptible-cli 0.26.6). Pulumi runs several Commands at once, so on a fresh machine their
 * CLIs would pull the key from under each other. Here one process makes it, elsewhere, and moves it into place whole.
 *
 * @throws AptibleError when `ssh-keygen` is missing or fails.
 */
export async function ensureSshKey(): Promise<void> {
	const directory = join(process.env.APTIBLE_CONFIG_PATH ?? join(homedir(), ".aptible"), "ssh");
	const key = join(directory, "id_rsa");
	const complete = async () => (await exists(key)) && (await exists(`${key}.pub`));
	if (await complete()) return;
	await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
		throw notMade(directory, cause);
	});
	const lock = join(directory, "medstack-to-aptible.lock");
	const deadline = Date.now() + waitMs;
	while (!(await takeLock(lock))) {
		if (await complete()) return;
		if (Date.now() > deadline) {
			throw new AptibleError(
				`"${lock}" is held by another process for over ${waitMs / 1000} s. If none runs, remove it.`,
			);
		}
		await sleep(100);
	}
	const touch = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => undefined), touchMs);
	try {
		if (!(await complete())) await makeKey(directory, key);
	} finally {
		clearInterval(touch);
		await rm(lock, { recursive: true, force: true });
	}
}

async function makeKey(directory: string, key: string): Promise<void> {
	const workplace = await mkdtemp(join(directory, "new-")).catch((cause: unknown) => {
		throw notMade(directory, cause);
	});
	try {
		const made = join(workplace, "id_rsa");
		// The same kind of key as the CLI's own.
		await promisify(execFile)("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", made]);
		await rename(`${made}.pub`, `${key}.pub`);
		await rename(made, key);
	} catch (cause) {
		throw notMade(directory, cause);
	} finally {
		await rm(workplace, { recursive: true, force: true });
	}
}

/** A directory is the lock: making one either succeeds or fails, on every file system. */
async function takeLock(lock: string): Promise<boolean> {
	try {
		await mkdir(lock);
		return true;
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw notMade(dirname(lock), cause);
		const held = await stat(lock).catch(() => undefined);
		if (held !== undefined && Date.now() - held.mtimeMs > staleLockMs) await removeStale(lock, held.ino);
		return false;
	}
}

/** Moves it aside first, which one of several processes can do; should it be a new one by now, it goes back. */
async function removeStale(lock: string, ino: number): Promise<void> {
	const aside = `${lock}.${process.pid}`;
	try {
		await rename(lock, aside);
		if ((await stat(aside)).ino === ino) await rm(aside, { recursive: true, force: true });
		else await rename(aside, lock);
	} catch {
		// Another process was faster.
	}
}

function notMade(directory: string, cause: unknown): AptibleError {
	const { code, path, syscall = "", message } = cause as NodeJS.ErrnoException;
	const reason =
		code === "ENOENT" && syscall.startsWith("spawn")
			? "`ssh-keygen` is not on PATH; install OpenSSH's client"
			: code === "EACCES" || code === "EPERM" || code === "EROFS"
				? `"${path ?? directory}" cannot be written (${code}); make it writable, or set APTIBLE_CONFIG_PATH to a folder that is`
				: message;
	return new AptibleError(`no SSH key for the aptible CLI in "${directory}": ${reason}.`);
}

function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}
