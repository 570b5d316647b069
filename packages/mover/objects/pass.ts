/** One pass over a container: what the target lacks is copied, what the source has deleted is deleted where that was asked for. */
import { runJobs } from "../jobs.ts";
import { GONE, ObjectRefused } from "./answers.ts";
import type { Copy, Known } from "./known.ts";
import { differencesOf, isAddressable, type ListedObject } from "./listed.ts";
import { inChunks, type Pair, pairUp } from "./pairs.ts";
import type { Store } from "./store.ts";
import { type Tallied, type Tally, tally } from "./tally.ts";
import { type Limits, ObjectMoved, transfer } from "./transfer.ts";

export interface PassTask {
	source: Store;
	target: Store;
	known: Known;
	/** Whether the source goes on being written to: nothing is deleted then. */
	live: boolean;
	/** Whether more may be deleted than a small share of what was copied. */
	mayDelete: boolean;
	/**
	 * When the first of the passes began that is not finished, by each account's own clock: what the target has from then on was copied by
	 * one of them.
	 */
	begun: { sourceMs: number; targetMs: number };
	/** When the last finished pass began, by the source's clock: what was not changed since is as that one left it. */
	finishedMs: number | undefined;
	/** Objects at a time. */
	jobs: number;
	limits: Limits;
	checkpoint: () => Promise<void>;
	/** Told of each object that was looked at, and the bytes that were copied for it. */
	onObject: (bytes: number) => void;
	/** Objects that are judged at a time. @default 500 */
	chunk?: number;
}

export interface Passed {
	/** Objects and bytes that were copied. */
	copied: number;
	bytes: number;
	/** Objects that were as they have to be. */
	kept: number;
	/** Objects that were deleted on the source while they were to be copied. */
	gone: number;
	/** Copies whose source is deleted; of a pass that deletes nothing those that the last one will delete. */
	deletable: number;
	deleted: number;
	/** Whether so many would be deleted that a person has to say so. */
	isDeletionRefused: boolean;
	/** Names by why they could not be copied or deleted: the service's code, or `name`. */
	failures: Tally;
}

/** What two servers of one account may differ by, and what lies between two readings of clocks, in milliseconds. */
const SKEW_MS = 30_000;
const CHUNK = 500;
/** An object that changes while it is copied is copied again this often. */
const TRIES = 5;
/** Deletions that need nobody's word: this many, or this share of the copies. */
const FREE_DELETIONS = 10;
const FREE_SHARE = 0.01;

/** Copies and deletes. @throws as the stores do */
export async function runPass(task: PassTask): Promise<Passed> {
	const pass = new Pass(task);
	await pass.copy();
	if (!task.live) await pass.delete();
	return pass.passed;
}

/** Whether a copy has to be made again, as far as both listings tell. */
export function isStale(
	{ source, target }: { source: ListedObject; target: ListedObject },
	{ begun, finishedMs }: Pick<PassTask, "begun" | "finishedMs">,
): boolean {
	if (differencesOf(source, target).length > 0) return true;
	if (finishedMs !== undefined && source.modified + SKEW_MS < finishedMs) return false;
	// Each by its own clock: both were read at about the same time.
	const [changed, copied] = [source.modified - begun.sourceMs, target.modified - begun.targetMs];
	return copied <= 0 || copied < changed + SKEW_MS;
}

class Pass {
	readonly #task: PassTask;
	readonly #failures = new Map<string, Tallied>();
	readonly passed = {
		copied: 0,
		bytes: 0,
		kept: 0,
		gone: 0,
		deletable: 0,
		deleted: 0,
		isDeletionRefused: false,
		failures: this.#failures as Tally,
	};

	constructor(task: PassTask) {
		this.#task = task;
	}

