/** How many objects there are of a kind, and the names of the first of them: the report is for people. */
export interface Tallied {
	count: number;
	names: string[];
}

const MOST_NAMES = 1_000;

export type Tally = ReadonlyMap<string, Readonly<Tallied>>;

/** Counts an object. */
export function tally(kinds: Map<string, Tallied>, kind: string, name: string): void {
	const found = kinds.get(kind) ?? { count: 0, names: [] };
	found.count += 1;
	if (found.names.length < MOST_NAMES) found.names.push(name);
	kinds.set(kind, found);
}

/** The names by their kinds. */
export function namesIn(kinds: Tally): Record<string, readonly string[]> {
	return Object.fromEntries([...kinds].map(([kind, { names }]) => [kind, names]));
}
