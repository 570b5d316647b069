/** Which lines of the page service a log has, by instance and number: in any order, and once where one comes twice. */

/** A line of an instance. */
export interface NumberedLine {
	instance: string;
	/** From 1 on, without a gap. */
	number: number;
	/** Whether it is the last one of its instance. */
	isEnd: boolean;
}

interface Instance {
	/** First and last number of each stretch without a gap, in their order. */
	stretches: [first: number, last: number][];
	/** Times of its first and its last line, in milliseconds. */
	firstAt: number;
	lastAt: number;
	hasEnded: boolean;
}

/** What of a log is not there. */
export interface Gaps {
	/** Lines that are missing. */
	missing: number;
	/** Instances whose lines break off, though they have not ended. */
	cut: number;
}

const MOST_INSTANCES = 1_000;
/** Of all instances together: whoever shuffles more has lines missing. */
const MOST_STRETCHES = 50_000;

export class Numbers {
	readonly #instances = new Map<string, Instance>();
	#stretches = 0;
	/** Lines that had no room. */
	#lost = 0;

	/** @param at of the line, in milliseconds */
	take({ instance, number, isEnd }: NumberedLine, at: number): void {
		const own = this.#instances.get(instance);
		if (own === undefined) {
			if (this.#instances.size >= MOST_INSTANCES) this.#lost += 1;
			else if (this.#hasRoom()) {
				const stretches: Instance["stretches"] = [[number, number]];
				this.#instances.set(instance, { stretches, firstAt: at, lastAt: at, hasEnded: isEnd });
			}
			return;
		}
		own.firstAt = Math.min(own.firstAt, at);
		own.lastAt = Math.max(own.lastAt, at);
		own.hasEnded ||= isEnd;
		this.#add(own.stretches, number);
	}

	#add(stretches: Instance["stretches"], number: number): void {
		const index = findLast(stretches, number);
		const before = stretches[index];
		if (before !== undefined && number <= before[1]) return;
		const isNext = before?.[1] === number - 1;
		const after = stretches[index + 1];
		if (after?.[0] === number + 1) {
			after[0] = isNext && before !== undefined ? before[0] : number;
			if (!isNext) return;
			stretches.splice(index, 1);
			this.#stretches -= 1;
		} else if (isNext && before !== undefined) {
			before[1] = number;
		} else if (this.#hasRoom()) {
			stretches.splice(index + 1, 0, [number, number]);
		}
	}

	#hasRoom(): boolean {
		if (this.#stretches >= MOST_STRETCHES) {
			this.#lost += 1;
			return false;
		}
		this.#stretches += 1;
		return true;
	}

	/** Whether the log has a line of an instance. */
	has(instance: string): boolean {
		return this.#instances.has(instance);
	}

	/**
	 * What is missing. Lines before the first of an instance may be of an earlier log, unless the instance began after `start`.
	 *
	 * @param start of the time that has to be whole, in milliseconds
	 * @param end before which each instance that has not ended has to have a line
	 */
	findGaps(start: number, end: number): Gaps {
		let [missing, cut] = [this.#lost, 0];
		for (const { stretches, firstAt, lastAt, hasEnded } of this.#instances.values()) {
			const [first = 1] = stretches[0] ?? [];
			let former = firstAt > start ? 0 : first - 1;
			for (const [from, to] of stretches) {
				missing += from - former - 1;
				former = to;
			}
			if (!hasEnded && lastAt > start && lastAt < end) cut += 1;
		}
		return { missing, cut };
	}
}

/** Index of the last stretch that begins at a number or before it; -1 where there is none. */
function findLast(stretches: Instance["stretches"], number: number): number {
	let [low, high] = [0, stretches.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((stretches[middle]?.[0] ?? 0) <= number) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
