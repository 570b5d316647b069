/** PostgreSQL's own programs as children: what they are told, and what of their words may be said on. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { type Login, libpqVariables, type SessionOptions } from "./connection.ts";
import { withoutValues } from "./messages.ts";

/** A folder that this user alone may read: certificates of authorities, definitions, scripts. No rows and no passwords. */
export class Workspace {
	readonly folder = mkdtempSync(path.join(os.tmpdir(), "mover-"));
	#files = 0;

	/** Writes a file and gives its path. */
	write(name: string, text: string): string {
		const file = this.path(name);
		writeFileSync(file, text, { mode: 0o600 });
		return file;
	}

	/** A path that nothing else has. */
	path(name: string): string {
		this.#files += 1;
		return path.join(this.folder, `${this.#files}-${name}`);
	}

	remove(file: string): void {
		rmSync(file, { force: true });
	}

	/** A child's whole environment: nothing of this process's own goes to it but PATH. */
	environment(login: Login, options: SessionOptions = {}): Record<string, string> {
		const ca = login.ca === undefined ? undefined : this.#caFile(login.ca);
		return {
			PATH: process.env.PATH ?? "",
			LC_ALL: "C",
			// No .pgpass, .psqlrc or certificates of whoever runs this.
			HOME: this.folder,
			...libpqVariables(login, options, ca),
		};
	}

	#caFile(pem: string): string {
		const known = this.#caFiles.get(pem);
		if (known !== undefined) return known;
		const file = this.write("ca.pem", pem);
		this.#caFiles.set(pem, file);
		return file;
	}
	readonly #caFiles = new Map<string, string>();

	close(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** A child of PostgreSQL's programs that ended with an error. */
export class ClientFailed extends Error {
	override name = "ClientFailed";
	/** SQLSTATE of the server's error, where there was one. */
	readonly code: string | undefined;

	constructor(message: string, code?: string) {
		super(message);
		this.code = code;
	}
}

const MAX_OUTPUT = 1 << 28;

/** Runs `pg_dump` or `pg_restore` to its end. @returns its output @throws ClientFailed with its last words */
export async function runClient(
	program: string,
	args: readonly string[],
	env: Record<string, string>,
	signal: AbortSignal,
): Promise<string> {
	const options = { env, signal, maxBuffer: MAX_OUTPUT };
	return new Promise((resolve, reject) => {
		execFile(program, args, options, (error, stdout, stderr) => {
			if (error === null) {
				resolve(stdout);
				return;
			}
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const words = stderr.trim().split("\n").slice(-4).join("; ");
			reject(new ClientFailed(words === "" ? `${program} failed: ${error.message}` : words));
		});
	});
}

/** Starts a `psql` that stops at its first error and reads no file of the user's. */
export function startPsql(
	args: readonly string[],
	env: Record<string, string>,
	stdio: ("pipe" | "ignore" | NodeJS.ReadableStream)[],
): ChildProcess {
	return spawn("psql", ["-qAtX", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", ...args], {
		env,
		stdio: stdio as "pipe"[],
	});
}

const KEPT = 1 << 14;

/** The end of what a child says, which may be much. */
export function collect(stream: NodeJS.ReadableStream | null): { text: string } {
	const collected = { text: "" };
	stream?.setEncoding("utf8");
	stream?.on("data", (piece: string) => {
		collected.text = (collected.text + piece).slice(-KEPT);
	});
	stream?.on("error", () => {});
	return collected;
}

/** How a child ended: its code, or 1 where a signal ended it or it never ran. */
export function ended(child: ChildProcess): Promise<number> {
	return new Promise((resolve, reject) => {
		child.on("error", (error: NodeJS.ErrnoException) => {
			reject(
				error.code === "ENOENT"
					? new ClientFailed("psql is not on PATH; the mover's image has it, elsewhere install postgresql-client-17")
					: error,
			);
		});
		child.on("close", (code) => resolve(code ?? 1));
	});
}

/**
 * The server's error out of what psql says of it, without what may be a value of a row: no details, no rows, and of a message
 * only what stands before its first value.
 */
export function serverError(words: string): ClientFailed | undefined {
	const [, state = "", message = ""] = words.match(/(?:ERROR|FATAL): {2}([0-9A-Z]{5}): (.*)/) ?? [];
	if (state === "") return undefined;
	const [, table, column] = words.match(/^CONTEXT: {2}COPY (.*), line \d+(?:, column ([^\n:]+))?/m) ?? [];
	const at = table === undefined ? "" : ` in ${table}${column === undefined ? "" : `.${column}`}`;
	const [where] = words.match(/^CONTEXT: [\s\S]*/m) ?? [];
	const says = withoutValues({ code: state, message, where }).replace(` (SQLSTATE ${state})`, "");
	return new ClientFailed(`${says}${at} (SQLSTATE ${state})`, state);
}
