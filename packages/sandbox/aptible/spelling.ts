/** Similarity of two words from 0 to 1, as Ruby's did_you_mean (1.6) reckons it. */
function jaroWinkler(a: string, b: string): number {
	const similarity = jaro(a, b);
	if (similarity <= 0.7) return similarity;
	let prefix = 0;
	while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++;
	return similarity + prefix * 0.1 * (1 - similarity);
}

function jaro(a: string, b: string): number {
	const [short, long] = a.length <= b.length ? [a, b] : [b, a];
	const range = Math.max(Math.floor(long.length / 2) - 1, 0);
	const matchedShort: number[] = [];
	const matchedLong = new Set<number>();
	for (let i = 0; i < short.length; i++) {
		for (let j = Math.max(i - range, 0); j <= i + range && j < long.length; j++) {
			if (matchedLong.has(j) || short[i] !== long[j]) continue;
			matchedShort.push(i);
			matchedLong.add(j);
			break;
		}
	}
	const matches = matchedShort.length;
	if (matches === 0) return 0;
	const inLong = [...matchedLong].sort((x, y) => x - y);
	const moved = matchedShort.filter((i, k) => short[i] !== long[inLong[k] ?? -1]).length;
	const transpositions = Math.floor(moved / 2);
	return (matches / short.length + matches / long.length + (matches - transpositions) / matches) / 3;
}

function levenshtein(a: string, b: string): number {
	let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swap));
		}
		previous = row;
	}
	return previous[b.length] ?? 0;
}

/** Words that someone who typed `input` may have meant, by the rules of Ruby's did_you_mean. */
export function corrections(input: string, dictionary: readonly string[]): string[] {
	const typed = input.toLowerCase();
	const threshold = typed.length > 3 ? 0.834 : 0.77;
	const near = dictionary
		.filter((word) => word !== input && jaroWinkler(word.toLowerCase(), typed) >= threshold)
		.sort((a, b) => jaroWinkler(b, typed) - jaroWinkler(a, typed));
	const mistyped = near.filter((word) => levenshtein(word.toLowerCase(), typed) <= Math.ceil(typed.length * 0.25));
	if (mistyped.length > 0) return mistyped;
	return near
		.filter((word) => levenshtein(word.toLowerCase(), typed) < Math.min(word.length, typed.length))
		.slice(0, 1);
}
