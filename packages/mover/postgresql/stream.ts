/**
 * Rows from server to server: two psql joined by a pipe that this process does not read. The writing one waits to be told to
 * commit until the reading one has ended well and both have counted the same, as COPY takes a stream that breaks off for its end.
 */
import type { ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import { ConnectionLost } from "../journal/errors.ts";
import type { StepName } from "../steps.ts";
import { BAD_CONNECTION, ClientFailed, collect, ended, serverError, startPsql } from "./children.ts";
import type { Copying } from "./context.ts";
import { withoutTimeouts } from "./snapshot.ts";
import { fence, marker, writerSettings } from "./target.ts";

/** What one pair of psql does. */
export interface Stream {
	step: StepName;
	part: string;
	/** What it has on the source, where that is known: for the rate. */
	bytes?: number;
	/** For errors: what is copied, which may name tables. */
	what: string;
	/** Script of the reading psql, after its snapshot is set: it writes rows to its output, and calls `counted`. */
	read: string;
	/** The writing psql's statements before, of and after the rows; `after` may use `:rows`. */
	before?: string;
	/** One `COPY ... FROM STDIN`; or nothing, where what is read is a script with its rows in it. */
	copy: string | undefined;
	after?: string;
	/** Search path of both, for functions in checks, domains and generated columns, and in indexes that a plan looks at. */
	searchPath: string;
	/** Encoding of both, where it is not UTF8. */
	encoding: string;
}

/** psql's command that tells this process how many rows were read. */
export const counted = (rows: string) => `\\warn move-rows ${rows}`;

const GATE = `\\set go \`cat <&3\`
SELECT :'go' = 'commit' AS go \\gset
\\if :go
COMMIT;
\\else
ROLLBACK;
\\endif
`;

/** Copies and commits, or changes nothing. @returns the number of rows */
export async function streamRows(copying: Copying, stream: Stream): Promise<number> {
	const { workspace, source, target, database, steps, snapshot, signal } = copying;
	signal.throwIfAborted();
	const environment = { PGCLIENTENCODING: stream.encoding };
	const path = { search_path: stream.searchPath };
	const readerEnv = {
		...workspace.environment(source, { settings: { ...path, ...withoutTimeouts(snapshot.version) } }),
		...environment,
	};
	const settings = { ...writerSettings(copying.targetVersion), ...path };
	const writerEnv = { ...workspace.environment(target, { database: database.name, settings }), ...environment };

	const begin = `\\set rows 0\nBEGIN;\n${fence(steps.epoch)}\n${stream.before ?? ""}\n`;
	const bytes = stream.bytes === undefined ? "" : `, 'bytes', ${stream.bytes}::int8`;
	const end = `${stream.copy === undefined ? "" : "\\set rows :ROW_COUNT\n"}${stream.after ?? ""}
${marker(stream.step, stream.part, `pg_catalog.jsonb_build_object('rows', :rows::int8${bytes})`)}
\\echo move-rows :rows
${GATE}`;
	const beginFile = workspace.write("begin.sql", begin);
	const endFile = workspace.write("end.sql", end);
	const middle = stream.copy === undefined ? ["-f", "-"] : ["-c", stream.copy];

	const reader = startPsql([], readerEnv, ["pipe", "pipe", "pipe"]);
	// In the same turn, so that nothing is read here from what the other is to read.
	const writer = startPsql(["-f", beginFile, ...middle, "-f", endFile], writerEnv, [
		reader.stdout as NodeJS.ReadableStream,
		"pipe",
		"pipe",
		"pipe",
	]);
	reader.stdout?.destroy();
	const stop = () => {
		reader.kill("SIGKILL");
		writer.kill("SIGKILL");
	};
	signal.addEventListener("abort", stop, { once: true });
	try {
		return await join(reader, writer, stream, snapshot.id);
	} catch (error) {
		throw signal.aborted ? signal.reason : error;
	} finally {
		signal.removeEventListener("abort", stop);
		stop();
		workspace.remove(beginFile);
		workspace.remove(endFile);
	}
}

async function join(reader: ChildProcess, writer: ChildProcess, stream: Stream, snapshot: string): Promise<number> {
	const readerWords = collect(reader.stderr);
	const writerWords = collect(writer.stderr);
	const writerCount = collect(writer.stdout);
	const gate = writer.stdio[3] as Writable;
	for (const pipe of [gate, reader.stdin]) pipe?.on("error", () => {});
	reader.stdin?.end(
		`BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;\nSET TRANSACTION SNAPSHOT '${snapshot}';\n${stream.read}\nCOMMIT;\n`,
	);
	let isReaderEnded = false;
	const writerEnds = ended(writer).then((code) => {
		// Nobody reads any more.
		if (code !== 0) isReaderEnded = reader.kill("SIGKILL");
		return code;
	});
	const told = new Promise<void>((resolve) => {
		writer.stdout?.on("data", () => {
			if (countIn(writerCount.text) !== undefined) resolve();
		});
		void writerEnds.then(
			() => resolve(),
			() => resolve(),
		);
	});
	const readerCode = await ended(reader);
	await told;
	const read = countIn(readerWords.text);
	const written = countIn(writerCount.text);
	const isWhole = readerCode === 0 && read !== undefined && read === written;
	gate.end(isWhole ? "commit" : "");
	const writerCode = await writerEnds;
	if (isWhole && writerCode === 0) return read;

	const failed = (side: string, words: string) => {
		const error = serverError(words);
		return error && new ClientFailed(`${stream.what}: ${side}: ${error.message}`, error.code);
	};
	const endedEarly = () =>
		new ConnectionLost(
			`${stream.what}: a connection or a psql ended early (source ${readerCode}, target ${writerCode}); nothing of it was written; run it again`,
		);
	const readersError = failed("the source cannot be read", readerWords.text);
	if (readersError !== undefined) throw readersError;
	// The other one takes it for the end of the rows, and what it says then is not the cause.
	if (readerCode === BAD_CONNECTION || (reader.signalCode === "SIGKILL" && !isReaderEnded)) throw endedEarly();
	const writersError = failed("the target refuses rows", writerWords.text);
	if (writersError !== undefined) throw writersError;
	if (isWhole || read === undefined || written === undefined || readerCode !== 0 || writerCode !== 0)
		throw endedEarly();
	throw new ClientFailed(
		`${stream.what}: ${read} rows were read and ${written} written; nothing of it was written; run it again`,
	);
}

/** All counts that were told, added up. */
function countIn(words: string): number | undefined {
	const counts = [...words.matchAll(/^move-rows (\d+)$/gm)];
	return counts.length === 0 ? undefined : counts.reduce((sum, [, rows]) => sum + Number(rows), 0);
}
