import { setTimeout as sleep } from "node:timers/promises";
import type { Access } from "./access.ts";
import { ApiError, CliError } from "./errors.ts";
import type { Limit } from "./limiter.ts";
import { heartbeatMs } from "./wait.ts";

/**
 * Reads, and tries again until the deadline while the failure is a passing one. Only for reads: a change that got no answer may
 * have been made, so after one the object is read again instead.
 *
 * @param read is given the milliseconds that are left
 * @param limit gives each try its turn; what it waits for that counts as no time. @default - none waits
 */
export async function retryReads<T>(
	read: (leftMs: number) => Promise<T>,
	{ signal, tell, patienceMs = 60_000, firstPauseMs = 500 }: Access = {},
	limit: Limit = (call) => call(),
): Promise<T> {
	let started = Date.now();
	let why = "";
	const heartbeat = setInterval(() => {
		if (why !== "") tell?.(`waiting until Aptible answers again (${why})...`);
	}, heartbeatMs);
	try {
		for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, firstPauseMs * 10)) {
			try {
				const asked = Date.now();
				return await limit(() => {
					started += Date.now() - asked;
					return read(started + patienceMs - Date.now());
				});
			} catch (error) {
				const leftMs = started + Math.min(patienceMs, patienceWith(error)) - Date.now();
				if (signal?.aborted === true || leftMs <= 0) throw error;
				why = (error as Error).message;
				const wantedMs = Math.max(askedFor(error), pauseMs * (0.75 + Math.random() / 2));
				await sleep(Math.min(wantedMs, leftMs), undefined, signal === undefined ? {} : { signal }).catch(() => {
					throw error;
				});
			}
		}
	} finally {
		clearInterval(heartbeat);
	}
}

/** For how long a failure is worth trying again, at most. */
function patienceWith(error: unknown): number {
	const isPassing = (error instanceof CliError || error instanceof ApiError) && error.transient;
	return isPassing ? Number.POSITIVE_INFINITY : 0;
}

/** The pause that the API has asked for. */
function askedFor(error: unknown): number {
	return (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0;
}
