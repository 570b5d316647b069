import { CliError } from "../client/errors.ts";
import type { Execute } from "../client/execute.ts";
import { cutMiddle } from "../client/lines.ts";
import type { Redactor } from "../client/redact.ts";
import { allTooLong, refuseUnsendable } from "./command-line.ts";
import { packages, readFailure } from "./failure.ts";
import { executeAptible } from "./process.ts";

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

/** Characters of what the CLI says of its failure: some errors quote all that they were about. */
const longestError = 4096;

const operationLogLine = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /;

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
	let pending = "";
	const onStdout = (chunk: string) => {
		const lines = (pending + chunk).split("\n");
		pending = lines.pop() ?? "";
		for (const line of lines) if (operationLogLine.test(line)) options.onLogLine?.(options.redactor.mask(line));
	};
	const { timeoutMs, signal } = options;
	refuseUnsendable(argv);
	const fail = (reason: string) => new CliError(command, reason, "", false);
	if (signal?.aborted) throw fail(tell(signal.reason));
	const env = cliEnvironment();
	const ended = await execute(argv, { timeoutMs, ...(signal === undefined ? {} : { signal }), env, onStdout }).catch(
		(cause: unknown) => {
			throw fail(tell(cause));
		},
	);
	if (ended.code === 0 && !ended.timedOut) return ended.stdout;
	const { text, fix, transient } = readFailure(options.redactor.mask(ended.stderr));
	const shown = cutMiddle(text, longestError);
	const cause = ended.timedOut
		? `no end after ${Math.round(timeoutMs / 1000)} s`
		: shown || (ended.signal ? `killed by ${ended.signal}` : `exit code ${ended.code}`);
	throw new CliError(
		command,
		fix === undefined ? cause : `${cause}\n${fix}`,
		shown,
		ended.timedOut === true || transient,
	);
}

/** The environment of each process of the CLI. */
export function cliEnvironment(): NodeJS.ProcessEnv {
	const others = Object.entries(process.env).filter(([name]) => !ownVariable.test(name));
	return { ...Object.fromEntries(others), APTIBLE_OUTPUT_FORMAT: "json" };
}

/** Why the CLI was not started, or was given up. */
function tell(cause: unknown): string {
	const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
	if (code === "ENOENT") return `the \`aptible\` CLI is not on PATH. Install ${packages}; then try again.`;
	if (code === "E2BIG") return `${allTooLong}.`;
	return cause instanceof Error ? cause.message : String(cause);
}
