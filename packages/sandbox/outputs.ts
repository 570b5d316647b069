/** Any JSON value, as `pulumi stack output --json` prints them. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Shows outputs as indented lines, one value a line, and a text of several below its name; nothing is quoted, as nothing reads them back. */
export function formatOutputs(outputs: { [key: string]: Json }): string {
	return formatEntries(outputs, "  ");
}

function formatEntries(value: Json[] | { [key: string]: Json }, indent: string): string {
	return Object.entries(value)
		.map(([key, inner]) => `${indent}${Array.isArray(value) ? "-" : `${key}:`}${formatValue(inner, indent)}`)
		.join("\n");
}

function formatValue(value: Json, indent: string): string {
	if (typeof value === "string" && value.includes("\n")) {
		const lines = value.trim().split("\n");
		return lines.map((line) => `\n${indent}  ${line}`).join("");
	}
	if (typeof value !== "object" || value === null) {
		return ` ${value ?? "none"}`;
	}
	return Object.keys(value).length > 0 ? `\n${formatEntries(value, `${indent}  `)}` : " none";
}
