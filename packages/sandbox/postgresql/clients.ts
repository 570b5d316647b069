import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { findDebianRoot } from "../debian/root.ts";

/** The major of the clients in the mover's image. */
const MAJOR = 17;

/**
 * Has the programs of the mover's image (`pg_dump` ...) come first on this process's PATH; only root can install them into an empty
 * root, so that anybody else brings their own.
 *
 * @param dockerfile of the mover
 */
export async function usePostgresClients(dockerfile: string): Promise<void> {
	if (process.getuid?.() !== 0) {
		const { stdout } = await promisify(execFile)("pg_dump", ["--version"]).catch(() => ({ stdout: "no pg_dump" }));
		if (Number(/\) (\d+)/.exec(stdout)?.[1]) >= MAJOR) return;
		throw new Error(`${stdout.trim()} on PATH; install PostgreSQL's clients, ${MAJOR} or newer, or run this as root`);
	}
	const { bin } = await findDebianRoot(dockerfile, (line) => process.stderr.write(`${line}\n`));
	if (!process.env.PATH?.startsWith(bin)) {
		process.env.PATH = `${bin}${path.delimiter}${process.env.PATH}`;
	}
}
