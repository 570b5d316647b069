import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { AptibleError, CliError } from "../client/errors.ts";
import type { Redactor } from "../client/redact.ts";
import { readFailure } from "./failure.ts";
import { cliEnvironment } from "./run.ts";
import { startWatched } from "./watchdog.ts";

/** A command that goes on running. */
export interface Held {
	/** What it said that was looked for. */
	found: string;
	/** Ends when the command does, however that comes. */
	readonly signal: AbortSignal;
	/** Ends it. */
	close(): Promise<void>;
}

/** The CLI asks Aptible several times and starts ssh. */
const openMs = 90_000;
const closeMs = 5_000;
const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

/**
 * Starts a command that runs until it is closed. It and its ssh are a process group that ends with this process.
 *
 * @param pattern what it says on stderr once it is ready; its first group is a URL with a secret
 * @throws CliError where it ends before that
 */
export async function holdCli(argv: readonly string[], pattern: RegExp, redactor: Redactor): Promise<Held> {
	const [command = ""] = argv;
	const env = cliEnvironment();
	const child = startWatched(() =>
		spawn("aptible", argv, { env, stdio: ["ignore", "ignore", "pipe"], detached: true }),
	);
	const ended = new AbortController();
	let said = "";
	const found = await new Promise<string>((resolve, reject) => {
		const timer = setTimeout(() => {
			kill(child, "SIGKILL");
			reject(new CliError(command, `not ready after ${openMs / 1000} s`, "", true));
		}, openMs);
		const fail = (reason: string) => {
			clearTimeout(timer);
			ended.abort(new AptibleError(`aptible ${command} has ended: ${reason}`));
			reject(new CliError(command, reason, "", true));
		};
		child.on("error", (cause) => fail(cause.message));
		child.on("close", (code) => {
			const { text, fix } = readFailure(redactor.mask(lastLines(said)));
			fail([text || `exit code ${code}`, ...(fix === undefined ? [] : [fix])].join("\n"));
		});
		child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
			said = `${said}${chunk}`.slice(-16_384);
			const [, url] = pattern.exec(said.replace(colours, "")) ?? [];
			if (url === undefined) return;
			redactor.addUrl(url);
			clearTimeout(timer);
			resolve(url);
		});
	});
	return {
		found,
		signal: ended.signal,
		async close() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const closed = once(child, "close");
			kill(child, "SIGINT");
			const timer = setTimeout(() => kill(child, "SIGKILL"), closeMs);
			await closed;
			clearTimeout(timer);
		},
	};
}

/** What the CLI says before its end is about that; what it said of the address is none of anybody's business. */
function lastLines(said: string): string {
	const lines = said.replace(colours, "").split("\n");
	const opened = lines.findLastIndex((line) => /Connected\. Ctrl-C/.test(line));
	return lines.slice(opened + 1).join("\n");
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
	try {
		if (pid !== undefined) process.kill(-pid, signal);
	} catch {
		// All of it has ended by itself.
	}
}
