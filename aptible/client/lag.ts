import { setTimeout as sleep } from "node:timers/promises";

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** For how long what Aptible shows may lag behind, in milliseconds. */
interface Lag {
	readonly lagMs: number;
}

/**
 * Reads until what is read is as it should be, for as long as what Aptible shows may lag behind; gives the last reading. What the reads
 * themselves take is not counted: where they are slow, it would be read once and believed.
 *
 * @param isSeen whether there is nothing left to wait for
 */
export async function readUntil<T>({ lagMs }: Lag, read: () => Promise<T>, isSeen: (value: T) => boolean): Promise<T> {
	let leftMs = lagMs;
	for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
		const value = await read();
		if (isSeen(value) || pauseMs > leftMs) return value;
		await sleep(pauseMs);
		leftMs -= pauseMs;
	}
}

/** Looks for something that should be there, until it is or a list has had its time to catch up. */
export function findUntilThere<T>(context: Lag, look: () => Promise<T | undefined>): Promise<T | undefined> {
	return readUntil(context, look, (found) => found !== undefined);
}
