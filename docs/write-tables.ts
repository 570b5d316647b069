/**
 * Writes the tables of docs/configuration.md that come from the program: `npm run docs`. Everything else in the page is written by
 * hand; a test holds that the page is as this leaves it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { kindsOf } from "../config/endpoint-kind-rules.ts";
import { phiRules } from "../config/phi.ts";
import { type DrainKinds, logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import { appEndpointKinds, type EndpointSetting, settingEntries } from "../wire/endpoint-settings.ts";
import { optionEntries } from "../wire/service-options.ts";

const page = new URL("configuration.md", import.meta.url);

/** The page with its tables as the program has them today. */
export function withTables(text: string): string {
	const endpoint = "### `apps.NAME.endpoints.NAME`";
	return [
		(lines: string[]) => replaceRows(lines, "#### What `phi: true` forbids", () => phiRows()),
		(lines: string[]) => replaceRows(lines, endpoint, (rows) => appEndpointKinds.map((kind) => kindRow(kind, rows))),
		(lines: string[]) => replaceRows(lines, endpoint, (rows) => replaceKeys(rows, settingRows()), "| Key |"),
		(lines: string[]) => replaceRows(lines, "### `apps.NAME.services.NAME`", (rows) => replaceKeys(rows, optionRows())),
		...drains.flatMap(({ noun, section, kinds, what }) => [
			(lines: string[]) => replaceRows(lines, section, (rows) => replaceKeys(rows, [drainKindRow(kinds, what)])),
			(lines: string[]) => replaceRows(lines, section, () => drainRows(kinds), `| Kind of ${noun} |`),
		]),
	]
		.reduce((lines, replace) => replace(lines), text.split("\n"))
		.join("\n");
}

const drains: readonly { noun: string; section: string; kinds: DrainKinds; what: string }[] = [
	{ noun: "log drain", section: "### `logDrains.NAME`", kinds: logDrainKinds, what: "what takes the logs" },
	{ noun: "metric drain", section: "### `metricDrains.NAME`", kinds: metricDrainKinds, what: "what takes the metrics" },
];

/** The row of the key that tells the kinds apart. */
function drainKindRow(kinds: DrainKinds, what: string): string {
	return row(code("kind"), Object.keys(kinds).map(code).join(", "), "required", what, "no: new beside old");
}

/** A row for each kind with its keys. */
function drainRows(kinds: DrainKinds): string[] {
	return Object.entries(kinds).map(([kind, { fields }]) => {
		const keys = Object.entries(fields).map(([name, { page }]) =>
			page === undefined ? code(name) : `${code(name)}: ${page}`,
		);
		return row(code(kind), keys.join(", "));
	});
}

/** A row for each rule, in the words of its entry. */
function phiRows(): string[] {
	return phiRules.map(({ key, forbids, judgedBy }) =>
		row(code(key), forbids, typeof judgedBy === "function" ? "in the preview" : judgedBy.when),
	);
}

/** The row of a kind of endpoint with the keys that not every kind has. How its address is chosen is said beside the table. */
function kindRow(kind: (typeof appEndpointKinds)[number], rows: readonly string[]): string {
	const ofAddress = ["managedTls", "certificate", "certificateFingerprint"];
	const keys = Object.entries(kindsOf).flatMap(([key, kinds]) =>
		kinds.includes(kind) && kinds.length < appEndpointKinds.length && !ofAddress.includes(key) ? [code(key)] : [],
	);
	const written =
		rows
			.find((one) => keyOf(one) === kind)
			?.split(" | ")
			.slice(1, -1) ?? [];
	return row(code(kind), ...written, keys.join(", "));
}

function settingRows(): string[] {
	return settingEntries.map(([name, setting]) =>
		row(code(name), allowed(setting), fallback(setting), setting.does, "yes"),
	);
}

function optionRows(): string[] {
	return optionEntries.map(([name, option]) => {
		const allowed = option.type === "switch" ? "`true`, `false`" : `${option.least} to ${option.most}`;
		return row(code(name), allowed, code(String(option.unset)), option.does, "yes, from the next release on");
	});
}

function allowed(setting: EndpointSetting): string {
	if (setting.allowedText !== undefined) return setting.allowedText;
	if (setting.type === "switch") return "`true`, `false`";
	if (setting.type === "number") return `${setting.least} to ${setting.most}`;
	return setting.type === "choice" ? setting.choices.map(code).join(", ") : setting.allowed;
}

function fallback(setting: EndpointSetting): string {
	const written = "written" in setting ? setting.written : undefined;
	return setting.otherwise ?? (typeof written === "object" ? "by kind" : code(String(written)));
}

/** Puts rows in the place of those that have the same keys, where the first of them stood. */
function replaceKeys(rows: readonly string[], own: readonly string[]): string[] {
	const keys = new Set(own.map(keyOf));
	const first = rows.findIndex((one) => keys.has(keyOf(one)));
	const others = rows.filter((one) => !keys.has(keyOf(one)));
	return others.toSpliced(first, 0, ...own);
}

/** Replaces the rows of the first table after a line of the page whose head begins so. */
function replaceRows(
	lines: readonly string[],
	after: string,
	make: (rows: string[]) => string[],
	head = "|",
): string[] {
	const start = lines.indexOf(after);
	const rule = lines.findIndex(
		(line, at) => at > start && /^\|(?:-+\|)+$/.test(line) && (lines[at - 1] ?? "").startsWith(head),
	);
	if (start < 0 || rule < 0) throw new Error(`docs/configuration.md has no table after "${after}"`);
	const end = lines.findIndex((line, at) => at > rule && !line.startsWith("|"));
	return lines.toSpliced(rule + 1, end - rule - 1, ...make(lines.slice(rule + 1, end)));
}

function keyOf(line: string): string | undefined {
	return /^\| `([^`]+)` \|/.exec(line)?.[1];
}

function row(...cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

function code(text: string): string {
	return `\`${text}\``;
}

if (import.meta.main) writeFileSync(page, withTables(readFileSync(page, "utf8")));
