import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, CliError } from "./errors.ts";

const attempts = 4;
const firstPauseMs = 500;

/**
 * Asks again, at most three times within about 4 s, while the failure is connection trouble. Only for reads: a change that
 * got no answer may have been made, so after one the object is read again instead.
 *
 * @param signal once it is aborted, nothing is asked again
 */
export async function retryReads<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await read();
		} catch (error) {
			if (attempt === attempts || signal?.aborted === true || !isTransient(error)) throw error;
			await sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
		}
	}
}

function isTransient(error: unknown): boolean {
	if (error instanceof CliError) return error.transient;
	return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
