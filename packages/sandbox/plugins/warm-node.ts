import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

/** What of a script's own is not loaded anew. */
export interface Warmth {
	/** Folders, from `cwd`, whose modules hold no state. */
	keeps: readonly string[];
}

/** One run of a script by Node. */
export interface NodeRun extends Partial<Warmth> {
	node: string;
	/** What comes before the script. */
	flags?: readonly string[];
	script: string;
	args: readonly string[];
	env: Readonly<NodeJS.ProcessEnv>;
	cwd: string;
	stdin?: string | undefined;
}

export type Stream = "stdout" | "stderr";
/** Its exit code, or by what it was killed. */
export type Ended = [code: number | null, signal: NodeJS.Signals | null];

/** The end of a run on each of its streams; the exit code follows, and a newline. */
const MARK = "\u0000the run has ended with ";

/** For each run after the first one Node's cache of compiled modules has those of the script once more. */
const MOST_RUNS = 20;

/** Variables that Node reads at its start only. */
const READ_AT_START = /^(?:NODE_|OPENSSL_|OTEL_|SSL_|TRACEPARENT$)/;

/** What Linux takes of one variable. */
const LONGEST_VARIABLE = 128 * 1024;

/** A process, and what hears what it prints in the run under way. */
interface Warm {
	child: ChildProcess;
	runs: number;
	hear: (chunk: Buffer, stream: Stream) => void;
}

/** Processes that wait for a run, by what they have been started with. */
const waiting = new Map<string, Warm[]>();

/**
 * Runs a script in a process that has run one before, if one waits: three quarters of what a small program takes, and more of what a Command
 * does, is Node's start and the loading and compiling of what others have loaded (see `node-runs.js`).
 *
 * @param hear gets what it prints
 * @returns its process, which may be killed, and how it ends
 */
export function runWarm(
	run: NodeRun,
	hear: (chunk: Buffer, stream: Stream) => void,
): { child: ChildProcess; ended: Promise<Ended> } {
	const key = keyOf(run);
	const warm = (canStart(run) ? takeWaiting(key) : undefined) ?? start(run);
	const { child } = warm;
	warm.runs += 1;
	const ended = new Promise<Ended>((resolve, reject) => {
		const gone = (...how: Ended) => resolve(how);
		child.once("error", reject).once("close", gone);
		const codes: number[] = [];
		const held: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
		warm.hear = (chunk, stream) => {
			const text = Buffer.concat([held[stream], chunk]);
			const at = text.lastIndexOf("\u0000");
			const isMark = at !== -1 && MARK.startsWith(text.subarray(at, at + MARK.length).toString());
			const printed = isMark ? text.subarray(0, at) : text;
			held[stream] = isMark ? text.subarray(at) : Buffer.alloc(0);
			if (printed.length > 0) hear(printed, stream);
			const [, code] = held[stream].toString().split(MARK);
			if (!code?.endsWith("\n")) return;
			codes.push(Number(code));
			if (codes.length < 2) return;
			child.off("error", reject).off("close", gone);
			if (warm.runs < MOST_RUNS) waiting.set(key, [...(waiting.get(key) ?? []), warm]);
			else child.disconnect();
			resolve([Number(code), null]);
		};
	});
	const { script, args, env, cwd, stdin, keeps = [] } = run;
	child.send({ script: path.resolve(cwd, script), args, env, cwd, stdin, keeps, mark: MARK }, () => {});
	return { child, ended };
}

/** One that waits, unless it has been killed meanwhile. */
function takeWaiting(key: string): Warm | undefined {
	const alive = (waiting.get(key) ?? []).filter(({ child }) => child.exitCode === null && child.signalCode === null);
	const warm = alive.pop();
	waiting.set(key, alive);
	return warm;
}

/** Whether the system hands all its variables to a new process, which it does not by way of one that is there. */
function canStart({ env }: NodeRun): boolean {
	return Object.entries(env).every(([name, value]) => Buffer.byteLength(`${name}=${value}`) < LONGEST_VARIABLE);
}

function start({ node, flags = [], cwd, env }: NodeRun): Warm {
	const file = path.join(import.meta.dirname, "node-runs.js");
	const child = spawn(node, [...flags, file], { cwd, env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
	const warm: Warm = { child, runs: 0, hear: () => {} };
	for (const stream of ["stdout", "stderr"] as const) {
		child[stream]?.on("data", (chunk: Buffer) => warm.hear(chunk, stream));
	}
	letGo(child);
	return warm;
}

/** It ends with this process, which does not wait for it. */
function letGo(child: ChildProcess): void {
	child.unref();
	child.channel?.unref();
	for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
}

function keyOf({ node, flags, script, cwd, env }: NodeRun): string {
	const atStart = Object.entries(env).filter(([name]) => READ_AT_START.test(name));
	return JSON.stringify([node, flags, script, cwd, atStart.sort()]);
}
