/** Commands as words, as Compose splits them, and as a Procfile has them (facts/aptible.md §2.2). */

/** A text as the words that a shell would make of it; quotes keep spaces together, and nothing is expanded. */
export function splitWords(text: string): string[] {
	const words: string[] = [];
	let word: string | undefined;
	for (const [, single, double, escaped, space, plain] of text.matchAll(
		/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|(\s+)|(.)/gs,
	)) {
		if (space !== undefined) {
			if (word !== undefined) words.push(word);
			word = undefined;
		} else {
			word = (word ?? "") + (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "");
		}
	}
	return word === undefined ? words : [...words, word];
}

/** Words as one line that a shell, or whoever splits as one, makes the same words of. */
export function joinWords(words: readonly string[]): string {
	return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
