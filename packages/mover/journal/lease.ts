/** One mover at a time: a lease that the server's clock decides about. */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { destroy } from "../postgresql/connection.ts";
import { LeaseLost } from "./journal.ts";

/** Who holds the lease where it was not to be had. */
export interface HeldLease {
	holder: string;
	seconds: number;
}

export interface LeaseOptions {
	/** Opens a session in database `move`. The lease has one of its own, so that no long query delays it. */
	open: () => Promise<pg.Client>;
	holder: string;
	/** How long it lasts without being renewed. */
	seconds: number;
	/** What the heartbeat says, asked for at each renewal: numbers and words of the journal's. */
	progress: () => object;
}

/** How long giving it back may take; then its end does the same. */
const RELEASE_MS = 2_000;

const RENEW = `WITH mine AS (
	UPDATE public.lease SET until = clock_timestamp() + make_interval(secs => $3)
	WHERE holder = $1 AND epoch = $2 AND until > clock_timestamp() RETURNING holder, epoch
) INSERT INTO public.heartbeat (holder, epoch, at, progress) SELECT holder, epoch, clock_timestamp(), $4 FROM mine
ON CONFLICT (single) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, at = excluded.at, progress = excluded.progress`;

/** A lease that is held: renewed until it is given back, or lost, which ends its signal. */
export class Lease {
	readonly holder: string;
	readonly epoch: number;
	readonly #options: LeaseOptions;
	readonly #lost = new AbortController();
	readonly #closing = new AbortController();
	#client: pg.Client;
	/** Until when it is ours at least, by this process's own clock: the server counts from a later moment. */
	#until: number;
	readonly #renewing: Promise<void>;

	/** Takes the lease unless somebody holds it. */
	static async take(options: LeaseOptions): Promise<Lease | HeldLease> {
		const client = await options.open();
		try {
			const asked = performance.now();
			const { rows } = await client.query("SELECT * FROM public.take_lease($1, $2)", [options.holder, options.seconds]);
			const { taken_epoch: epoch, held_by: holder, held_seconds: seconds } = rows[0];
			if (epoch !== null) {
				// Until the first renewal, whoever looks would take the mover for one that is not there.
				await client.query(RENEW, [options.holder, epoch, options.seconds, JSON.stringify(options.progress())]);
				return new Lease(options, client, epoch, asked + options.seconds * 1000);
			}
			await client.end();
			return { holder, seconds };
		} catch (error) {
			await client.end().catch(() => {});
			throw error;
		}
	}

	private constructor(options: LeaseOptions, client: pg.Client, epoch: number, until: number) {
		this.#options = options;
		this.holder = options.holder;
		this.epoch = epoch;
		this.#client = client;
		this.#until = until;
		this.#renewing = this.#renew();
	}

	/** Ends when the lease is lost; its reason is a LeaseLost. */
	get signal(): AbortSignal {
		return this.#lost.signal;
	}

	/** Gives the lease back, so that the next mover need not wait for its end. */
	async release(): Promise<void> {
		this.#closing.abort();
		await this.#renewing;
		// A lost one is nobody's to give back.
		if (!this.signal.aborted) await within(RELEASE_MS, this.#giveBack());
		destroy(this.#client);
	}

	async #giveBack(): Promise<void> {
		const sql = "UPDATE public.lease SET until = '-infinity' WHERE holder = $1 AND epoch = $2";
		await this.#client.query(sql, [this.holder, this.epoch]);
		await this.#client.end();
	}

	async #renew(): Promise<void> {
		const { signal } = this.#closing;
		const pauseMs = (this.#options.seconds * 1000) / 4;
		while (!signal.aborted) {
			await sleep(pauseMs, undefined, { signal }).catch(() => {});
			if (signal.aborted) return;
			const left = this.#until - performance.now();
			const outcome = await within(left, this.#renewOnce());
			if (outcome === "renewed") continue;
			if (outcome === "lost" || performance.now() >= this.#until) {
				const why =
					outcome === "lost"
						? "the server says that it has ended or is another mover's"
						: `it could not be renewed for ${this.#options.seconds} s`;
				this.#lost.abort(new LeaseLost(`the lease of epoch ${this.epoch} is lost: ${why}`));
				return;
			}
			await sleep(Math.min(500, pauseMs), undefined, { signal }).catch(() => {});
			await within(this.#until - performance.now(), this.#reconnect());
		}
	}

	async #renewOnce(): Promise<"renewed" | "lost"> {
		const asked = performance.now();
		const { holder, seconds, progress } = this.#options;
		const values = [holder, this.epoch, seconds, JSON.stringify(progress())];
		const { rowCount } = await this.#client.query(RENEW, values);
		if (rowCount === 0) return "lost";
		this.#until = asked + seconds * 1000;
		return "renewed";
	}

	async #reconnect(): Promise<"connected"> {
		destroy(this.#client);
		this.#client = await this.#options.open();
		return "connected";
	}
}

/** What a promise comes to, or undefined where it fails or takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
	const ended = new AbortController();
	try {
		return await Promise.race([
			promise.catch(() => undefined),
			sleep(Math.max(ms, 0), undefined, { signal: ended.signal }).catch(() => undefined),
		]);
	} finally {
		ended.abort();
	}
}
