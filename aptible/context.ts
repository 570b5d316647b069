import { AsyncLocalStorage } from "node:async_hooks";
import { Api } from "./api/api.ts";
import { listOperations, type Operation, type OperationTarget } from "./api/operation.ts";
import { type Carried, isCarriedBy, tellOperation } from "./carried.ts";
import { Cli } from "./cli/cli.ts";
import { readOperationLogs } from "./cli/operation.ts";
import type { Access } from "./client/access.ts";
import { AptibleError, isPassing, mayHaveArrived, OperationError, unlessGone } from "./client/errors.ts";
import { Redactor } from "./client/redact.ts";
import { defaultWaits, heartbeatMs, Wait, type Waits } from "./client/wait.ts";

const logLinesShown = 15;
/** What is sent late in a wait gets this long to arrive; its operation goes on without the CLI. */
const leastSendMs = 60_000;
/** Progress goes into the environment of the next run (PULUMI_COMMAND_STDERR), where Linux takes 128 KiB. */
const longestLogLine = 160;

/** An object that operations are sent to. */
export interface OperationObject {
	target: OperationTarget;
	id: number;
	/** As messages call it: `app "portal"`. */
	label: string;
}

/** What is sent to an object: as messages call it (`deploying acme/portal:2`), and by what its operation is recognised. */
export interface Sending {
	doing: string;
	carries: Carried;
}

/** What was sent: its failure, if any, and the wait that it and its operation share. */
export interface Sent {
	readonly failure: Error | undefined;
	readonly wait: Wait;
}

/** What to do about a failure, going by the operation's log. */
type Advise = (log: string) => string | undefined;

/** What a reconciler works with: the CLI, the API, what must not be printed, and how long a wait may be. */
export class Context {
	readonly redactor = new Redactor();
	readonly api: Api;
	readonly cli: Cli;
	readonly #waits: Waits;
	/** Of each thing that is done, beside others, the last line of its log. */
	readonly #log = new AsyncLocalStorage<{ last: string }>();

	/** By target and id. */
	readonly #newestSeen = new Map<string, number>();
	readonly #write: (text: string) => void;

	constructor(options: Access & { waits?: Partial<Waits> | undefined; write?: (text: string) => void } = {}) {
		this.#write = options.write ?? ((text) => void process.stderr.write(text));
		this.#waits = { ...defaultWaits, ...options.waits };
		const mask = (text: string) => this.redactor.mask(text);
		const access = { tell: (text: string) => this.progress(text), mask, ...options };
		this.api = new Api(access);
		const remember = (line: string) => {
			const log = this.#log.getStore();
			if (log !== undefined) log.last = line.slice(0, longestLogLine);
		};
		this.cli = new Cli(this.redactor, remember, access);
	}

	/** The newest operation of an object that was over before it was read, or was sent from here; undefined where none was seen. */
	newestOperation({ target, id }: Pick<OperationObject, "target" | "id">): number | undefined {
		return this.#newestSeen.get(`${target}/${id}`);
	}

	#see({ target, id }: OperationObject, operations: readonly Operation[]): void {
		const ids = [this.#newestSeen.get(`${target}/${id}`) ?? 0, ...operations.map((operation) => operation.id)];
		this.#newestSeen.set(`${target}/${id}`, Math.max(...ids));
	}

	/** How long what was just changed may be missing from what Aptible shows. */
	get lagMs(): number {
		return this.#waits.lagMs;
	}

	/** One line for the person who watches: Pulumi shows it live beside the resource. */
	progress(text: string): void {
		this.#write(`${this.redactor.mask(text)}\n`);
	}

	/**
	 * Waits until no operation of the object is queued or running, and gives the newest one. An earlier run may have been
	 * killed while its operation went on: a second one sent on top would do the work twice.
	 */
	async waitUntilIdle(object: OperationObject, wait = this.#wait()): Promise<Operation | undefined> {
		for (let isAtWork = false; ; ) {
			const operations = await this.#read(object, undefined, isAtWork ? wait : undefined);
			const active = operations.findLast(isActive);
			if (active === undefined) {
				this.#see(object, operations.slice(0, 1));
				return operations[0];
			}
			isAtWork = true;
			this.#refuseLonger(object, active, wait);
			await wait.pause(`${object.label}: waiting until ${tellOperation(active)} is over`);
		}
	}

