import { AsyncLocalStorage } from "node:async_hooks";
import { type Access, refuseIfReadOnly } from "../client/access.ts";
import type { Redactor } from "../client/redact.ts";
import { retryReads } from "../client/retry.ts";
import { defaultWaits } from "../client/wait.ts";
import { type Held, holdCli } from "./held.ts";
import { runCli } from "./run.ts";
import { ensureSshKey } from "./ssh-key.ts";

/** A call takes about 0.8 s before it asks anything; one that begins just before the deadline gets this long. */
const leastTimeoutMs = 5_000;
const changeTimeoutMs = 60_000;

/**
 * The `aptible` CLI, which changes things; everything is read from the API. The files beside this one have its commands, noun by noun.
 * What changes something is sent once and answers nothing: its stdout is an operation's log, so the caller reads the object again. The
 * few texts that it prints are asked for again on connection trouble until their deadline.
 */
export class Cli {
	readonly #redactor: Redactor;
	readonly #onLogLine: (line: string) => void;
	readonly #access: Access;
	readonly #limitMs = new AsyncLocalStorage<number>();

	/** @param onLogLine called with each line of an operation's log, secrets masked */
	constructor(redactor: Redactor, onLogLine: (line: string) => void, access: Access = {}) {
		this.#redactor = redactor;
		this.#onLogLine = onLogLine;
		this.#access = access;
	}

	/** Runs a command that changes nothing and prints text. */
	readText(argv: readonly string[]): Promise<string> {
		return retryReads((leftMs) => this.#run(argv, Math.max(leftMs, leastTimeoutMs)), this.#access);
	}

	/** A change that Aptible makes at once, without an operation. */
	async change(argv: readonly string[]): Promise<void> {
		refuseIfReadOnly(this.#access, `aptible ${argv[0]}`);
		await this.#run(argv, changeTimeoutMs);
	}

	/** Does something in which the CLI follows no operation for longer than this, as it is part of a wait. */
	within<T>(ms: number, work: () => Promise<T>): Promise<T> {
		return this.#limitMs.run(ms, work);
	}

	/** A change that becomes an operation, whose log the CLI follows over SSH. */
	async operate(argv: readonly string[]): Promise<void> {
		refuseIfReadOnly(this.#access, `aptible ${argv[0]}`);
		await ensureSshKey();
		await this.#run(argv, this.#limitMs.getStore() ?? defaultWaits.operationMs);
	}

	/**
	 * A command that runs until it is closed, ready once it has said something.
	 *
	 * @param ready what it says on stderr; its first group is a URL with a secret
	 */
	async hold(argv: readonly string[], ready: RegExp): Promise<Held> {
		await ensureSshKey();
		return holdCli(argv, ready, this.#redactor);
	}

	#run(argv: readonly string[], timeoutMs: number): Promise<string> {
		const { signal, execute } = this.#access;
		const options = { timeoutMs, redactor: this.#redactor, onLogLine: this.#onLogLine };
		return runCli(argv, signal === undefined ? options : { ...options, signal }, execute);
	}
}
