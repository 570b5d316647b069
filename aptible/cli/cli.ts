import { z } from "zod";
import { type Access, refuseIfReadOnly } from "../access.ts";
import { AptibleError, CliError } from "../errors.ts";
import type { Redactor } from "../redact.ts";
import { retryReads } from "../retry.ts";
import { runCli } from "./run.ts";
import { ensureSshKey } from "./ssh-key.ts";

const readTimeoutMs = 60_000;
/** `before_deploy` alone may take 30 minutes (facts/aptible.md §2.2). */
const operationTimeoutMs = 75 * 60_000;

type OptionValue = string | number | boolean | readonly string[] | undefined;

/** Options of a command by their names in camel case. */
export type CliOptions = Readonly<Record<string, OptionValue>>;

/** What Thor 0.20, which the CLI is built on, takes for an option wherever it stands, line by line: such a value cannot be given to it. */
const readAsOption = /^(?:--\w+(?:-\w+)*(?:=.*)?|-[a-z](?:=.*|[-+]?(?:\d*\.\d+|\d+))?|-[a-z]{2,})$/im;

/**
 * `{ containerCount: 2, forceSsl: false }` as `--container-count 2 --no-force-ssl`. Only `undefined` is left out.
 *
 * @throws AptibleError where the CLI would read a value as another option, and take the option's own name for its value instead
 */
export function cliOptions(options: CliOptions): string[] {
	return Object.entries(options).flatMap(([name, value]) => {
		const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
		if (value === undefined) return [];
		if (value === true) return [`--${dashed}`];
		if (value === false) return [`--no-${dashed}`];
		const values: readonly string[] = Array.isArray(value) ? value : [String(value)];
		if (values.some((one) => readAsOption.test(one))) {
			throw new AptibleError(
				`the value for the aptible CLI's option --${dashed} has a line that begins with a dash, which the CLI would read as another ` +
					"option. There is no way to write it that it would take; use another value.",
			);
		}
		return [`--${dashed}`, ...values];
	});
}

/**
 * The `aptible` CLI. The files beside this one have its commands, noun by noun. Reads answer typed values and are retried on
 * connection trouble; what changes something is sent once and answers nothing: its stdout is an operation's log, so the caller
 * reads the object again.
 */
export class Cli {
	readonly #redactor: Redactor;
	readonly #onLogLine: (line: string) => void;
	readonly #access: Access;

	/** @param onLogLine called with each line of an operation's log, secrets masked */
	constructor(redactor: Redactor, onLogLine: (line: string) => void, access: Access = {}) {
		this.#redactor = redactor;
		this.#onLogLine = onLogLine;
		this.#access = access;
	}

	/** Runs a command that changes nothing, and parses its JSON. */
	async read<T extends z.ZodType>(schema: T, argv: readonly string[]): Promise<z.infer<T>> {
		const command = argv[0] ?? "";
		const stdout = await retryReads(() => this.#run(argv, readTimeoutMs), this.#access.signal);
		let answer: unknown;
		try {
			answer = JSON.parse(stdout);
		} catch {
			throw new CliError(command, "its answer is not JSON. Is this aptible CLI 0.26.6 or newer?", "", false);
		}
		const parsed = schema.safeParse(answer);
		if (parsed.success) return parsed.data;
		// zod's issues name paths and types, never the values.
		throw new CliError(
			command,
			`its answer has another form than expected:\n${z.prettifyError(parsed.error)}`,
			"",
			false,
		);
	}

	/** Runs a command that changes nothing and prints text. */
	readText(argv: readonly string[]): Promise<string> {
		return retryReads(() => this.#run(argv, readTimeoutMs), this.#access.signal);
	}

	/** A change that Aptible makes at once, without an operation. */
	async change(argv: readonly string[]): Promise<void> {
		refuseIfReadOnly(this.#access, `aptible ${argv[0]}`);
		await this.#run(argv, readTimeoutMs);
	}

	/** A change that becomes an operation, whose log the CLI follows over SSH. */
	async operate(argv: readonly string[]): Promise<void> {
		refuseIfReadOnly(this.#access, `aptible ${argv[0]}`);
		await ensureSshKey();
		await this.#run(argv, operationTimeoutMs);
	}

	#run(argv: readonly string[], timeoutMs: number): Promise<string> {
		const { signal, execute } = this.#access;
		const options = { timeoutMs, redactor: this.#redactor, onLogLine: this.#onLogLine };
		return runCli(argv, signal === undefined ? options : { ...options, signal }, execute);
	}
}