	/**
	 * Sends one operation and waits for its end. What counts is what Aptible says of the operation afterwards: the CLI's exit
	 * code follows an SSH log stream, which can end early with 0 or break off while the work goes on (facts/aptible.md §0.5, §0.7).
	 *
	 * @param advise what to do about a failure, going by the operation's log
	 * @throws OperationError with the operation's own log, when it failed.
	 */
	async operate(object: OperationObject, sending: Sending, send: () => Promise<void>, advise?: Advise): Promise<void> {
		const wait = this.#wait();
		const before = await this.#newest(object, wait);
		await this.#operate(object, sending, send, { before, wait, advise });
	}

	/**
	 * Like `operate`, where what is sent depends on what the object is like: that is planned while no operation runs on it, and
	 * again where one has begun since.
	 *
	 * @param plan reads the object and says what is to be sent; undefined for nothing
	 * @returns whether anything was sent
	 */
	async operateIfDue(
		object: OperationObject,
		plan: () => Promise<(Sending & { send: () => Promise<void> }) | undefined>,
		advise?: Advise,
	): Promise<boolean> {
		const wait = this.#wait();
		for (let before = await this.#newest(object, wait); ; ) {
			const due = await plan();
			if (due === undefined) return false;
			const newest = await this.#newest(object, wait);
			if (newest === before) {
				await this.#operate(object, due, due.send, { before, wait, advise });
				return true;
			}
			before = newest;
		}
	}

