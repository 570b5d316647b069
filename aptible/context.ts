import { setTimeout as sleep } from "node:timers/promises";
import type { Access } from "./access.ts";
import { Api } from "./api/api.ts";
import { listOperations, type Operation, type OperationTarget } from "./api/operations.ts";
import { Cli } from "./cli/cli.ts";
import { readOperationLogs } from "./cli/operations.ts";
import { ApiError, AptibleError, OperationError } from "./errors.ts";
import { Redactor } from "./redact.ts";

const firstPollMs = 250;
const longestPollMs = 5_000;
const heartbeatMs = 15_000;
const logLinesShown = 15;
/** Progress goes into the environment of the next run (PULUMI_COMMAND_STDERR), where Linux takes 128 KiB. */
const longestLogLine = 160;

/** An object that operations are sent to. */
export interface OperationObject {
	target: OperationTarget;
	id: number;
	/** As messages call it: `app "portal"`. */
	label: string;
}

/** What a reconciler works with: the CLI, the API, what must not be printed, and how long a wait may be. */
export class Context {
	readonly redactor = new Redactor();
	readonly api: Api;
	readonly cli: Cli;
	/** Waits for an operation end after this long. Longer than anything that Aptible documents but replicas. */
	readonly #waitMs: number;
	#lastLogLine = "";

	readonly #write: (text: string) => void;

	constructor(options: Access & { waitMs?: number; write?: (text: string) => void } = {}) {
		this.#write = options.write ?? ((text) => void process.stderr.write(text));
		this.#waitMs = options.waitMs ?? 90 * 60_000;
		this.api = new Api(options);
		const remember = (line: string) => {
			this.#lastLogLine = line.slice(0, longestLogLine);
		};
		this.cli = new Cli(this.redactor, remember, options);
	}

	/** One line for the person who watches: Pulumi shows it live beside the resource. */
	progress(text: string): void {
		this.#write(`${this.redactor.mask(text)}\n`);
	}

	/**
	 * Waits until no operation of the object is queued or running, and gives the newest one. An earlier run may have been
	 * killed while its operation went on: a second one sent on top would do the work twice.
	 */
	async settled(object: OperationObject): Promise<Operation | undefined> {
		const deadline = Date.now() + this.#waitMs;
		for (let pauseMs = firstPollMs; ; pauseMs = Math.min(pauseMs * 2, longestPollMs)) {
			const operations = await listOperations(this.api, object.target, object.id);
			const active = operations.find(({ status }) => status === "queued" || status === "running");
			if (active === undefined) return operations[0];
			if (Date.now() > deadline) {
				throw new OperationError(
					`${object.label}: operation ${active.id} (${active.type}) is still ${active.status} after ` +
						`${Math.round(this.#waitMs / 60_000)} minutes. Look at it with \`aptible operation:follow ${active.id}\`, ` +
						"then run `pulumi up` again: it goes on from there.",
				);
			}
			await sleep(pauseMs);
		}
	}

	/**
	 * Sends one operation and waits for its end. What counts is what Aptible says of the operation afterwards: the CLI's exit
	 * code follows an SSH log stream, which can end early with 0 or break off while the work goes on (facts/aptible.md §0.5, §0.7).
	 *
	 * @param advise what to do about a failure, going by the operation's log
	 * @throws OperationError with the operation's own log, when it failed.
	 */
	async operate(
		object: OperationObject,
		doing: string,
		send: () => Promise<void>,
		advise?: (log: string) => string | undefined,
	): Promise<void> {
		const before = (await this.settled(object))?.id ?? 0;
		const sent = await this.#sending(`${object.label}: ${doing}`, send);
		await this.confirm(object, doing, before, sent, advise);
	}

	/** Sends a command that both makes a record and starts its operation; gives its failure, if any, for `confirm`. */
	async create(label: string, doing: string, send: () => Promise<void>): Promise<Error | undefined> {
		return this.#sending(`${label}: ${doing}`, send);
	}

	/** The second half of `operate`: waits for the operation after `before`, and fails if it or the sending failed. */
	async confirm(
		object: OperationObject,
		doing: string,
		before: number,
		sent: Error | undefined,
		advise?: (log: string) => string | undefined,
	): Promise<void> {
		const newest = await this.settled(object);
		if (newest === undefined || newest.id <= before) {
			if (sent !== undefined) throw sent;
			throw new AptibleError(
				`${object.label}: ${doing} was sent, but Aptible shows no operation for it. Run \`pulumi up\` again.`,
			);
		}
		if (newest.status === "succeeded") return;
		const log = await readOperationLogs(this.cli, newest.id).catch(() => "");
		const lines = this.redactor.mask(log).trimEnd().split("\n").slice(-logLinesShown);
		const advice = advise?.(log);
		throw new OperationError(
			[
				`${object.label}: ${doing} failed (operation ${newest.id}, ${newest.type} ${newest.status}).`,
				...(log === "" ? [] : ["The end of its log:", ...lines.map((line) => `  ${line}`)]),
				...(advice === undefined ? [] : [advice]),
				`The whole log: aptible operation:logs ${newest.id}. Once the cause is mended, run \`pulumi up\` again: it goes on from here.`,
			].join("\n"),
		);
	}

	/**
	 * Deprovisions an object and waits until the lists no longer show it. Gone already, or gone meanwhile, is success: the CLI
	 * takes the API's 404 for an error on endpoints (facts/terraform-provider.md §3.5).
	 *
	 * @throws OperationError with the operation's own log, when it failed.
	 */
	async deprovision(
		object: OperationObject,
		send: () => Promise<void>,
		isListed: () => Promise<boolean>,
	): Promise<void> {
		const operations = () =>
			this.settled(object).catch((error: unknown) => {
				if (error instanceof ApiError && error.status === 404) return undefined;
				throw error;
			});
		const before = (await operations())?.id ?? 0;
		if (!(await isListed())) return;
		const sent = await this.#sending(`${object.label}: deprovisioning`, send);
		const newest = await operations();
		if (!(await isListed())) return;
		if (newest !== undefined && newest.id > before && newest.status === "succeeded") {
			throw new AptibleError(`${object.label} is still listed after it was deprovisioned. Run the command again.`);
		}
		await this.confirm(object, "deprovisioning", before, sent);
	}

	async #sending(text: string, send: () => Promise<void>): Promise<Error | undefined> {
		const started = Date.now();
		this.#lastLogLine = "";
		this.progress(`${text}...`);
		const heartbeat = setInterval(() => {
			const seconds = Math.round((Date.now() - started) / 1000);
			this.progress(`${text}: ${seconds} s${this.#lastLogLine === "" ? "" : `, ${this.#lastLogLine}`}`);
		}, heartbeatMs);
		try {
			await send();
			return undefined;
		} catch (error) {
			return error as Error;
		} finally {
			clearInterval(heartbeat);
		}
	}
}
