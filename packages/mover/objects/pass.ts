/**
 * One pass over a container: what the target lacks is copied, what the source has deleted is deleted where that was asked for. The mover
 * writes over its own copies alone, by the ETags that it has left them with.
 */
import { runJobs } from "../jobs.ts";
import { isGone, ObjectRefused } from "./answers.ts";
import type { Copy, Known, Noted } from "./known.ts";
import { differencesOf, isAddressable, type ListedObject } from "./listed.ts";
import { inChunks, type Pair, pairUp } from "./pairs.ts";
import type { Store } from "./store.ts";
import { type Tallied, type Tally, tally } from "./tally.ts";
import { isUnfinished, type Limits, MOVED, ObjectMoved, transfer } from "./transfer.ts";

export interface PassTask {
	source: Store;
	target: Store;
	known: Known;
	/** Whether the source goes on being written to: nothing is deleted then. */
	live: boolean;
	/** How many copies may be deleted, by a person's word: beyond this the share that needs none. */
	mayDelete: number;
	/** How many objects that are not the mover's own copies may be written over, by a person's word. */
	mayOverwrite: number;
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
	/** Objects of the source. */
	listed: number;
	/** Objects and bytes that were copied. */
	copied: number;
	bytes: number;
	/** Objects that were as they have to be. */
	kept: number;
	/** Of those that were copied: objects that were no copies of the mover's. */
	overwritten: number;
	/** Objects that were deleted on the source while they were to be copied. */
	gone: number;
	/** Copies whose source is deleted; of a pass that deletes nothing those that the last one will delete. */
	deletable: number;
	deleted: number;
	/** Whether so many would be deleted that a person has to say so. */
	isDeletionRefused: boolean;
	/** Names by why they could not be copied or deleted: the service's code, `name`, or `foreign` of what is not the mover's own copy. */
	failures: Tally;
}

const CHUNK = 500;
/** Copies that are noted together: what a killed mover has not noted is compared byte by byte where it has no MD5. */
const NOTED = 50;
/** An object that changes while it is copied is copied again this often. */
const TRIES = 5;
/** Deletions that need nobody's word: this share of the copies, and never more than so many. */
const FREE_SHARE = 0.01;
const FREE_DELETIONS = 10;

/** Copies and deletes. @throws as the stores do */
export async function runPass(task: PassTask): Promise<Passed> {
	const pass = new Pass(task);
	await pass.copy();
	await pass.overwrite();
	if (!task.live) await pass.delete();
	return pass.passed;
}

/** What is to be done about an object that both sides have. */
type Verdict = "kept" | "stale" | "foreign";