	/** The newest operation of an object once it is idle, or 0. */
	async #newest(object: OperationObject, wait: Wait): Promise<number> {
		return (await this.waitUntilIdle(object, wait))?.id ?? 0;
	}

	async #operate(
		object: OperationObject,
		sending: Sending,
		send: () => Promise<void>,
		{ before, wait, advise }: { before: number; wait: Wait; advise?: Advise | undefined },
	): Promise<void> {
		const sent = await this.#send(`${object.label}: ${sending.doing}`, send, wait);
		await this.confirm(object, sending, before, sent, advise);
	}

	/** The first half of `operate`, for a command that makes the very object: `confirm` comes once that is found. */
	create(label: string, doing: string, send: () => Promise<void>): Promise<Sent> {
		return this.#send(`${label}: ${doing}`, send, this.#wait());
	}

	/**
	 * The second half of `operate`: waits for the operation that was sent after `before`, and fails if it or the sending failed.
	 *
	 * @param sent undefined where Aptible itself began the operation, which then has a whole wait
	 */
	async confirm(
		object: OperationObject,
		sending: Sending,
		before: number,
		{ failure, wait }: Sent = { failure: undefined, wait: this.#wait() },
		advise?: Advise,
	): Promise<void> {
		const ours = await this.#ended(object, sending, before, { failure, wait });
		this.#see(object, ours);
		await this.#judge(object, sending, ours, failure, advise);
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
		const sending = { doing: "deprovisioning", carries: { type: "deprovision" } };
		const wait = this.#wait();
		const before = await this.waitUntilIdle(object, wait).then((newest) => ({ id: newest?.id ?? 0 }), unlessGone);
		if (!(await isListed())) return;
		const sent = before && (await this.#send(`${object.label}: ${sending.doing}`, send, wait));
		const ours = sent && (await this.#ended(object, sending, before.id, sent).catch(unlessGone));
		wait.beginPart();
		while (await isListed()) {
			// Of what is gone there are no operations, while a list may still show it.
			if (ours !== undefined && !ours.some(hasSucceeded)) return this.#judge(object, sending, ours, sent?.failure);
			if (wait.hasPartPaused(this.#waits.lagMs)) {
				throw new AptibleError(`${object.label} is still listed after it was deprovisioned. Run the command again.`);
			}
			await wait.pause(`${object.label}: waiting until it is no longer listed`);
		}
	}

	/**
	 * Waits for the end of our operations after `before`, and gives them, the oldest first; none where none shows up. There may be
	 * two of them, as the CLI's HTTP library sends a request again when the connection drops (facts/aptible.md §11). Other
	 * people's operations on the object are named and left to them.
	 */
	async #ended(
		object: OperationObject,
		{ doing, carries }: Sending,
		before: number,
		{ failure, wait }: Sent,
	): Promise<Operation[]> {
		wait.beginPart();
		const named = new Set<number>();
		for (;;) {
			const since = (await this.#read(object, before, wait)).filter(({ id }) => id > before).reverse();
			const ours = since.filter((operation) => isCarriedBy(operation, carries));
			for (const other of since) {
				if (ours.includes(other) || named.has(other.id)) continue;
				named.add(other.id);
				this.progress(`${object.label}: ${tellOperation(other)} began meanwhile, and is not from here`);
			}
			const active = ours.find(isActive);
			if (active !== undefined) {
				this.#refuseLonger(object, active, wait);
				await wait.pause(`${object.label}: ${doing}: waiting until ${tellOperation(active)} is over`);
			} else if (ours.length > 0 || wait.hasPartPaused(mayHaveArrived(failure) ? this.#waits.lagMs : 0)) {
				return ours;
			} else {
				await wait.pause(`${object.label}: ${doing}: waiting until Aptible shows the operation`);
			}
		}
	}

	/**
	 * One of ours that succeeded is success, whatever became of its twin: Aptible takes back what a failed operation did, and the
	 * caller reads the object again. Else the oldest one has failed.
	 */
	async #judge(
		object: OperationObject,
		{ doing }: Sending,
		ours: readonly Operation[],
		failure: Error | undefined,
		advise?: Advise,
	): Promise<void> {
		if (ours.some(hasSucceeded)) return;
		const [failed] = ours;
		if (failed === undefined) {
			if (failure !== undefined) throw failure;
			throw new AptibleError(
				`${object.label}: ${doing} was sent, but Aptible shows no operation for it. Run \`pulumi up\` again.`,
			);
		}
		const log = await readOperationLogs(this.cli, failed.id).catch(() => "");
		const lines = this.redactor.mask(log).trimEnd().split("\n").slice(-logLinesShown);
		const advice = advise?.(log);
		throw new OperationError(
			[
				`${object.label}: ${doing} failed (operation ${failed.id}, ${failed.type} ${failed.status}).`,
				...(log === "" ? [] : ["The end of its log:", ...lines.map((line) => `  ${line}`)]),
				...(advice === undefined ? [] : [advice]),
				`The whole log: aptible operation:logs ${failed.id}. Fix the cause, then run \`pulumi up\` again: it goes on from here.`,
			].join("\n"),
		);
	}

	#refuseLonger(object: OperationObject, active: Operation, wait: Wait): void {
		const { operationMs } = this.#waits;
		if (wait.takenMs < operationMs) return;
		throw new OperationError(
			`${object.label}: ${tellOperation(active)} is still ${active.status} after ${Math.round(operationMs / 60_000)} minutes. ` +
				`Look at it with \`aptible operation:follow ${active.id}\`, then run \`pulumi up\` again: it goes on from there.`,
		);
	}

	/** @param patience a wait during which Aptible may be out of reach: what runs there goes on */
	async #read(object: OperationObject, after: number | undefined, patience: Wait | undefined): Promise<Operation[]> {
		for (;;) {
			try {
				return await listOperations(this.api, object.target, object.id, after);
			} catch (error) {
				if (patience === undefined || patience.takenMs >= this.#waits.operationMs || !isPassing(error)) throw error;
				await patience.pause(`${object.label}: waiting until Aptible answers again (${(error as Error).message})`);
			}
		}
	}

	async #send(text: string, send: () => Promise<void>, wait: Wait): Promise<Sent> {
		const leftMs = Math.max(this.#waits.operationMs - wait.takenMs, leastSendMs);
		return this.during(text, async () => {
			try {
				await this.cli.within(leftMs, send);
				return { failure: undefined, wait };
			} catch (error) {
				return { failure: error as Error, wait };
			}
		});
	}

	/** Does something that takes its time, with a line of progress when it begins and every so often. */
	async during<T>(text: string, work: () => Promise<T>): Promise<T> {
		const started = Date.now();
		const log = { last: "" };
		this.progress(`${text}...`);
		const heartbeat = setInterval(() => {
			const seconds = Math.round((Date.now() - started) / 1000);
			this.progress(`${text}: ${seconds} s${log.last === "" ? "" : `, ${log.last}`}`);
		}, heartbeatMs);
		try {
			return await this.#log.run(log, work);
		} finally {
			clearInterval(heartbeat);
		}
	}

	#wait(): Wait {
		return new Wait(this.#waits.firstPauseMs, (text) => this.progress(text));
	}
}

function isActive({ status }: Operation): boolean {
	return status === "queued" || status === "running";
}

function hasSucceeded({ status }: Operation): boolean {
	return status === "succeeded";
}
