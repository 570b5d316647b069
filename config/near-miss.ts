/** What somebody meant who wrote something that is not there. */

/** Edits (insert, delete, replace, swap two neighbours) that turn one word into the other. */
export function measureEditDistance(from: string, to: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({ length: to.length + 1 }, (_, column) => column);
	for (let row = 1; row <= from.length; row++) {
		const current = [row];
		for (let column = 1; column <= to.length; column++) {
			const same = from[row - 1] === to[column - 1];
			const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
			const at = (line: number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY;
			current[column] = Math.min(
				at(last, column) + 1,
				at(current, column - 1) + 1,
				at(last, column - 1) + (same ? 0 : 1),
				swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
			);
		}
		beforeLast = last;
		last = current;
	}
	return last[to.length] ?? 0;
}

/**
 * The known word nearest to `word`, if it is near enough to have been meant: at most one edit for each three letters,
 * capitals aside, or the only one that begins with it.
 */
export function findNearestWord(word: string, known: readonly string[]): string | undefined {
	const allowed = Math.max(1, Math.floor(word.length / 3));
	const ranked = known
		.map((candidate) => ({ candidate, edits: measureEditDistance(word.toLowerCase(), candidate.toLowerCase()) }))
		.sort((a, b) => a.edits - b.edits);
	if (ranked[0] !== undefined && ranked[0].edits <= allowed) return ranked[0].candidate;
	const longer = known.filter((candidate) => word.length > 3 && candidate.toLowerCase().startsWith(word.toLowerCase()));
	return longer.length === 1 ? longer[0] : undefined;
}

/** The shortest known phrase with every word of `phrase` in it, capitals aside. */
export function findNearestPhrase(phrase: string, known: readonly string[]): string | undefined {
	const words = phrase.toLowerCase().split(/\s+/);
	return known
		.filter((candidate) => words.every((word) => candidate.toLowerCase().split(" ").includes(word)))
		.sort((a, b) => a.length - b.length)[0];
}

/** The known number nearest to `number`; of two as near, the first. */
export function findNearestNumber(number: number, known: readonly number[]): number | undefined {
	return [...known].sort((a, b) => Math.abs(a - number) - Math.abs(b - number))[0];
}

/** `; did you mean "x"?`, or nothing where nothing is near. */
export function suggest(suggestion: string | number | undefined): string {
	return suggestion === undefined ? "" : `; did you mean ${JSON.stringify(suggestion)}?`;
}

/** Which names there are. */
export function tellDeclared(known: readonly string[]): string {
	return known.length === 0 ? "none is declared" : `declared: ${known.join(", ")}`;
}

/** Says of a name that it is none of those that are declared, with the nearest of them. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
	return `is not ${what}; ${tellDeclared(known)}${suggest(findNearestWord(name, known))}`;
}

/** That a name is the former one of something that is declared; undefined where it is not. */
export function tellFormer(
	name: string,
	declared: Readonly<Record<string, { readonly renamedFrom?: string | undefined } | undefined>>,
): string | undefined {
	const now = Object.keys(declared).find((key) => declared[key]?.renamedFrom === name);
	return now === undefined ? undefined : `; it is ${JSON.stringify(now)} now, which has renamedFrom: ${name}`;
}
