import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Logging } from "./command-inputs.ts";
import { findExecutable } from "./command-line.ts";
import { describeEnd, describeStartFailure, quote } from "./go-text.ts";
import { LineReader } from "./line-reader.ts";
import { type Ended, runWarm, type Stream, type Warmth } from "./warm-node.ts";

/** A running command; its stdin is there only where it has one. */
type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** How one command is run. */
export interface CommandProcess {
	stdin?: string;
	logging?: Logging;
	interpreter?: string[];
	dir?: string;
	environment?: Record<string, string>;
	assetPaths?: string[];
	archivePaths?: string[];
	addPreviousOutputInEnv?: boolean;
}

/** What a command printed, each without one trailing newline. */
export interface Output {
	stdout: string;
	stderr: string;
}

/** What runs a command, apart from the command itself. */
export interface Run {
	command: string;
	process: CommandProcess;
	/** What the last run printed, for `PULUMI_COMMAND_STDOUT` and `PULUMI_COMMAND_STDERR`. */
	previous: Output;
	log: (line: string) => void;
	/** Ends the command; its reason is the error text where nothing was started. */
	signal: AbortSignal;
	/** What the command is started in, unless it has a folder of its own. */
	surroundings: Surroundings;
}

/** A command that has been started. */
interface Started {
	child: ChildProcess;
	ended: Promise<Ended>;
}

/** The environment and the working directory of a plugin, which are those of its engine. */
export interface Surroundings {
	env: Readonly<NodeJS.ProcessEnv>;
	cwd: string;
	/** Has scripts of Node run in processes that have run some before, which keep the modules of these folders. */
	warm?: Warmth | undefined;
}

/** Said where the released provider would not say anything any more: its reader of lines stops, its writer waits for it. */
const LINE_TOO_LONG =
	"a line over 64 KiB was printed with logging on, at which the released command provider hangs for ever; " +
	'set logging to "none", or print shorter lines';

/** Runs a command to its end. Fails with the command, why it failed, and all it printed in the order it came. */
export async function runCommand(run: Run): Promise<Output> {
	if (run.process.assetPaths?.length || run.process.archivePaths?.length) {
		throw new Error("the sandbox's stand-in for the command provider does not do assetPaths and archivePaths");
	}
	const { logging = "stdoutAndStderr" } = run.process;
	const printed: Buffer[] = [];
	const streams: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
	const lines = new LineReader(run.log);
	let failure: string | undefined;
	let hangs = false;
	try {
		const started = start(run, (chunk, name) => {
			streams[name].push(chunk);
			printed.push(chunk);
			if ((logging === name || logging === "stdoutAndStderr") && !lines.write(chunk)) {
				hangs = true;
				started.child.kill("SIGKILL");
			}
		});
		failure = await end(started, run);
		if (hangs) {
			failure = `${LINE_TOO_LONG} (${failure})`;
		}
	} catch (error) {
		failure = error instanceof Error ? error.message : String(error);
	}
	lines.end();
	if (failure !== undefined) {
		throw new Error(`${failure}: running ${quote(run.command)}:\n${Buffer.concat(printed).toString()}`);
	}
	return { stdout: text(streams.stdout), stderr: text(streams.stderr) };
}

function start(run: Run, hear: (chunk: Buffer, stream: Stream) => void): Started {
	const { interpreter, dir = run.surroundings.cwd, stdin } = run.process;
	const [name = "", ...rest] = interpreter?.length ? interpreter : ["/bin/sh", "-c"];
	run.signal.throwIfAborted();
	const file = resolveInterpreter(name, run.surroundings);
	checkFolder(dir);
	const env = environment(run);
	const [script = "", ...args] = [...rest, run.command];
	if (run.surroundings.warm !== undefined && name === "node" && script.endsWith(".ts")) {
		return runWarm({ node: file, script, args, env, cwd: dir, stdin, ...run.surroundings.warm }, hear);
	}
	try {
		const stdio = [stdin ? "pipe" : "ignore", "pipe", "pipe"] as const;
		const child = spawn(file, [script, ...args], { argv0: name, cwd: dir, env, stdio: [...stdio] }) as Child;
		for (const stream of ["stdout", "stderr"] as const) {
			child[stream].on("data", (chunk: Buffer) => hear(chunk, stream));
		}
		child.stdin?.on("error", () => {});
		child.stdin?.end(stdin);
		const ended = once(child, "close") as Promise<Ended>;
		return { child, ended };
	} catch (error) {
		// Some failures, such as too long an environment, are thrown here; the others come as events.
		throw new Error(describeStartFailure(file, error as NodeJS.ErrnoException));
	}
}

/** As `os/exec` does: a bare name is looked up on the provider's PATH, whatever the command's own PATH will be. */
function resolveInterpreter(name: string, { env }: Surroundings): string {
	if (name.includes(path.sep)) {
		return name;
	}
	const file = findExecutable(name, env.PATH);
	if (!file) {
		throw new Error(`exec: ${quote(name)}: executable file not found in $PATH`);
	}
	return file;
}

function checkFolder(dir: string): void {
	const stats = statSync(dir, { throwIfNoEntry: false });
	if (!stats?.isDirectory()) {
		throw new Error(`chdir ${dir}: ${stats ? "not a directory" : "no such file or directory"}`);
	}
}

function environment(run: Run): NodeJS.ProcessEnv {
	const { environment: own, addPreviousOutputInEnv = true } = run.process;
	const { stdout, stderr } = run.previous;
	return {
		...run.surroundings.env,
		...own,
		...(addPreviousOutputInEnv && stdout ? { PULUMI_COMMAND_STDOUT: stdout } : {}),
		...(addPreviousOutputInEnv && stderr ? { PULUMI_COMMAND_STDERR: stderr } : {}),
	};
}

/**
 * Waits until the process has ended and its pipes are closed, so a grandchild that holds them keeps this waiting, also
 * after a kill: the released provider kills the direct child only, and waits likewise.
 */
async function end({ child, ended }: Started, run: Run): Promise<string | undefined> {
	const kill = () => child.kill("SIGKILL");
	run.signal.addEventListener("abort", kill);
	try {
		return describeEnd(...(await ended));
	} catch (error) {
		return describeStartFailure(child.spawnfile, error as NodeJS.ErrnoException);
	} finally {
		run.signal.removeEventListener("abort", kill);
	}
}

function text(chunks: Buffer[]): string {
	return Buffer.concat(chunks).toString().replace(/\n$/, "");
}
