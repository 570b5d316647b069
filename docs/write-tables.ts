/**
 * Writes the tables of docs/configuration.md that come from the program: `npm run docs`. Everything else in the page is written by
 * hand; a test holds that the page is as this leaves it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { phiRules } from "../config/phi.ts";

const page = new URL("configuration.md", import.meta.url);

/** The page with its tables as the program has them today. */
export function withTables(text: string): string {
	return replaceRows(text, "#### What `phi: true` forbids", phiRows());
}

function phiRows(): string[] {
	return phiRules.map(({ key, forbids, judgedBy }) =>
		row(`\`${key}\``, forbids, typeof judgedBy === "function" ? "in the preview" : judgedBy.when),
	);
}

function row(...cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** Puts rows into the first table after a line of the page, in place of its own. */
function replaceRows(text: string, after: string, rows: readonly string[]): string {
	const lines = text.split("\n");
	const start = lines.indexOf(after);
	const head = lines.findIndex((line, index) => index > start && /^\|(?:-+\|)+$/.test(line));
	if (start < 0 || head < 0) throw new Error(`docs/configuration.md has no table after "${after}"`);
	const end = lines.findIndex((line, index) => index > head && !line.startsWith("|"));
	return lines.toSpliced(head + 1, end - head - 1, ...rows).join("\n");
}

if (import.meta.main) writeFileSync(page, withTables(readFileSync(page, "utf8")));
