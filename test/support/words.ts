const places = ["--app", "--environment", "--database"];

/** Words of a call of the CLI without its command and where it applies: handles and services, then options, then config. */
export function wordsOf(argv: readonly string[]): string[] {
	const end = argv.indexOf("--");
	const options = argv.slice(1, end < 0 ? undefined : end);
	const args = end < 0 ? [] : argv.slice(end + 1);
	const isConfig = (word: string) => /^\w+=/.test(word);
	return [
		...args.filter((word) => !isConfig(word)),
		...options.filter((word, at) => !places.includes(word) && !places.includes(options[at - 1] ?? "")),
		...args.filter(isConfig),
	];
}
