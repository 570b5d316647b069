/** Characters of a line on stderr. The released command provider hangs for ever at one of 64 KiB (facts/pulumi.md §9). */
const longestLine = 4096;

/** Leaves out the middle of a text that is too long: what it is about stands at its start, and why it failed at its end. */
export function cutMiddle(text: string, most: number): string {
	if (text.length <= most) return text;
	const kept = Math.floor(most / 2) - 20;
	return `${text.slice(0, kept)}[... ${text.length - 2 * kept} characters ...]${text.slice(-kept)}`;
}

/** A text of lines, none of them too long. */
export function cutLines(text: string): string {
	return text
		.split("\n")
		.map((line) => cutMiddle(line, longestLine))
		.join("\n");
}

/** JSON with each value in a line of its own, for whoever reads by lines; no string in it is broken. */
export function printJson(value: unknown): string {
	return JSON.stringify(value, null, 1).replace(/\n +/g, "\n");
}
