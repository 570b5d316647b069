import { type ChildProcess, execFile, spawn } from "node:child_process";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { ConnectionLost } from "../journal/errors.ts";
import type { Login } from "../postgresql/connection.ts";
import { isLost, mysqlParts, withClientLogin, withoutValues } from "./connection.ts";
import { fenceSql } from "./target.ts";

/** The last line of a dump that is whole: `mysqldump` may end early, and what it wrote by then restores without an error. */
const TRAILER = "-- Dump completed";
const TRAILER_BYTES = 256;

/** What each dump is made with (facts/move.md §1.5). */
const FLAGS = [
	"--single-transaction",
	"--quick",
	"--hex-blob",
	"--no-tablespaces",
	"--tz-utc",
	"--skip-add-locks",
	"--skip-disable-keys",
	"--skip-dump-date",
	"--comments",
];

/** Flags that MySQL's own `mysqldump` needs and MariaDB's does not know. */
const MYSQL_FLAGS = ["--set-gtid-purged=OFF", "--column-statistics=0"];

/**
 * Flags for a client, by what it says of its version.
 *
 * @param version such as `mariadb-dump from 11.8.9-MariaDB, client 10.19` or `mysqldump  Ver 8.0.36 for Linux`
 */
export function dumpFlags(version: string): string[] {
	return /mariadb/i.test(version) ? FLAGS : [...FLAGS, ...MYSQL_FLAGS];
}

/** One stream from a source's dump into a target's client. */
export interface DumpOptions {
	source: Login;
	target: Login;
	/** The holder's epoch, which the target's session checks before it writes. */
	epoch: number;
	/** What of the database, as options of `mysqldump`. */
	what: readonly string[];
	/** Tables and views; every table where there is none. */
	names?: readonly string[];
	signal: AbortSignal;
}

/**
 * Streams a dump of the source into the target, without a file between. Both programs have to end with 0, and the dump with its
 * trailer; where one of this is missing, the target's client is ended before it reads the end of its input.
 *
 * @returns the dump's bytes
 */
export async function streamDump({ source, target, epoch, what, names = [], signal }: DumpOptions): Promise<number> {
	const version = await promisify(execFile)("mariadb-dump", ["--version"]);
	return withClientLogin(source, (from) =>
		withClientLogin(target, async (to) => {
			const dump = spawn(
				"mariadb-dump",
				[...from.args, ...dumpFlags(version.stdout), ...what, "--", mysqlParts(source).database, ...names],
				{ env: from.env, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGKILL" },
			);
			const load = spawn("mariadb", [...to.args, "--batch", "--silent", "--", mysqlParts(target).database], {
				env: to.env,
				stdio: ["pipe", "ignore", "pipe"],
				signal,
				killSignal: "SIGKILL",
			});
			const dumped = ended(dump);
			const loaded = ended(load);
			let bytes = 0;
			let tail: Buffer = Buffer.alloc(0);
			const watch = new Transform({
				transform(chunk: Buffer, _encoding, done) {
					bytes += chunk.length;
					tail = Buffer.concat([tail, chunk]).subarray(-TRAILER_BYTES);
					done(null, chunk);
				},
			});
			load.stdin.write(fenceSql(epoch));
			// A client that fails closes its input; what it said of it is the error, not the pipe that broke.
			const piped = pipeline(dump.stdout, watch, load.stdin, { end: false }).catch(() => {});
			const stopped = loaded.then(() => dump.kill("SIGKILL"));
			const dumpEnd = await dumped;
			await piped;
			const isWhole = tail.toString("latin1").trimEnd().split("\n").at(-1)?.startsWith(TRAILER) === true;
			if (dumpEnd.code === 0 && isWhole) {
				load.stdin.end();
			} else {
				load.kill("SIGKILL");
			}
			const loadEnd = await loaded;
			await stopped;
			signal.throwIfAborted();
			if (loadEnd.code !== null && loadEnd.code !== 0) {
				throw failed("the target refused a statement of the dump", loadEnd);
			}
			if (dumpEnd.code !== 0) {
				throw failed(`mariadb-dump ended with ${dumpEnd.code ?? "a signal"}`, dumpEnd);
			}
			if (!isWhole) {
				throw new Error(
					`mariadb-dump ended with 0 and without its last line "${TRAILER}": the dump's end is missing; run the copy again`,
				);
			}
			if (loadEnd.code !== 0) {
				throw new Error("the target's client was killed before it had read the dump; run the copy again");
			}
			return bytes;
		}),
	);
}

interface End {
	code: number | null;
	/** The last line that it wrote to stderr. */
	message: string;
}

function failed(what: string, { message }: End): Error {
	const text = `${what}: ${message}`;
	return isLost(message) ? new ConnectionLost(text) : new Error(text);
}

function ended(child: ChildProcess): Promise<End> {
	let text = "";
	child.stderr?.on("data", (chunk: Buffer) => {
		text = (text + chunk.toString("utf8")).slice(-4000);
	});
	child.stdin?.on("error", () => {});
	return new Promise((resolve) => {
		child.on("error", (error) => {
			if (child.pid === undefined) resolve({ code: -1, message: error.message });
		});
		child.on("close", (code) => resolve({ code, message: withoutValues(text.trim().split("\n").at(-1) ?? "") }));
	});
}
