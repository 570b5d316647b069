/** Steps of one database in one run, on the journal: look, begin, act, look, done. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Evidence, StepActions, StepName, Steps } from "../steps.ts";
import { isConnectionError, stateOf } from "./errors.ts";
import { type Journal, LeaseLost } from "./journal.ts";
import { checkEvidence, type LineContent, SQLSTATE } from "./line.ts";

const MINUTE_MS = 60_000;

/** How long one part of a step may take. What takes longer hangs: the run ends, and the next one goes on from what is done. */
export const STEP_DEADLINES: Readonly<Record<StepName, number>> = {
	pin: 2 * MINUTE_MS,
	check: 60 * MINUTE_MS,
	"create-database": 10 * MINUTE_MS,
	roles: 10 * MINUTE_MS,
	"pre-data": 60 * MINUTE_MS,
	rows: 24 * 60 * MINUTE_MS,
	drain: 25 * 60 * MINUTE_MS,
	"large-objects": 24 * 60 * MINUTE_MS,
	sequences: 10 * MINUTE_MS,
	"post-data": 24 * 60 * MINUTE_MS,
	analyze: 6 * 60 * MINUTE_MS,
	"materialized-views": 24 * 60 * MINUTE_MS,
	grants: 30 * MINUTE_MS,
	settings: 10 * MINUTE_MS,
	counters: 5 * MINUTE_MS,
	verify: 24 * 60 * MINUTE_MS,
	swap: 5 * MINUTE_MS,
	drop: 10 * MINUTE_MS,
	watch: 60 * MINUTE_MS,
	close: 60 * MINUTE_MS,
	freeze: 10 * MINUTE_MS,
	thaw: 10 * MINUTE_MS,
	switch: 120 * MINUTE_MS,
	probe: 10 * MINUTE_MS,
	point: 30 * MINUTE_MS,
	mark: 5 * MINUTE_MS,
	back: 12 * 60 * MINUTE_MS,
	night: 24 * 60 * MINUTE_MS,
	objects: 7 * 24 * 60 * MINUTE_MS,
	rewrite: 24 * 60 * MINUTE_MS,
};

/** Whether the run may go on. */
export interface Control {
	/** Ends when the run is to stop. */
	readonly signal: AbortSignal;
	/** Whether it is paused. */
	isPaused(): boolean;
}

export interface JournalStepsOptions {
	journal: Journal;
	run: string;
	/** The stage's name of the database. */
	database: string;
	control: Control;
	/** Asked before the first part of each step: whether both sides are the ones that were pinned, and former holders are kept out. */
	confirm?: (step: StepName) => Promise<void>;
	deadlines?: Partial<Record<StepName, number>>;
	/** Told how a step went on, for progress. */
	onStep?: (step: StepName, part: string, state: "begin" | "done", evidence: Evidence) => void;
}

/** How long an act may take to end once its run has ended. */
const END_MS = 8_000;

export class JournalSteps implements Steps {
	readonly run: string;
	readonly epoch: number;
	readonly #options: JournalStepsOptions;
	readonly #ended = new AbortController();
	readonly signal: AbortSignal;
	readonly #confirmed = new Map<StepName, Promise<void>>();

	constructor(options: JournalStepsOptions) {
		this.#options = options;
		this.run = options.run;
		this.epoch = options.journal.epoch;
		this.signal = AbortSignal.any([options.control.signal, this.#ended.signal]);
	}

	async step(name: StepName, part: string, actions: StepActions): Promise<Evidence> {
		this.signal.throwIfAborted();
		await this.#confirm(name);
		const { journal, database, onStep } = this.#options;
		const at = { run: this.run, database, step: name, part };
		const found = await actions.look();
		if (found !== undefined) {
			// Another process did it, and was killed before it could say so.
			if (journal.doneSeq(at) === 0) await journal.write("done", at, found);
			onStep?.(name, part, "done", found);
			return found;
		}
		const begun = await journal.write("begin", at);
		onStep?.(name, part, "begin", {});
		try {
			await this.#act(name, part, actions);
			const evidence = await actions.look();
			if (evidence === undefined) {
				throw new Error(`step ${name} of ${database} ended without an error and has left nothing behind; run it again`);
			}
			if (name === "swap") await journal.catchUp();
			if (journal.doneSeq(at) < begun.seq) await journal.write("done", at, evidence);
			onStep?.(name, part, "done", evidence);
			return evidence;
		} catch (error) {
			if (!(error instanceof LeaseLost)) await journal.write("failed", at, failureOf(error)).catch(() => {});
			throw error;
		}
	}

	async checkpoint(): Promise<void> {
		while (this.#options.control.isPaused() && !this.signal.aborted) {
			await sleep(500, undefined, { signal: this.signal }).catch(() => {});
		}
		this.signal.throwIfAborted();
	}

	/** The line that says that a step is done, for whoever commits it together with the step: the swap. */
	doneLine(step: StepName, part: string, evidence: Evidence): LineContent {
		checkEvidence(evidence);
		return this.#options.journal.contentOf(
			"done",
			{ run: this.run, database: this.#options.database, step, part },
			evidence,
		);
	}

	#confirm(name: StepName): Promise<void> {
		const { confirm } = this.#options;
		if (confirm === undefined) return Promise.resolve();
		const confirmed = this.#confirmed.get(name) ?? confirm(name);
		this.#confirmed.set(name, confirmed);
		return confirmed;
	}

	/** Acts until the deadline; what still runs then is told to end by the signal, and waited for, so that nothing acts unseen. */
	async #act(name: StepName, part: string, actions: StepActions): Promise<void> {
		const ms = this.#options.deadlines?.[name] ?? STEP_DEADLINES[name];
		const timer = setTimeout(() => {
			const what = `step ${name}${part === "" ? "" : ` (part ${part})`} of ${this.#options.database}`;
			const seconds = Math.round(ms / 1000);
			this.#ended.abort(
				new StepDeadline(`${what} has not ended within ${seconds} s; run it again, it goes on from what is done`),
			);
		}, ms);
		const settled = new AbortController();
		try {
			await Promise.race([actions.act(), this.#givenUp(settled.signal)]);
			this.signal.throwIfAborted();
		} catch (error) {
			// What an act says that was told to end is not why it ended.
			this.signal.throwIfAborted();
			throw error;
		} finally {
			clearTimeout(timer);
			settled.abort();
		}
	}

	/** Fails some time after the run's end, unless the act has settled by then. */
	#givenUp(settled: AbortSignal): Promise<never> {
		return new Promise((_, reject) => {
			const giveUp = () => {
				const timer = setTimeout(() => reject(this.signal.reason), END_MS);
				settled.addEventListener("abort", () => clearTimeout(timer), { once: true });
			};
			if (this.signal.aborted) giveUp();
			else this.signal.addEventListener("abort", giveUp, { once: true, signal: settled });
		});
	}
}

/** A step that took longer than it may. */
export class StepDeadline extends Error {
	override name = "StepDeadline";
}

/** Why a step failed, in the journal's words. */
export function failureOf(error: unknown): Evidence {
	if (error instanceof StepDeadline) return { reason: "deadline" };
	const state = stateOf(error);
	const reason = isConnectionError(error) ? "connection" : "failed";
	return state !== undefined && SQLSTATE.test(state) ? { reason, sqlstate: state } : { reason };
}
