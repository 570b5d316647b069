/**
 * An emulated Aptible with reconcilers and CLI in this very process: a run takes milliseconds, and one that is killed is one that
 * never goes on. Many may be at work side by side.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi } from "@medstack-to-aptible/sandbox/aptible/api-server.ts";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { startDns } from "@medstack-to-aptible/sandbox/aptible/dns-server.ts";
import { countMutations, markJournal, readJournal } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { createEnvironment, sandboxToken } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import type { z } from "zod";
import { Api } from "../../aptible/api/api.ts";
import { Cli } from "../../aptible/cli/cli.ts";
import { CliError } from "../../aptible/client/errors.ts";
import { Redactor } from "../../aptible/client/redact.ts";
import { retryReads } from "../../aptible/client/retry.ts";
import { Context } from "../../aptible/context.ts";
import { fakeSshKey } from "../support/emulated-aptible.ts";
import { quickWaits } from "../support/reconcile.ts";
import type { Plan } from "./plans.ts";
import { type Facts, type Kind, runReconciler, type Spec, type Verb } from "./reconcilers.ts";

/** How a run of a reconciler ended. */
export type Outcome =
	| { end: "succeeded"; facts: Facts | undefined }
	| { end: "failed"; error: Error }
	| { end: "killed" };

/** Whatever a process that was killed waits for. */
function never(): Promise<never> {
	return new Promise(() => {});
}

/** Thrown into the emulated CLI where it is killed. */
class Killed extends Error {}

/** Ends a run after its `n`-th write, or when told to. */
class Life {
	/** Resolves when it ends. */
	readonly over: Promise<void>;
	#end: () => void = () => {};
	#isOver = false;
	readonly #dir: string;
	readonly #mark: number;
	readonly #writes: number | undefined;

	constructor(dir: string, writes: number | undefined) {
		this.#dir = dir;
		this.#writes = writes;
		this.#mark = writes === undefined ? 0 : markJournal(dir);
		this.over = new Promise((resolve) => {
			this.#end = resolve;
		});
	}

	/** Ends it now. */
	end(): void {
		this.#isOver = true;
		this.#end();
	}

