/** Two listings side by side. */
import type { ListedObject } from "./listed.ts";

/** A name that is on one side at least. */
export interface Pair {
	name: string;
	source?: ListedObject;
	target?: ListedObject;
}

/**
 * Merges two listings page by page, so that their size is no matter of memory. Both are taken to be in one order; a service that orders
 * otherwise shows an object as missing, which is why nobody acts on that alone.
 */
export async function* pairUp(
	source: AsyncIterable<ListedObject>,
	target: AsyncIterable<ListedObject>,
): AsyncGenerator<Pair> {
	const [left, right] = [source[Symbol.asyncIterator](), target[Symbol.asyncIterator]()];
	let [one, other] = [await left.next(), await right.next()];
	while (!one.done || !other.done) {
		const [name, otherName] = [one.done ? undefined : one.value.name, other.done ? undefined : other.value.name];
		if (!one.done && !other.done && name === otherName) {
			yield { name: one.value.name, source: one.value, target: other.value };
			[one, other] = [await left.next(), await right.next()];
		} else if (!one.done && (other.done || one.value.name < other.value.name)) {
			yield { name: one.value.name, source: one.value };
			one = await left.next();
		} else if (!other.done) {
			yield { name: other.value.name, target: other.value };
			other = await right.next();
		}
	}
}

/** Gathers what comes one by one. */
export async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
	let chunk: T[] = [];
	for await (const item of items) {
		chunk.push(item);
		if (chunk.length < size) continue;
		yield chunk;
		chunk = [];
	}
	if (chunk.length > 0) yield chunk;
}
