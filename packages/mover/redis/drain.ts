import { setTimeout as sleep } from "node:timers/promises";
import type { Login } from "../postgresql/connection.ts";
import { type RedisSession, withRedis } from "./connection.ts";

/** Queues that are to run empty rather than be copied. */
export interface RedisDrain {
	source: Login;
	/** Keys of lists, sets, sorted sets and streams. */
	queues: readonly string[];
	/** Number of the database that they are in; default 0. */
	database?: number;
	/** How long they may take, in milliseconds. */
	deadlineMs: number;
	/** Between two looks; default 1000. */
	intervalMs?: number;
	signal: AbortSignal;
	/** Takes lines of progress, which name queues. */
	report(line: string): void;
}

/**
 * Waits until every queue is empty: with its producers stopped its workers end it, and nothing has to be copied, nor is done twice.
 * A stream keeps its entries, so that it is empty when no group has any pending or to come.
 *
 * @returns the milliseconds that it took
 * @throws at the deadline, with what is left in which queue
 */
export async function drainRedis(drain: RedisDrain): Promise<number> {
	const { source, queues, database = 0, deadlineMs, intervalMs = 1000, signal, report } = drain;
	const started = Date.now();
	return withRedis(source, async (session) => {
		await session.send("SELECT", database);
		for (;;) {
			const left: string[] = [];
			for (const queue of queues) {
				const length = await lengthOf(session, queue);
				if (length > 0) left.push(`"${queue}" ${length}`);
			}
			if (left.length === 0) {
				report(`redis: ${queues.length} queues are empty; nothing of them is copied`);
				return Date.now() - started;
			}
			if (Date.now() - started >= deadlineMs) {
				throw new Error(
					`queues are not empty after ${(deadlineMs / 1000).toFixed(0)} s: ${left.join(", ")}; stop what fills them, keep their workers running, and run this again`,
				);
			}
			report(`redis: waits for queues: ${left.join(", ")}`);
			await sleep(intervalMs, undefined, { signal });
		}
	});
}

async function lengthOf(session: RedisSession, queue: string): Promise<number> {
	const type = await session.text("TYPE", queue);
	switch (type) {
		case "none":
			return 0;
		case "list":
			return Number(await session.send("LLEN", queue));
		case "set":
			return Number(await session.send("SCARD", queue));
		case "zset":
			return Number(await session.send("ZCARD", queue));
		case "stream":
			return unreadOf(session, queue);
		default:
			throw new Error(`"${queue}" is a ${type} and no queue; name keys of lists, sets, sorted sets or streams`);
	}
}

/** Entries of a stream that a group has not acknowledged; all of them where nobody reads it in a group. */
async function unreadOf(session: RedisSession, stream: string): Promise<number> {
	const groups = (await session.send("XINFO", "GROUPS", stream)) as (Buffer | number | null)[][];
	if (groups.length === 0) return Number(await session.send("XLEN", stream));
	let unread = 0;
	for (const group of groups) {
		const field = (name: string) =>
			group[group.findIndex((word) => Buffer.isBuffer(word) && word.toString() === name) + 1];
		const last = String(field("last-delivered-id"));
		const coming = (await session.send("XRANGE", stream, `(${last}`, "+", "COUNT", 1000)) as unknown[];
		unread += Number(field("pending")) + coming.length;
	}
	return unread;
}
