import { spawn } from "node:child_process";
import { CliError } from "../errors.ts";
import type { Redactor } from "../redact.ts";

/** How one call of the CLI is made. */
export interface RunOptions {
	/** After this long the call is killed and fails. */
	timeoutMs: number;
	redactor: Redactor;
	/** Called with each line that the CLI writes while an operation runs; never with JSON, which may hold credentials. */
	onLogLine?: (line: string) => void;
	/** Kills the call. */
	signal?: AbortSignal;
}

/** Environment variables of our own that the CLI has no business with. */
const ownVariable = /^(SECRETS|STORAGE)_|^PULUMI_/;

const operationLogLine = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /;

/**
 * What the CLI's stderr means, by its own texts (bin/aptible and helpers/token.rb of aptible-cli 0.26.6; the connection
 * errors are Ruby's). It exits with 1 for everything, so only the text can tell.
 */
const meanings: { pattern: RegExp; fix?: string; transient?: boolean }[] = [
	{
		pattern: /^Could not read token/m,
		fix: "Log in with `aptible login`, or set APTIBLE_ACCESS_TOKEN.",
	},
	{ pattern: /^API authentication error/m, fix: "The token has expired: run `aptible login` again." },
	{
		pattern: /Errno::E(CONNREFUSED|CONNRESET|HOSTUNREACH|TIMEDOUT)|SocketError|Net::(Open|Read)Timeout/,
		transient: true,
	},
	// A list asks for its objects one by one, and one of them may be removed meanwhile by another Command.
	{ pattern: /Resource not found/, transient: true },
	{ pattern: /\b50[0234]\b|Internal Server Error|Service Unavailable/, transient: true },
];

/** How a call ended and what it wrote. */
export interface Ended {
	code: number | null;
	signal?: NodeJS.Signals | null;
	timedOut?: boolean;
	stdout: string;
	stderr: string;
}

/** Runs the CLI once: `aptible` on PATH, without a shell, unless a test has it run otherwise. */
export type Execute = (
	argv: readonly string[],
	options: Pick<RunOptions, "timeoutMs" | "signal"> & { env: NodeJS.ProcessEnv; onStdout: (chunk: string) => void },
) => Promise<Ended>;

/**
 * Runs `aptible` with these arguments and gives its stdout.
 *
 * @throws CliError when it cannot be started, exits with another code than 0, or takes longer than `timeoutMs`.
 */
export async function runCli(
	argv: readonly string[],
	options: RunOptions,
	execute: Execute = executeAptible,
): Promise<string> {
	const command = argv[0] ?? "";
	const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ownVariable.test(name)));
	let pending = "";
	const onStdout = (chunk: string) => {
		const lines = (pending + chunk).split("\n");
		pending = lines.pop() ?? "";
		for (const line of lines) if (operationLogLine.test(line)) options.onLogLine?.(options.redactor.mask(line));
	};
	const { timeoutMs, signal } = options;
	const env = { ...environment, APTIBLE_OUTPUT_FORMAT: "json" };
	const ended = await execute(argv, { timeoutMs, ...(signal === undefined ? {} : { signal }), env, onStdout }).catch(
		(cause: NodeJS.ErrnoException) => {
			const reason =
				cause.code === "ENOENT"
					? "the `aptible` CLI is not on PATH. Install it (`gem install aptible-cli`, or see https://www.aptible.com/docs/cli) and try again."
					: cause.message;
			throw new CliError(command, reason, "", false);
		},
	);
	if (ended.code === 0) return ended.stdout;
	const text = options.redactor.mask(ended.stderr).trim();
	const meaning = meanings.find(({ pattern }) => pattern.test(text));
	const cause = ended.timedOut
		? `no end after ${Math.round(timeoutMs / 1000)} s`
		: text || (ended.signal ? `killed by ${ended.signal}` : `exit code ${ended.code}`);
	const reason = meaning?.fix === undefined ? cause : `${cause}\n${meaning.fix}`;
	throw new CliError(command, reason, text, ended.timedOut === true || meaning?.transient === true);
}

const executeAptible: Execute = (argv, { timeoutMs, signal, env, onStdout }) =>
	new Promise((resolve, reject) => {
		const child = spawn("aptible", argv, {
			env,
			stdio: ["ignore", "pipe", "pipe"],
			...(signal === undefined ? {} : { signal, killSignal: "SIGKILL" }),
		});
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			child.kill("SIGKILL");
		}, timeoutMs);
		let stdout = "";
		let stderr = "";
		child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
			stdout += chunk;
			onStdout(chunk);
		});
		child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
			stderr += chunk;
		});
		child.on("error", (cause) => {
			clearTimeout(timer);
			reject(cause);
		});
		child.on("close", (code, killedBy) => {
			clearTimeout(timer);
			resolve({ code, signal: killedBy, timedOut, stdout, stderr });
		});
	});
