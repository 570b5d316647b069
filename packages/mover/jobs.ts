/** Work in parallel, largest first, by as many jobs as are allowed at the moment. */
import { setTimeout as sleep } from "node:timers/promises";

export interface JobsOptions<T> {
	items: readonly T[];
	/** How many may work now. */
	allowed: () => number;
	/** Before each item: waits while the run is paused, and fails when it is to stop; default: nothing. */
	checkpoint?: () => Promise<void>;
	/** Whether an item may begin beside those that run; default: each may. */
	mayBegin?: (item: T, running: ReadonlySet<T>) => boolean;
	/** Does one item. What it throws ends the others' turns; those that run are waited for. */
	work: (item: T) => Promise<void>;
}

const RETRY_MS = 200;

/** Does all items, in their order as far as they may begin. @throws the first error, once nothing runs any more */
export async function runJobs<T>({ items, allowed, checkpoint, mayBegin, work }: JobsOptions<T>): Promise<void> {
	const waiting = new Set(items);
	const running = new Set<T>();
	const errors: unknown[] = [];
	let changed = () => {};

	async function begin(item: T): Promise<void> {
		try {
			await work(item);
		} catch (error) {
			errors.push(error);
		} finally {
			running.delete(item);
			changed();
		}
	}

	while (waiting.size > 0 && errors.length === 0) {
		const item = running.size < allowed() ? next(waiting, running, mayBegin) : undefined;
		if (item === undefined) {
			if (running.size === 0 && allowed() > 0) throw new Error("parts of a step wait for each other");
			await new Promise<void>((resolve) => {
				changed = resolve;
				// The number that is allowed changes by itself.
				void sleep(RETRY_MS, undefined, { ref: true }).then(resolve);
			});
			continue;
		}
		try {
			await checkpoint?.();
		} catch (error) {
			errors.push(error);
			break;
		}
		waiting.delete(item);
		running.add(item);
		void begin(item);
	}
	while (running.size > 0) {
		await new Promise<void>((resolve) => {
			changed = resolve;
			if (running.size === 0) resolve();
		});
	}
	if (errors.length > 0) throw errors[0];
}

function next<T>(
	waiting: ReadonlySet<T>,
	running: ReadonlySet<T>,
	mayBegin: JobsOptions<T>["mayBegin"] = () => true,
): T | undefined {
	for (const item of waiting) if (mayBegin(item, running)) return item;
	return undefined;
}
