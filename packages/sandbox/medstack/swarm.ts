/** Services of a cluster as Docker Swarm runs them: so many instances as replicas are wanted, and another one for each that ends. */
import { setTimeout as sleep } from "node:timers/promises";

/** What an instance is started with. */
export interface Instance {
	service: string;
	/** 1 and on; the next one in its place has the same. */
	slot: number;
	/** Content of each secret that the service has, by the name of its file. */
	secrets: Readonly<Record<string, string>>;
}

/** An instance that runs. */
export interface RunningInstance {
	/** Where it answers HTTP; absent where it serves nothing. */
	address?: { host: string; port: number };
	/** Resolves when it has ended, by itself or stopped. */
	ended: Promise<unknown>;
	/** Ends it, and waits until it has. */
	stop(): Promise<void>;
}

export type StartInstance = (instance: Instance) => RunningInstance | Promise<RunningInstance>;

export interface ServiceSetup {
	replicas: number;
	/** @default registry.acme.example/NAME:1 */
	image?: string;
	/** Names that the load balancer leads to it. @default none */
	domains?: readonly string[];
	/** @default nothing runs, and its replicas are a number alone */
	start?: StartInstance;
}

export interface SwarmTiming {
	/** From a change of the replicas until the cluster shows it. @default 0 */
	changeMs?: number;
	/** From the moment at which it is shown until the instances are told to end. @default 0 */
	graceMs?: number;
	/** Until the next instance starts in the place of one that has ended. @default 1000 */
	restartMs?: number;
}

/** A service as it stands. */
export class Service {
	readonly name: string;
	readonly image: string;
	domains: readonly string[];
	/** What the cluster shows. */
	replicas = 0;
	/** How often an instance that had ended was followed by another. */
	restarts = 0;
	/** Why the last start of an instance failed. */
	failure: string | undefined;
	secrets: Readonly<Record<string, string>> = {};
	readonly #start: StartInstance | undefined;
	readonly #timing: Required<SwarmTiming>;
	readonly #slots = new Map<number, Slot>();
	readonly #closing = new AbortController();
	#work: Promise<void> = Promise.resolve();

	constructor(name: string, setup: ServiceSetup, timing: Required<SwarmTiming>) {
		this.name = name;
		this.image = setup.image ?? `registry.acme.example/${name}:1`;
		this.domains = setup.domains ?? [];
		this.#start = setup.start;
		this.#timing = timing;
	}

	/** Where its instances answer HTTP. */
	get addresses(): { host: string; port: number }[] {
		return [...this.#slots.values()].flatMap(({ running }) => running?.address ?? []);
	}

	/** How many instances run. */
	get running(): number {
		return [...this.#slots.values()].filter(({ running }) => running !== undefined).length;
	}

	/** Has so many instances, later. @param afterMs @default changeMs of its cluster */
	scale(replicas: number, afterMs = this.#timing.changeMs): void {
		this.#then(afterMs, async () => {
			this.replicas = replicas;
			const extra = [...this.#slots.keys()].filter((slot) => slot > replicas);
			if (extra.length > 0) await this.#pause(this.#timing.graceMs);
			await Promise.all(extra.map((slot) => this.#end(slot)));
			for (let slot = 1; slot <= replicas; slot += 1) this.#begin(slot);
		});
	}

	/** Ends each instance and starts another in its place, one after the other. */
	renew(): void {
		this.#then(0, async () => {
			for (const slot of [...this.#slots.keys()]) {
				await this.#end(slot);
				this.#begin(slot);
			}
		});
	}

	/** Waits until every change so far is done, and each instance that is wanted has been started once. */
	async settled(): Promise<void> {
		await this.#work;
		await Promise.all([...this.#slots.values()].map(({ begun }) => begun));
	}

	async close(): Promise<void> {
		this.#closing.abort();
		await this.#work;
		await Promise.all([...this.#slots.keys()].map((slot) => this.#end(slot)));
	}

	/** Changes of one service come one after the other. */
	#then(afterMs: number, change: () => Promise<void>): void {
		const [former, waited] = [this.#work, this.#pause(afterMs)];
		this.#work = Promise.all([former, waited]).then(async () => {
			if (!this.#closing.signal.aborted) await change();
		});
	}

	async #pause(ms: number): Promise<void> {
		if (ms > 0) await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
	}

	#begin(number: number): void {
		const start = this.#start;
		if (start === undefined || this.#slots.has(number)) return;
		const slot = new Slot(
			() => start({ service: this.name, slot: number, secrets: this.secrets }),
			this.#timing.restartMs,
			(failure) => {
				this.restarts += 1;
				this.failure = failure ?? this.failure;
			},
		);
		this.#slots.set(number, slot);
	}

	async #end(number: number): Promise<void> {
		const slot = this.#slots.get(number);
		await slot?.end();
		this.#slots.delete(number);
	}
}

/** The place of one instance: whatever ends in it is followed by another until the place itself goes. */
class Slot {
	running: RunningInstance | undefined;
	/** Resolves when its first start has succeeded or failed. */
	readonly begun: Promise<void>;
	readonly #ending = new AbortController();
	readonly #done: Promise<void>;

	constructor(
		start: () => RunningInstance | Promise<RunningInstance>,
		restartMs: number,
		onRestart: (failure: string | undefined) => void,
	) {
		let begin = () => {};
		this.begun = new Promise((resolve) => {
			begin = resolve;
		});
		this.#done = this.#keep(start, restartMs, onRestart, begin);
	}

	async end(): Promise<void> {
		this.#ending.abort();
		await this.running?.stop();
		await this.#done;
	}

	async #keep(
		start: () => RunningInstance | Promise<RunningInstance>,
		restartMs: number,
		onRestart: (failure: string | undefined) => void,
		begun: () => void,
	): Promise<void> {
		const { signal } = this.#ending;
		while (!signal.aborted) {
			let failure: string | undefined;
			try {
				const running = await start();
				this.running = running;
				begun();
				if (signal.aborted) await running.stop();
				await running.ended;
			} catch (error) {
				failure = error instanceof Error ? error.message : String(error);
				begun();
			}
			this.running = undefined;
			if (signal.aborted) return;
			onRestart(failure);
			await sleep(restartMs, undefined, { signal }).catch(() => {});
		}
	}
}
