/** Inputs of Azure's resources, as the engine has them of the last update and of this one. */
import { compareLists } from "./change.ts";

/** Inputs of a resource; what only an earlier step of the update shows is text that says so. */
export type Inputs = Readonly<Record<string, unknown>>;

/** Says what an input that differs does, in as many parts as it has; without words of its own it is only named. */
export type Words = Readonly<Record<string, (was: unknown, is: unknown) => readonly string[]>>;

/** What the inputs that differ do, in the order of the words. */
export function describeInputs(before: Inputs, after: Inputs, words: Words): string[] {
	const names = [...new Set([...Object.keys(words), ...Object.keys(before), ...Object.keys(after)])];
	return names
		.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
		.flatMap((name) => words[name]?.(before[name], after[name]) ?? [`${name} changes`]);
}

/** The value at a path (`policy.rules`). */
export function at(inputs: unknown, path: string): unknown {
	let found = inputs;
	for (const key of path.split(".")) found = (found as Inputs | null | undefined)?.[key];
	return found;
}

export function textAt(inputs: unknown, path: string): string {
	return String(at(inputs, path) ?? "none");
}

/** A list at a path; empty where there is none, or what is in it is unknown yet. */
export function listAt(inputs: unknown, path: string): readonly unknown[] {
	const found = at(inputs, path);
	return Array.isArray(found) ? found : [];
}

/** Tags that come, go or have another value. */
export function describeTags(was: unknown, is: unknown): string[] {
	const list = (tags: unknown) => Object.entries((tags ?? {}) as Inputs).map(([name, value]) => `${name}=${value}`);
	const changed = compareLists(list(was), list(is));
	return changed.length === 0 ? [] : [`tags ${changed.join(", ")}`];
}
