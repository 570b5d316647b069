/** Failures of the system's calls in this program's words: which file, program or host it is, and what to do. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** What is wrong with a path, by the code of the failure. */
const FILE_FAULTS: Readonly<Record<string, (file: string) => string>> = {
	ENOENT: describeMissing,
	EACCES: (file) => `this user may not use ${file}; give it the right, which shows: ls -ld ${file}`,
	EPERM: (file) => `this user may not use ${file}; give it the right, which shows: ls -ld ${file}`,
	EISDIR: (file) => `${file} is a folder, and a file is wanted; name a file`,
	ENOTDIR: (file) => `a part of ${file} is a file, and a folder is wanted; name another path, or move that file away`,
	EEXIST: (file) => `${file} is there already; move it away, or name another one`,
	EDQUOT: (file) => `this user's share of the disk of ${file} is used up; make room: quota, df -h`,
	ENOSPC: (file) => `the disk of ${file} is full; make room: df -h`,
	EROFS: (file) => `${file} is on a disk that may only be read; name another path`,
	ELOOP: (file) => `${file} is a link that leads to itself; remove it`,
	ENAMETOOLONG: (file) => `the path ${file} is too long; name a shorter one`,
};

/** A file that is to be written is not there where its folder is not. */
function describeMissing(file: string): string {
	const folder = dirname(file);
	if (existsSync(folder)) return `${file} is not there; correct the path`;
	return `folder ${folder} is not there; correct the path, or make it`;
}

/** What is wrong with a host. */
const HOST_FAULTS: Readonly<Record<string, string>> = {
	ECONNREFUSED: "refuses the connection; is it the right address and port, and does its server run?",
	ECONNRESET: "has cut the connection; run it again, and look at its log",
	ETIMEDOUT: "does not answer; does a firewall stand between?",
	EHOSTUNREACH: "cannot be reached from this network; look at its routes and VPN",
	ENETUNREACH: "cannot be reached from this network; look at its routes and VPN",
	ENOTFOUND: "is a name without an address; correct it, or look at this machine's DNS",
	EAI_AGAIN: "cannot be looked up, as this machine's DNS does not answer; look at its network",
};

/** What a reader of YAML complains of, with line and column and without the text, in which a secret may stand. */
export function faultInYaml(error: unknown): string {
	const [first = ""] = messageOf(error).split("\n");
	return first.replace(/:$/, "");
}

type SystemError = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string; dest?: string };

/**
 * What an error says, in this program's words where Node or the system has made it.
 *
 * @param file path of the file that is used, which some failures do not name
 */
export function messageOf(error: unknown, file?: string): string {
	// Of several addresses of one name each has failed; Node says nothing of its own.
	if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0], file);
	if (!(error instanceof Error)) return String(error);
	const { code = "", syscall = "", path = file, address, port, hostname } = error as SystemError;
	if (syscall.startsWith("spawn") && code === "ENOENT") {
		return `the program ${path ?? syscall.slice("spawn ".length)} is not on PATH; install it, or add its folder to PATH`;
	}
	const host = hostname ?? address;
	if (host !== undefined && HOST_FAULTS[code] !== undefined) {
		return `${host}${port === undefined ? "" : `:${port}`} ${HOST_FAULTS[code]} (${code})`;
	}
	if (path !== undefined && syscall === "mkdir" && code === "ENOENT")
		return `${path} cannot be made; name another path`;
	// A file that is open is not named.
	if (path === undefined && code === "ENOSPC")
		return "a disk of this machine is full; make room: df -h; then run it again";
	// Node has a message of its own where a path is no text.
	if (path !== undefined && syscall !== "") return FILE_FAULTS[code]?.(path) ?? `${path}: ${error.message}`;
	return error.message;
}
