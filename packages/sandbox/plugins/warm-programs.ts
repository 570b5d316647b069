import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";

/** One run of a program by the SDK's runner. */
export interface Run {
	runner: string;
	args: readonly string[];
	env: Readonly<Record<string, string | undefined>>;
	cwd: string;
}

/** A run, and the process that is started for it. */
export interface ProgramRun extends Run {
	node: string;
	nodeArguments: readonly string[];
	/** Has its process, while it runs. */
	running: Set<ChildProcess>;
}

/** How the last line of a run begins, on both streams; the exit code follows. */
export const END = "\u0000the run has ended with ";

/** For each run after the first one Node's cache of compiled modules has the program once more. */
const MOST_RUNS = 10;

/** Variables that Node reads at its start only. */
const READ_AT_START = /^(?:NODE_|OPENSSL_|OTEL_|SSL_|TRACEPARENT$)/;

interface Warm {
	child: ChildProcess;
	runs: number;
	/** What hears the lines of the run under way. */
	hear: (line: string, stream: number) => void;
}

/** Processes that wait for a run, by what they have been started with. */
const waiting = new Map<string, Warm[]>();

/**
 * Runs a program in a process that has run others before, if one waits: three quarters of what a small program takes is Node's start, the
 * loading of the SDK and the compiling of what it calls.
 *
 * @returns its exit code, or how else it ended
 */
export function runWarm(
	program: ProgramRun & { print: (line: string, stream: number) => void },
): Promise<string | number> {
	const { runner, args, env, cwd, running, print } = program;
	const key = keyOf(program);
	const warm = waiting.get(key)?.pop() ?? start(program);
	const { child } = warm;
	running.add(child);
	warm.runs += 1;
	child.send({ runner, args, env, cwd } satisfies Run);
	return new Promise<string | number>((resolve, reject) => {
		const gone = (code: number | null, signal: NodeJS.Signals | null) => resolve(code ?? describeSignal(signal));
		child.once("error", reject).once("close", gone);
		let streams = 2;
		warm.hear = (line, stream) => {
			const [printed = "", code] = line.split(END);
			if (code === undefined || printed !== "") print(printed, stream);
			if (code === undefined) return;
			streams -= 1;
			if (streams > 0) return;
			child.off("error", reject).off("close", gone);
			if (warm.runs < MOST_RUNS) waiting.set(key, [...(waiting.get(key) ?? []), warm]);
			else child.disconnect();
			resolve(Number(code));
		};
	}).finally(() => running.delete(child));
}

export function describeSignal(signal: NodeJS.Signals | null): string {
	return `Program exited unexpectedly: signal: ${signal}`;
}

function start({ node, nodeArguments, cwd, env }: ProgramRun): Warm {
	const file = path.join(import.meta.dirname, "program-process.ts");
	const child = spawn(node, [...nodeArguments, file], { cwd, env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
	const warm: Warm = { child, runs: 0, hear: () => {} };
	for (const [index, stream] of [child.stdout, child.stderr].entries()) {
		if (stream !== null) createInterface(stream).on("line", (line) => warm.hear(line, index + 1));
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

function keyOf({ node, nodeArguments, runner, cwd, env }: ProgramRun): string {
	const atStart = Object.entries(env).filter(([name]) => READ_AT_START.test(name));
	return JSON.stringify([node, nodeArguments, runner, cwd, atStart.sort()]);
}