class Pass {
	readonly #task: PassTask;
	readonly #failures = new Map<string, Tallied>();
	readonly passed = {
		listed: 0,
		copied: 0,
		bytes: 0,
		kept: 0,
		overwritten: 0,
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
		const { source: from, onObject } = this.#task;
		for await (const pairs of this.#pairs()) {
			const here = pairs.filter(({ source }) => source !== undefined);
			this.passed.listed += here.length;
			const noted = await this.#notedOf(here);
			await this.#noting(here, async (pair) => {
				const verdict = pair.target === undefined ? "stale" : await this.#judge(pair, noted.get(pair.name));
				if (verdict === "stale") return this.#carry(pair);
				onObject(0);
				if (verdict === "foreign") return this.#fail(FOREIGN, pair.name);
				this.passed.kept += 1;
				return noteOf(pair, noted.get(pair.name));
			});
			await this.#each(await this.#deletable(pairs), async ({ name }) => {
				// A listing in another order shows what is there as missing.
				if (!(await from.has(name))) this.passed.deletable += 1;
			});
		}
	}

	/** Writes over what is not the mover's own copy, where a person has allowed at least as many as there are. */
	async overwrite(): Promise<void> {
		const { mayOverwrite } = this.#task;
		const found = this.#failures.get(FOREIGN)?.count ?? 0;
		if (found === 0 || found > mayOverwrite) return;
		this.#failures.delete(FOREIGN);
		for await (const pairs of this.#pairs()) {
			const both = pairs.filter(({ source, target }) => source !== undefined && target !== undefined);
			const noted = await this.#notedOf(both);
			await this.#noting(both, async (pair) => {
				if ((await this.#judge(pair, noted.get(pair.name))) !== "foreign") return undefined;
				if (this.passed.overwritten >= mayOverwrite) return this.#fail(FOREIGN, pair.name);
				this.passed.overwritten += 1;
				return this.#carry(pair);
			});
		}
	}

	async delete(): Promise<void> {
		const { source, target, known, mayDelete } = this.#task;
		const { passed } = this;
		if (passed.deletable === 0) return;
		// A container that lists nothing may be the wrong one.
		const free = passed.listed === 0 ? 0 : Math.min(FREE_DELETIONS, Math.floor(FREE_SHARE * (await known.count())));
		const allowed = Math.max(free, mayDelete);
		passed.isDeletionRefused = passed.deletable > allowed;
		if (passed.isDeletionRefused) return;
		let found = 0;
		for await (const pairs of this.#pairs()) {
			const gone: string[] = [];
			await this.#each(await this.#deletable(pairs), async ({ name, target: copy }) => {
				if (await source.has(name)) return;
				found += 1;
				if (found > allowed) return;
				await target
					.ask((abortSignal) =>
						target.container
							.getBlobClient(name)
							.delete({ abortSignal, ...(copy === undefined ? {} : { conditions: { ifMatch: copy.etag } }) })
							.then(() => {}),
					)
					.catch((error: unknown) => {
						// An answer was lost, and it is done.
						if (!isGone(error)) throw error;
					});
				gone.push(name);
				passed.deleted += 1;
			});
			await known.forget(gone);
		}
		// The source has lost more since they were counted.
		passed.isDeletionRefused = found > allowed;
		passed.deletable = found;
	}

	#pairs(): AsyncGenerator<Pair[]> {
		const { source, target, chunk = CHUNK } = this.#task;
		return inChunks(pairUp(source.list(), target.list()), chunk);
	}

	#notedOf(pairs: readonly Pair[]): Promise<ReadonlyMap<string, Noted>> {
		return this.#task.known.find(pairs.flatMap(({ name, target }) => (target === undefined ? [] : [name])));
	}

	/** Copies whose source is not there. */
	async #deletable(pairs: readonly Pair[]): Promise<Pair[]> {
		const alone = pairs.filter(({ source, target }) => source === undefined && target !== undefined);
		if (alone.length === 0) return [];
		const noted = await this.#notedOf(alone);
		return alone.filter(({ name, target }) => noted.get(name)?.etag === target?.etag);
	}

	/** Whose an object of the target is, and whether it is of the source's state. */
	async #judge({ source, target }: Pair, noted: Noted | undefined): Promise<Verdict> {
		if (source === undefined || target === undefined) return "stale";
		const kinds = differencesOf(source, target);
		if (noted?.etag === target.etag) return noted.source === source.etag && kinds.length === 0 ? "kept" : "stale";
		if (isUnfinished(target)) return "stale";
		// Of a mover that was killed before it could note it, or copied by other means: what has the same bytes loses none.
		const isAlike = kinds.every((kind) => kind === "seal") && (await this.#haveSameBytes(source, target));
		return isAlike ? (kinds.length === 0 ? "kept" : "stale") : "foreign";
	}

	/** By both MD5s or, where the source has none, byte by byte. */
	async #haveSameBytes(source: ListedObject, target: ListedObject): Promise<boolean> {
		if (source.md5 !== undefined || source.length === 0) return true;
		const whole = [{ offset: 0, count: source.length }];
		const sums = await Promise.all([
			this.#task.source.hash(source.name, source.etag, whole),
			this.#task.target.hash(target.name, target.etag, whole),
		]);
		return sums[0] === sums[1];
	}

	/** As `#each`, and notes the copies that come of it. */
	async #noting(pairs: readonly Pair[], act: (pair: Pair) => Promise<Copy | undefined>): Promise<void> {
		const { known } = this.#task;
		const left: Copy[] = [];
		await this.#each(pairs, async (pair) => {
			const copy = await act(pair);
			if (copy !== undefined) left.push(copy);
			if (left.length >= NOTED) await known.note(left.splice(0));
		}).finally(() => known.note(left));
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
					this.#fail(MOVED.has(error.code) ? "changing" : error.code, pair.name);
				}
			},
		});
	}

	/** Copies one object until source and target have stood still for it. @returns undefined where there is no copy of it */
	async #carry({ name, source: listed, target: former }: Pair): Promise<Copy | undefined> {
		const { source, target, limits, checkpoint, onObject } = this.#task;
		if (!isAddressable(name)) return this.#fail("name", name);
		// Of the copy the service may say no more than that it cannot read its source.
		if (listed?.tier === "Archive") return this.#fail("BlobArchived", name);
		let [object, inPlace] = [listed, former];
		for (let tries = 0; object !== undefined && tries < TRIES; tries += 1) {
			try {
				const etag = await transfer({ source, target, object, former: inPlace, limits, checkpoint });
				return this.#done(object, etag);
			} catch (error) {
				if (!isGone(error) && !(error instanceof ObjectMoved)) throw error;
			}
			const before: ListedObject | undefined = inPlace;
			[object, inPlace] = [await source.find(name), await target.find(name)];
			if (object === undefined || inPlace === undefined || inPlace.etag === before?.etag) continue;
			const verdict = await this.#judge({ name, source: object, target: inPlace }, undefined);
			// The answer to a request was lost, and it had been carried out.
			if (verdict === "kept") return this.#done(object, inPlace.etag);
			if (verdict === "foreign") return this.#fail(FOREIGN, name);
		}
		if (object !== undefined) return this.#fail("changing", name);
		this.passed.gone += 1;
		onObject(0);
		return undefined;
	}

	#done({ name, length, etag: source }: ListedObject, etag: string): Copy {
		this.passed.copied += 1;
		this.passed.bytes += length;
		this.#task.onObject(length);
		return { name, etag, source };
	}

	#fail(why: string, name: string): undefined {
		tally(this.#failures, why, name);
		return undefined;
	}
}

/** Why an object of the target is not written over. */
export const FOREIGN = "foreign";

/** What is to be noted of an object that is as it has to be; nothing where that is noted already. */
function noteOf({ name, source, target }: Pair, noted: Noted | undefined): Copy | undefined {
	if (source === undefined || target === undefined || noted?.etag === target.etag) return undefined;
	return { name, etag: target.etag, source: source.etag };
}
