/** The mover's life: waits for both ends and for the lease, then does what the operator wishes, one wish after the other. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration } from "./configuration.ts";
import type { Engines } from "./engine.ts";
import { isConnectionError } from "./journal/errors.ts";
import type { Progress } from "./journal/heartbeat.ts";
import { Journal, LeaseLost } from "./journal/journal.ts";
import { Lease } from "./journal/lease.ts";
import { Session } from "./journal/session.ts";
import type { Control } from "./journal/steps.ts";
import {
	endWish,
	isInSwap,
	isPaused,
	isWork,
	type KnownWish,
	refusalOf,
	refuseStale,
	renewRun,
	takeWish,
	type Wish,
	waitingWishes,
} from "./journal/wishes.ts";
import { placeOf } from "./objects/configuration.ts";
import { destroySessions } from "./open-sessions.ts";
import { hostOf, tryServers } from "./reach.ts";
import { journalDatabaseOf, type Outcome, openMoveDatabase, Worker } from "./work.ts";

export interface MoverOptions {
	configuration: Configuration;
	engines: Engines;
	/** Takes one line, without its time. */
	report: (line: string) => void;
	/** Ends the mover. */
	signal: AbortSignal;
	/** Between two looks for wishes. @default a second */
	pollMs?: number;
}

/** Pauses between two tries to connect, in milliseconds. */
const LONGEST_PAUSE_MS = 30_000;
/** For how long a wish outlives a connection that does not come back. */
const PATIENCE_MS = 30 * 60_000;
/** How often one that waits says so. */
const TELL_MS = 60_000;

/** The operator has told the run to end. */
class Stopped extends Error {
	override name = "Stopped";
}

/** Runs until the signal ends it. */
export async function runMover(options: MoverOptions): Promise<void> {
	const { signal, report } = options;
	const holder = randomBytes(6).toString("hex");
	const { configuration, engines } = options;
	report(`mover ${holder} of stage ${configuration.stage} begins`);
	for (const { name, target } of configuration.databases) report(`${name}: the target is ${hostOf(target)}`);
	let isTried = false;
	while (!signal.aborted) {
		const lease = await takeLease(options, holder);
		if (lease === undefined) return;
		report(`mover ${holder} holds the lease, epoch ${lease.lease.epoch}`);
		// What waits for an answer that does not come would not end otherwise.
		lease.lease.signal.addEventListener("abort", destroySessions, { once: true });
		try {
			if (!isTried) for (const line of await tryServers(configuration, engines)) report(line);
			isTried = true;
			await new Tenure(options, lease.lease, lease.progress).work();
		} catch (error) {
			if (!(error instanceof LeaseLost) && !lease.lease.signal.aborted && !isConnectionError(error)) throw error;
			report(`${error instanceof Error ? error.message : error}; it begins anew`);
		} finally {
			await lease.lease.release();
		}
	}
}

/** Takes the lease, however long that takes; undefined where the mover is to end. */
async function takeLease(
	{ configuration, report, signal }: MoverOptions,
	holder: string,
): Promise<{ lease: Lease; progress: Progress } | undefined> {
	const database = journalDatabaseOf(configuration);
	const progress: Progress = { state: "idle", parts: 0, rows: 0, bytes: 0, blockers: 0, warnings: 0 };
	const tell = onceIn(TELL_MS, report);
	for (let failures = 0; !signal.aborted; ) {
		let pauseMs: number;
		try {
			const lease = await Lease.take({
				open: () => openMoveDatabase(database),
				holder,
				seconds: configuration.leaseSeconds,
				progress: () => progress,
			});
			if (lease instanceof Lease) return { lease, progress };
			failures = 0;
			tell(`another mover (${lease.holder}) holds the lease; this one waits for it`);
			pauseMs = Math.min(lease.seconds * 1000, 2_000);
		} catch (error) {
			if (!isConnectionError(error) && !isPassingAtStart(error)) throw error;
			failures += 1;
			pauseMs = backoff(failures);
			tell(`the target does not answer (${(error as Error).message}); it is asked again`);
		}
		await pause(pauseMs + 100, signal);
	}
	return undefined;
}

/** A login or a certificate that is not there yet: the endpoint's name comes into it with the restart. */
function isPassingAtStart(error: unknown): boolean {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	return /^(28P01|28000|ERR_TLS_|CERT_|SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO)/.test(code);
}

/** The time in which one holder has the lease. */
class Tenure {
	readonly #options: MoverOptions;
	readonly #lease: Lease;
	readonly #progress: Progress;
	readonly #asks: Session;
	/** Of the journal alone, so that its lines wait for nothing else. */
	readonly #lines: Session;
	/** Ends the mover, or the lease is lost. */
	readonly #signal: AbortSignal;
	#stop = new AbortController();
	#isPaused = false;
	/** Whether nothing is left of rehearsals that were stopped while no mover was at work on them. */
	#isClean = false;

