/** What the system refuses of a sandbox's folder, in words that say what to do. */
import process from "node:process";
import { inspect } from "node:util";

/** Of a folder that cannot be used, whichever file of it is in the way. */
const FOLDERS = new Set(["EACCES", "EPERM", "ENOTDIR", "EEXIST", "EROFS"]);

/** What an error says. @param dir folder of everything that the sandbox keeps */
export function describeFault(error: unknown, dir: string): string {
	if (!(error instanceof Error)) return String(error);
	const { code = "", path: place, syscall } = error as NodeJS.ErrnoException;
	if (code === "ENOSPC") {
		return `the disk of ${dir} is full (ENOSPC); make room there (df -h ${dir}), or set SANDBOX_DIR to a folder of another disk`;
	}
	const isFolders = FOLDERS.has(code) || (code === "ENOENT" && syscall === "mkdir");
	if (!isFolders || place === undefined) return error.message;
	return `${place} cannot be used (${code}); the sandbox keeps all in ${dir}, a folder that is to be this user's and have room: set SANDBOX_DIR to another one`;
}

/** Ends the process in such words where a full disk is met by a listener, which nobody can catch. Its children end with it. */
export function endWhereFull(dir: string): void {
	process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
		process.stderr.write(`${error.code === "ENOSPC" ? `sandbox: ${describeFault(error, dir)}` : inspect(error)}\n`);
		process.exit(1);
	});
}
