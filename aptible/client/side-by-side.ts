import { AptibleError } from "./errors.ts";

/** A CLI is a process that costs the better part of a second of work before it waits (facts/aptible.md §11). */
const atOnce = 4;

/**
 * Does the work for each item, some of them at once, and each whatever becomes of the others.
 *
 * @throws the failure, or an AptibleError with the texts of all of them
 */
export async function forEachSideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
	const failures: Error[] = [];
	const left = items.values();
	const goOn = async () => {
		for (const item of left) await work(item).catch((error: Error) => failures.push(error));
	};
	await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, goOn));
	if (failures.length === 1) throw failures[0];
	if (failures.length > 1) throw new AptibleError(failures.map(({ message }) => message).join("\n\n"));
}
