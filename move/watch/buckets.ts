/** How often something was in each stretch of the last time: all that a watch keeps of times, whatever a log holds. */

export class Buckets {
	readonly #widthMs: number;
	readonly #kept: number;
	readonly #counts = new Map<number, number>();
	#newest = Number.NEGATIVE_INFINITY;

	/**
	 * @param widthMs of a stretch
	 * @param lastMs for how long before the newest time counts are kept
	 */
	constructor(widthMs: number, lastMs: number) {
		this.#widthMs = widthMs;
		this.#kept = Math.ceil(lastMs / widthMs) + 1;
	}

	add(at: number): void {
		const bucket = Math.floor(at / this.#widthMs);
		if (bucket < this.#newest - this.#kept) return;
		this.#newest = Math.max(this.#newest, bucket);
		this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
		if (this.#counts.size <= 2 * this.#kept) return;
		for (const old of this.#counts.keys()) if (old < this.#newest - this.#kept) this.#counts.delete(old);
	}

	/** How many there were between two times, both in milliseconds; to the width of a stretch. */
	countBetween(from: number, to: number): number {
		const [first, last] = [Math.floor(from / this.#widthMs), Math.floor(to / this.#widthMs)];
		let sum = 0;
		for (const [bucket, count] of this.#counts) if (bucket >= first && bucket <= last) sum += count;
		return sum;
	}

	/**
	 * From when on there was something in each stretch of `gapMs`, up to the newest: no earlier than it was, and at most a stretch later.
	 *
	 * @returns undefined where there is nothing
	 */
	unbrokenSince(gapMs: number): number | undefined {
		const buckets = [...this.#counts.keys()].sort((one, other) => other - one);
		const [newest] = buckets;
		if (newest === undefined) return undefined;
		const most = Math.max(1, Math.round(gapMs / this.#widthMs) - 1);
		let since = newest;
		for (const bucket of buckets) {
			if (since - bucket > most) break;
			since = bucket;
		}
		return (since + 1) * this.#widthMs;
	}
}
