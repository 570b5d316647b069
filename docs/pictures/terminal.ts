/** What a program printed, as a picture of a terminal. */
import { type Shape, writeSvg } from "./svg.ts";

const size = 13;
/** Of a letter, and of a line. */
const [letter, line] = [7.83, 19];
const margin = 16;
const columns = 118;
const [background, foreground, dim] = ["#0d1117", "#e6edf3", "#b1bac4"];

/** Colours of lines by how they begin, as Pulumi and the move print them. */
const colours: readonly (readonly [RegExp, string])[] = [
	[/^\$ /, "#79c0ff"],
	[/^ *\+ /, "#7ee787"],
	[/^ *- /, "#ff7b72"],
	[/^ *~ /, "#f2cc60"],
	[/^\[/, dim],
];

/** Draws text; a line that is too long goes on below, indented. */
export function drawTerminal(text: string, title: string): string {
	const rows = text
		.trimEnd()
		.split("\n")
		.flatMap((one) => wrap(one).map((part) => ({ part, colour: colourOf(one) })));
	const shapes: Shape[] = rows.map(({ part, colour }, at) => ({
		text: part,
		x: margin,
		y: margin + size + at * line,
		size,
		colour,
		isCode: true,
	}));
	const width = Math.round(columns * letter) + 2 * margin;
	const height = rows.length * line + 2 * margin;
	return writeSvg({ title, width, height, background }, shapes);
}

function colourOf(text: string): string {
	return colours.find(([pattern]) => pattern.test(text))?.[1] ?? foreground;
}

function wrap(text: string): string[] {
	const indent = " ".repeat((/^ */.exec(text)?.[0].length ?? 0) + 2);
	const rows: string[] = [];
	let rest = text;
	while (rest.length > columns) {
		const end = rest.lastIndexOf(" ", columns);
		rows.push(rest.slice(0, end));
		rest = indent + rest.slice(end + 1);
	}
	return [...rows, rest];
}