	/** Whether it is over, now that something may have been written. */
	isOver(): boolean {
		if (this.#isOver || this.#writes === undefined) return this.#isOver;
		this.#isOver = countMutations(this.#dir, this.#mark) >= this.#writes;
		if (this.#isOver) this.end();
		return this.#isOver;
	}

	/** What a call answers, unless the run was killed meanwhile. */
	async guard<T>(call: () => Promise<T>): Promise<T> {
		if (this.isOver()) return never();
		const result = await call().then(
			(value) => () => value,
			(error: unknown) => () => {
				throw error;
			},
		);
		return this.isOver() ? never() : result();
	}
}

/** With pauses so short that the former four tries would be over before the plans' outage is. */
const patience = { patienceMs: 30_000, firstPauseMs: 4 };

class GuardedApi extends Api {
	readonly #life: Life;

	constructor(life: Life) {
		super(patience);
		this.#life = life;
	}

	override read<T extends z.ZodType>(
		url: string,
		form: T,
		shown?: { secrets?: boolean | undefined },
	): Promise<z.infer<T>> {
		return this.#life.guard(() => super.read(url, form, shown));
	}

	override send(...request: Parameters<Api["send"]>): Promise<void> {
		return this.#life.guard(() => super.send(...request));
	}

	override create<T extends z.ZodType>(url: string, body: Record<string, unknown>, form: T): Promise<z.infer<T>> {
		return this.#life.guard(() => super.create(url, body, form));
	}
}

type Run = (argv: readonly string[], isChange?: true) => Promise<string>;

class InProcessCli extends Cli {
	readonly #call: Run;

	constructor(call: Run) {
		super(new Redactor(), () => {});
		this.#call = call;
	}

	override readText(argv: readonly string[]): Promise<string> {
		return retryReads(() => this.#call(argv), patience);
	}

	override async change(argv: readonly string[]): Promise<void> {
		await this.#call(argv, true);
	}

	override async operate(argv: readonly string[]): Promise<void> {
		await this.#call(argv, true);
	}
}

class InProcessContext extends Context {
	override readonly api: Api;
	override readonly cli: Cli;

	constructor(life: Life, call: Run) {
		super({ waits: quickWaits });
		this.api = new GuardedApi(life);
		this.cli = new InProcessCli(call);
	}

	override progress(): void {}
}

const connectionTrouble = /Errno::ECONNREFUSED|\b50[0234]\b/;

/** One emulated Aptible, with the environment `acme-test` in it. */
export class World {
	/** Folder of its state. */
	readonly dir: string;
	readonly #server: Awaited<ReturnType<typeof startApi>>;
	/** Calls of the CLI whose reconciler is dead. */
	readonly #orphans: Promise<unknown>[] = [];

	private constructor(dir: string, server: Awaited<ReturnType<typeof startApi>>) {
		this.dir = dir;
		this.#server = server;
	}

	/** A new one, or one that goes on from where another was closed. */
	static async open(from?: string): Promise<World> {
		const dir = mkdtempSync(join(base(), "world-"));
		if (from === undefined) createEnvironment(dir, "acme-test");
		else cpSync(join(from, "aptible.sqlite"), join(dir, "aptible.sqlite"));
		const world = new World(dir, await startApi(dir));
		open.add(world);
		return world;
	}

	/** Waits for what a dead reconciler has left at work. */
	async orphansEnd(): Promise<void> {
		await Promise.allSettled(this.#orphans);
	}

	/** Stops it; its folder stays, to go on from. */
	async close(): Promise<string> {
		open.delete(this);
		await this.orphansEnd();
		await this.#server.close();
		return this.dir;
	}

	/** Stops it for good. */
	async end(): Promise<void> {
		await this.close();
		rmSync(this.dir, { recursive: true, force: true });
	}

	/** Runs a reconciler; it is killed after its `killedAfter`-th write, or alone at the start of its `orphanedAt`-th change by the CLI. */
	async run(
		kind: Kind,
		verb: Verb,
		spec: Spec,
		previous?: Facts,
		{ killedAfter, orphanedAt }: Pick<Plan, "killedAfter" | "orphanedAt"> = {},
	): Promise<Outcome> {
		const life = new Life(this.dir, killedAfter);
		let changes = 0;
		const call: Run = (argv, isChange) => {
			if (isChange) changes += 1;
			if (!isChange || changes !== orphanedAt) return life.guard(() => this.#call(argv, life));
			this.#orphans.push(this.#call(argv, new Life(this.dir, undefined)));
			life.end();
			return never();
		};
		process.env.APTIBLE_API_ROOT_URL = this.#server.url;
		process.env.APTIBLE_AUTH_ROOT_URL = this.#server.url;
		const context = new InProcessContext(life, call);
		const work = runReconciler(kind, verb, context, spec, previous).then(
			(facts): Outcome => ({ end: "succeeded", facts }),
			(error: Error): Outcome => ({ end: "failed", error }),
		);
		return Promise.race([work, life.over.then((): Outcome => ({ end: "killed" }))]);
	}

	/** A run that has to succeed; gives its facts. */
	async applied(kind: Kind, spec: Spec, previous?: Facts): Promise<Facts> {
		const outcome = await this.run(kind, "apply", spec, previous);
		if (outcome.end !== "succeeded") throw outcome.end === "failed" ? outcome.error : new Error("killed");
		return outcome.facts ?? {};
	}

	/** A context to look around with. */
	look(): Context {
		process.env.APTIBLE_API_ROOT_URL = this.#server.url;
		process.env.APTIBLE_AUTH_ROOT_URL = this.#server.url;
		const life = new Life(this.dir, undefined);
		return new InProcessContext(life, (argv) => this.#call(argv, life));
	}

	/** The emulated CLI, as a person would run it; gives its JSON, or its text where that is none. */
	async cli(...argv: string[]): Promise<unknown> {
		const text = await this.#call(argv, new Life(this.dir, undefined));
		return text.startsWith("[") || text.startsWith("{") ? JSON.parse(text) : text;
	}

	/** Names of the commands and requests since a mark that were sent to change something. */
	mutatingSince(mark: number): string[] {
		return readJournal(this.dir)
			.filter(({ id, mutating }) => mutating && id > mark)
			.map(({ command }) => command);
	}

	/** A mark in the journal of calls. */
	markCalls(): number {
		return readJournal(this.dir).at(-1)?.id ?? 0;
	}

	async #call(argv: readonly string[], life: Life): Promise<string> {
		const env = { ...process.env, APTIBLE_SANDBOX: this.dir, APTIBLE_OUTPUT_FORMAT: "json" };
		const onWrite = () => {
			if (life.isOver()) throw new Killed();
		};
		const { code, stdout, stderr } = await callCli(argv, env, { onWrite }).catch((error: unknown) => {
			if (error instanceof Killed) return never();
			throw error;
		});
		if (code === 0) return stdout;
		const text = stderr.trim();
		throw new CliError(argv[0] ?? "", text, text, connectionTrouble.test(text));
	}
}

/** What is to be closed in the end. */
const open = new Set<World>();

let folder: string | undefined;

/** Where worlds live. */
function base(): string {
	folder ??= mkdtempSync(join(tmpdir(), "matrix-"));
	return folder;
}

/** Leads this process to emulated Aptibles, and gives what takes it away again. */
export async function inhabit(variables: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
	await fakeSshKey({ APTIBLE_CONFIG_PATH: join(base(), "config") });
	const dns = await startDns(join(base(), "dns"));
	Object.assign(process.env, variables, {
		APTIBLE_ACCESS_TOKEN: sandboxToken(),
		APTIBLE_CONFIG_PATH: join(base(), "config"),
		MEDSTACK_TO_APTIBLE_DNS: dns.address,
	});
	// Each run that uses a certificate listens for the end of the process.
	process.setMaxListeners(0);
	// A run that was killed goes on with its heartbeat, which must not keep this process alive.
	const { setInterval: original } = globalThis;
	globalThis.setInterval = ((...call: Parameters<typeof setInterval>) =>
		original(...call).unref()) as typeof setInterval;
	return async () => {
		globalThis.setInterval = original;
		await Promise.all([...open].map((world) => world.close()));
		await dns.close();
		rmSync(base(), { recursive: true, force: true });
		folder = undefined;
	};
}
