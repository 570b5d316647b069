/** Queues that run empty instead of being copied: what stands in them is done once, by the workers that it was meant for. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Drain } from "../configuration.ts";
import type { CopyTask, Proof, Task } from "../engine.ts";
import type { Finding } from "../findings.ts";
import type { Login } from "../postgresql/connection.ts";
import { databasesOf, type RedisSession, withRedis } from "./connection.ts";
import { claimForRun } from "./copy.ts";
import { NOTES } from "./target.ts";
import { shownKey } from "./verify.ts";

const LOOK_MS = 1_000;
const SAMPLE = 100;
/** As many kinds of keys as are named; the rest are counted. */
const NAMED = 5;

/** A queue and what is in it. */
interface Queue {
	name: string;
	length: number;
}

type DrainTask = Pick<Task, "source" | "target" | "steps" | "report"> & { drain: Drain };

/**
 * Makes the target this run's own and empty, and waits until each queue of the source is. A rehearsal waits for nothing, as a source that
 * is in use goes on filling them.
 *
 * @throws at the deadline, with what is left in which queue
 */
export async function drainRedis(task: DrainTask & Pick<CopyTask, "live" | "replace">): Promise<Proof> {
	const { source, steps, drain, live, report } = task;
	await claimForRun(task);
	if (live) {
		const left = describe(await readQueues(source, drain));
		report(`redis: a rehearsal waits for no queue; in them now: ${left || "nothing"}`);
		return proofOf(drain, []);
	}
	await steps.step("drain", "", {
		look: async () => ((await fullQueues(source, drain)).length === 0 ? { empty: true } : undefined),
		act: () => untilEmpty(task),
	});
	return proveDrained({ ...task, isSwapped: false });
}

/** Whether the queues are empty still, and the target has nothing that an application does not put there. */
export async function proveDrained({
	source,
	target,
	drain,
	isSwapped,
}: Pick<DrainTask, "source" | "target" | "drain"> & { isSwapped: boolean }): Promise<Proof> {
	const differences = (await fullQueues(source, drain)).map(
		({ name, length }) =>
			`queue "${name}": has ${length} entries on the source; stop what fills it, have its workers end it, copy again`,
	);
	if (!isSwapped) {
		const keys = await withRedis(target, async (session) => {
			const counts = [...(await databasesOf(session)).values()];
			await session.send("SELECT", 0);
			return counts.reduce((sum, count) => sum + count, 0) - Number(await session.send("EXISTS", NOTES));
		});
		if (keys > 0)
			differences.push(`target: has ${keys} keys, though nothing is copied; find who writes there, copy again`);
	}
	return proofOf(drain, differences);
}

function proofOf({ queues, database }: Drain, differences: readonly string[]): Proof {
	const hash = createHash("sha256")
		.update([database, ...queues].join("\n"))
		.digest("hex");
	return { equal: differences.length === 0, differences, hash, details: { drained: { queues, database } } };
}

/** What there is to say of queues before they are waited for. */
export async function checkQueues(source: Login, drain: Drain): Promise<Finding[]> {
	return withRedis(source, async (session) => {
		const findings: Finding[] = [];
		const there: Queue[] = [];
		for (const name of drain.queues) {
			try {
				there.push(...(await readQueue(session, drain, name)));
			} catch (error) {
				findings.push({ trap: "redis-drain-type", severity: "blocker", object: name, line: (error as Error).message });
			}
		}
		const left = describe(there.filter(({ length }) => length > 0));
		const line = `queues are waited for and not copied: ${drain.queues.join(", ")}; in them now: ${left || "nothing"}`;
		findings.push({ trap: "redis-drain", severity: "note", line });
		const others = await nameOthers(session, drain);
		if (others !== undefined) findings.push({ trap: "redis-drain-left", severity: "warning", line: others });
		return findings;
	});
}

/** Keys that are no queue that is named. */
async function nameOthers(session: RedisSession, { queues, database }: Drain): Promise<string | undefined> {
	const databases = await databasesOf(session);
	await session.send("SELECT", database);
	const own = Number(await session.send("EXISTS", ...new Set(queues)));
	const others = [...databases.values()].reduce((sum, count) => sum + count, 0) - own;
	if (others <= 0) return undefined;
	const kinds = new Set<string>();
	for (const number of databases.keys()) {
		await session.send("SELECT", number);
		const [, keys] = (await session.send("SCAN", 0, "COUNT", SAMPLE)) as [Buffer, Buffer[]];
		const isQueue = (key: Buffer) => number === database && queues.includes(key.toString());
		for (const key of keys.filter((each) => !isQueue(each))) kinds.add(shownKey(key).replace(/#.*/, ""));
	}
	const named = [...kinds].slice(0, NAMED).join(", ");
	return `${others} other keys stay behind, such as ${named}; name those that hold jobs under move.databases.NAME.drain.queues, or leave drain out to have all copied`;
}

/** With their producers stopped their workers end them, and nothing is done twice. */
async function untilEmpty({ source, steps: { signal }, drain, report }: DrainTask): Promise<void> {
	const deadline = Date.now() + drain.minutes * 60_000;
	for (;;) {
		const left = describe(await fullQueues(source, drain));
		if (left === "") return report(`redis: ${drain.queues.length} queues are empty; nothing of them is copied`);
		if (Date.now() >= deadline) {
			throw new Error(
				`queues are not empty after ${drain.minutes} min: ${left}; stop what fills them, keep their workers running, and copy again`,
			);
		}
		report(`redis: waits for queues: ${left}`);
		await sleep(Math.min(LOOK_MS, Math.max(1, deadline - Date.now())), undefined, { signal });
	}
}

function describe(queues: readonly Queue[]): string {
	return queues.map(({ name, length }) => `"${name}" ${length}`).join(", ");
}

async function fullQueues(source: Login, drain: Drain): Promise<Queue[]> {
	return (await readQueues(source, drain)).filter(({ length }) => length > 0);
}

async function readQueues(source: Login, drain: Drain): Promise<Queue[]> {
	return withRedis(source, async (session) => {
		const queues: Queue[] = [];
		for (const name of drain.queues) queues.push(...(await readQueue(session, drain, name)));
		return queues;
	});
}

/** A queue; none where its key is not there. */
async function readQueue(session: RedisSession, { database }: Drain, name: string): Promise<Queue[]> {
	await session.send("SELECT", database);
	const length = await lengthOf(session, name);
	return length === undefined ? [] : [{ name, length }];
}

/** A stream keeps its entries, so that it is empty when no group has any pending or to come. */
async function lengthOf(session: RedisSession, queue: string): Promise<number | undefined> {
	const type = await session.text("TYPE", queue);
	switch (type) {
		case "none":
			return undefined;
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