	constructor(options: MoverOptions, lease: Lease, progress: Progress) {
		this.#options = options;
		this.#lease = lease;
		this.#progress = progress;
		const database = journalDatabaseOf(options.configuration);
		this.#asks = new Session(() => openMoveDatabase(database));
		this.#lines = new Session(() => openMoveDatabase(database));
		this.#signal = AbortSignal.any([options.signal, lease.signal]);
	}

	/** Does what is wished until the mover ends or the lease is lost. */
	async work(): Promise<void> {
		const { configuration, report } = this.#options;
		const { holder, epoch } = this.#lease;
		const folder = configuration.journalFolder;
		const journal = await Journal.open({
			client: this.#lines,
			holder,
			epoch,
			databases: [
				...[...configuration.databases, ...configuration.uncopied].map(({ name }) => name),
				...configuration.objects.map(({ name }) => placeOf(name)),
			],
			...(folder === undefined ? {} : { file: path.join(folder, `${configuration.stage}.jsonl`) }),
			onLine: ({ seq, run, database, step, part, state, evidence }) => {
				// What a freeze has noted can be undone from this log, should the target and every file be gone.
				const noted = step === "freeze" && state === "note" ? JSON.stringify(evidence) : "";
				report(`journal ${seq}: ${[run, database, step, part, state, noted].filter((word) => word !== "").join(" ")}`);
			},
		});
		if (journal.wasTorn)
			report("the journal's file ended in half a line, of a mover that was killed; it is written anew");
		try {
			await this.#loop(journal);
		} finally {
			journal.close();
			await Promise.all([this.#asks.end(), this.#lines.end()]);
		}
	}

	async #loop(journal: Journal): Promise<void> {
		this.#isPaused = await isPaused(this.#asks);
		let isIdleTold = false;
		while (!this.#signal.aborted) {
			this.#progress.state = this.#isPaused ? "paused" : "idle";
			const next = await this.#nextWork();
			if (next !== undefined && (await this.#perform(journal, next))) {
				isIdleTold = false;
				continue;
			}
			if (!this.#isClean) await this.#removeStopped(journal);
			if (!isIdleTold) this.#options.report("waits for wishes: npm run move -- check --stack STACK");
			isIdleTold = true;
			await pause(this.#options.pollMs ?? 1_000, this.#signal);
		}
		if (this.#lease.signal.aborted) throw this.#lease.signal.reason;
	}

	/** Takes up what is about the work that is under way, refuses what is not understood, and gives the oldest work. */
	async #nextWork(underWay?: KnownWish): Promise<KnownWish | undefined> {
		let work: KnownWish | undefined;
		for (const wish of await waitingWishes(this.#asks)) {
			const refusal = refusalOf(wish);
			if (refusal !== undefined) {
				this.#options.report(
					`a wish is refused, as its ${refusal} is not one of this mover's; use a checkout of its release`,
				);
				await endWish(this.#asks, wish.id, this.#lease, "refused", refusal);
			} else if (isWork(wish.command)) {
				if (wish.id !== underWay?.id) work ??= wish as KnownWish;
			} else if (wish.command === "stop") {
				// Wishes come in their order, so that it is about those before it.
				if (await this.#takeStop(wish.id, underWay, work)) work = undefined;
			} else {
				await this.#take(wish, underWay !== undefined);
			}
		}
		return work;
	}

	async #take({ id, command }: Wish, isAtWork: boolean): Promise<void> {
		this.#isPaused = command === "pause";
		if (isAtWork) this.#progress.state = this.#isPaused ? "paused" : "running";
		await endWish(this.#asks, id, this.#lease, "done", undefined);
		this.#options.report(`${command}: done`);
	}

	/**
	 * Stops the work that is under way, or that an earlier holder has begun and this one has not taken up again.
	 *
	 * @returns whether the latter is over with that
	 */
	async #takeStop(id: number, underWay: KnownWish | undefined, begun: KnownWish | undefined): Promise<boolean> {
		const { report } = this.#options;
		this.#stop.abort(new Stopped("the run is stopped, as the operator wished"));
		const run = begun?.run;
		const isInItsSwap = run !== undefined && (await isInSwap(this.#asks, run));
		if (begun !== undefined && !isInItsSwap) {
			await endWish(this.#asks, begun.id, this.#lease, "stopped", "operator");
			this.#isClean = false;
		}
		await endWish(this.#asks, id, this.#lease, "done", undefined);
		if (isInItsSwap) report(`stop: ${begun?.command} of run ${run} is being swapped in, which is carried through`);
		else report(`stop: ${underWay === undefined && begun === undefined ? "nothing is under way" : "done"}`);
		return !isInItsSwap;
	}

	/** Does a wish. @returns whether it was to be taken up */
	async #perform(journal: Journal, wish: KnownWish): Promise<boolean> {
		const { report } = this.#options;
		if (await refuseStale(this.#asks, wish.id, this.#lease)) {
			report(
				`${wish.command}: refused, as it was asked or last worked on more than 10 minutes ago; look at both sides: npm run move -- status --stack STACK; then ask again`,
			);
			return false;
		}
		let run = await takeWish(this.#asks, wish.id, this.#lease);
		if (run === undefined) return false;
		report(`${wish.command} ${wish.state === "taken" ? "goes on" : "begins"} as run ${run}`);
		this.#stop = new AbortController();
		const signal = AbortSignal.any([this.#signal, this.#stop.signal]);
		Object.assign(this.#progress, { state: this.#isPaused ? "paused" : "running", command: wish.command, run });
		const control = { signal, isPaused: () => this.#isPaused };
		const ended = new AbortController();
		const watching = this.#watch(wish, ended.signal);
		const worker = this.#worker(journal, control);
		try {
			let outcome = await this.#outcomeOf(worker, journal, wish, run, signal);
			while (outcome.state === "anew") {
				run = await renewRun(this.#asks, wish.id, this.#lease);
				if (run === undefined) return false;
				report(`${wish.command} begins anew as run ${run}`);
				this.#progress.run = run;
				outcome = await this.#outcomeOf(worker, journal, wish, run, signal);
			}
			const { state, reason } = outcome;
			if (state === "stopped" && wish.command === "rehearse") await worker.discard(run);
			await endWish(this.#asks, wish.id, this.#lease, state, reason);
			report(`${wish.command} of run ${run}: ${state}${reason === undefined ? "" : ` (${reason})`}`);
			return true;
		} finally {
			ended.abort();
			await watching;
			await worker.close();
			for (const field of ["command", "run", "database", "step"] as const) delete this.#progress[field];
		}
	}

	#worker(journal: Journal, control: Control): Worker {
		const { configuration, engines, report } = this.#options;
		const given = { configuration, engines, journal, asks: this.#asks, progress: this.#progress, report };
		return new Worker({ ...given, control, lasting: this.#lasting });
	}

	/** Of what a stop does not end. */
	get #lasting(): Control {
		return { signal: this.#signal, isPaused: () => false };
	}

	/** Removes the copies of rehearsals that were stopped while no mover was at work on them. */
	async #removeStopped(journal: Journal): Promise<void> {
		const worker = this.#worker(journal, this.#lasting);
		try {
			await worker.discardStopped();
		} catch (error) {
			if (this.#signal.aborted || isConnectionError(error)) throw error;
			this.#options.report(`the copy of a rehearsal that was stopped stays: ${(error as Error).message}`);
		} finally {
			await worker.close();
		}
		this.#isClean = true;
	}

	/** Looks for wishes about the work that is under way. */
	async #watch(underWay: KnownWish, ended: AbortSignal): Promise<void> {
		while (!ended.aborted) {
			await pause(this.#options.pollMs ?? 1_000, ended);
			if (ended.aborted) return;
			// A session that ends is opened anew by the next look; the lease tells when that is too late.
			await this.#nextWork(underWay).catch(() => {});
		}
	}

	/** Performs until there is an outcome: where a connection ends, the work goes on from what is done. */
	async #outcomeOf(
		worker: Worker,
		journal: Journal,
		wish: KnownWish,
		run: string,
		signal: AbortSignal,
	): Promise<Outcome | { state: "stopped"; reason: string }> {
		let lastProgress = -1;
		let deadline = Date.now() + PATIENCE_MS;
		for (let failures = 0; ; ) {
			try {
				if (failures > 0) await journal.catchUp();
				return await worker.perform(wish, run);
			} catch (error) {
				if (this.#signal.aborted) throw this.#signal.reason;
				// Half a stage in its place is no end.
				const isOver = signal.aborted && !worker.isSwapping;
				if (isOver) return { state: "stopped", reason: "operator" };
				if (!isConnectionError(error)) throw error;
				if (this.#progress.parts > lastProgress) {
					lastProgress = this.#progress.parts;
					deadline = Date.now() + PATIENCE_MS;
				}
				if (Date.now() > deadline) return { state: "failed", reason: "connection" };
				failures += 1;
				this.#options.report(`a connection has ended (${(error as Error).message}); the run goes on from what is done`);
				await pause(backoff(failures), worker.isSwapping ? this.#signal : signal);
			}
		}
	}
}

function backoff(failures: number): number {
	return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(failures, 6));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Tells the same line again only after a while. */
function onceIn(ms: number, tell: (line: string) => void): (line: string) => void {
	let last = "";
	let at = Number.NEGATIVE_INFINITY;
	return (line) => {
		const now = performance.now();
		const kind = line.replaceAll(/\d+/g, "");
		if (kind === last && now - at < ms) return;
		[last, at] = [kind, now];
		tell(line);
	};
}
