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
	{ pattern: /\b50[0234]\b|Internal Server Error|Service Unavailable/, transient: true },
];

/**
 * Runs `aptible` with these arguments, without a shell, and gives its stdout.
 *
 * @throws CliError when it cannot be started, exits with another code than 0, or takes longer than `timeoutMs`.
 */
export function runCli(argv: readonly string[], options: RunOptions): Promise<string> {
	const command = argv[0] ?? "";
	const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ownVariable.test(name)));
	return new Promise((resolve, reject) => {
		const child = spawn("aptible", argv, {
			env: { ...environment, APTIBLE_OUTPUT_FORMAT: "json" },
			stdio: ["ignore", "pipe", "pipe"],
			...(options.signal === undefined ? {} : { signal: options.signal, killSignal: "SIGKILL" }),
		});
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			child.kill("SIGKILL");
		}, options.timeoutMs);
		let stdout = "";
		let stderr = "";
		let pending = "";
		child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
			stdout += chunk;
			pending += chunk;
			const lines = pending.split("\n");
			pending = lines.pop() ?? "";
			for (const line of lines) if (operationLogLine.test(line)) options.onLogLine?.(options.redactor.mask(line));
		});
		child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
			stderr += chunk;
		});
		child.on("error", (cause: NodeJS.ErrnoException) => {
			clearTimeout(timer);
			const reason =
				cause.code === "ENOENT"
					? "the `aptible` CLI is not on PATH. Install it from https://www.aptible.com/docs/cli and try again."
					: cause.message;
			reject(new CliError(command, reason, "", false));
		});
		child.on("close", (code, signal) => {
			clearTimeout(timer);
			if (code === 0) return resolve(stdout);
			const text = options.redactor.mask(stderr).trim();
			const meaning = meanings.find(({ pattern }) => pattern.test(text));
			const cause = timedOut
				? `no end after ${Math.round(options.timeoutMs / 1000)} s`
				: text || (signal === null ? `exit code ${code}` : `killed by ${signal}`);
			const reason = meaning?.fix === undefined ? cause : `${cause}\n${meaning.fix}`;
			reject(new CliError(command, reason, text, timedOut || meaning?.transient === true));
		});
	});
}