	async copy(): Promise<void> {
		const { source: from, known, onObject } = this.#task;
		for await (const pairs of this.#pairs()) {
			const left: Copy[] = [];
			const stale: Pair[] = [];
			for (const pair of pairs) {
				const { source, target } = pair;
				if (source === undefined) continue;
				if (target === undefined || isStale({ source, target }, this.#task)) stale.push(pair);
				else {
					left.push({ name: pair.name, etag: target.etag });
					this.passed.kept += 1;
					onObject(0);
				}
			}
			await this.#each(stale, async (pair) => {
				const etag = await this.#carry(pair);
				if (etag !== undefined) left.push({ name: pair.name, etag });
			}).finally(() => known.note(left));
			await this.#each(await this.#deletable(pairs), async ({ name }) => {
				// A listing in another order shows what is there as missing.
				if (!(await from.has(name))) this.passed.deletable += 1;
			});
		}
	}

	async delete(): Promise<void> {
		const { source, target, known, mayDelete } = this.#task;
		const { passed } = this;
		if (passed.deletable === 0) return;
		const free = Math.max(FREE_DELETIONS, FREE_SHARE * (await known.count()));
		passed.isDeletionRefused = passed.deletable > free && !mayDelete;
		if (passed.isDeletionRefused) return;
		for await (const pairs of this.#pairs()) {
			const gone: string[] = [];
			await this.#each(await this.#deletable(pairs), async ({ name, target: copy }) => {
				if (await source.has(name)) return;
				await target
					.ask((abortSignal) =>
						target.container
							.getBlobClient(name)
							.delete({ abortSignal, ...(copy === undefined ? {} : { conditions: { ifMatch: copy.etag } }) })
							.then(() => {}),
					)
					.catch((error: unknown) => {
						// An answer was lost, and it is done.
						if (!(error instanceof ObjectRefused && error.code === GONE)) throw error;
					});
				gone.push(name);
				passed.deleted += 1;
			});
			await known.forget(gone);
		}
	}

	#pairs(): AsyncGenerator<Pair[]> {
		const { source, target, chunk = CHUNK } = this.#task;
		return inChunks(pairUp(source.list(), target.list()), chunk);
	}

	/** Copies whose source is not there. */
	async #deletable(pairs: readonly Pair[]): Promise<Pair[]> {
		const alone = pairs.flatMap((pair) => (pair.source === undefined && pair.target !== undefined ? [pair] : []));
		if (alone.length === 0) return [];
		const ours = await this.#task.known.ours(alone.map(({ name, target }) => ({ name, etag: target?.etag ?? "" })));
		return alone.filter(({ name }) => ours.has(name));
	}

	/** Does something with several objects at a time; what one is refused for is noted, and the others go on. */
	#each(pairs: readonly Pair[], act: (pair: Pair) => Promise<void>): Promise<void> {
		const { jobs, checkpoint } = this.#task;
		return runJobs({
			items: pairs,
			allowed: () => jobs,
			checkpoint,
			work: async (pair) => {
				try {
					await act(pair);
				} catch (error) {
					if (!(error instanceof ObjectRefused)) throw error;
					this.#fail(error.code, pair.name);
				}
			},
		});
	}

	/** Copies one object until source and target have stood still for it. @returns the copy's ETag; undefined where there is none */
	async #carry({ name, source: listed, target: former }: Pair): Promise<string | undefined> {
		const { source, target, limits, checkpoint, begun, onObject } = this.#task;
		if (!isAddressable(name)) return this.#fail("name", name);
		let [object, inPlace] = [listed, former];
		for (let tries = 0; object !== undefined && tries < TRIES; tries += 1) {
			try {
				const etag = await transfer({ source, target, object, former: inPlace, limits, checkpoint });
				return this.#done(object, etag);
			} catch (error) {
				const isGone = error instanceof ObjectRefused && error.code === GONE;
				if (!isGone && !(error instanceof ObjectMoved)) throw error;
			}
			const before: ListedObject = object;
			[object, inPlace] = [await source.find(name), await target.find(name)];
			const isDone =
				object?.etag === before.etag &&
				inPlace !== undefined &&
				differencesOf(object, inPlace).length === 0 &&
				inPlace.modified > begun.targetMs;
			// The answer to a request was lost, and it had been carried out.
			if (isDone && object !== undefined && inPlace !== undefined) return this.#done(object, inPlace.etag);
		}
		if (object !== undefined) return this.#fail("changing", name);
		this.passed.gone += 1;
		onObject(0);
		return undefined;
	}

	#done({ length }: ListedObject, etag: string): string {
		this.passed.copied += 1;
		this.passed.bytes += length;
		this.#task.onObject(length);
		return etag;
	}

	#fail(why: string, name: string): undefined {
		tally(this.#failures, why, name);
		return undefined;
	}
}
