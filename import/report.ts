/** What became of each key of the input, for whoever decides what is left to decide. */
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { namespace } from "../config/namespaces.ts";
import { type Blocks, problemsOf, secretCommand, sizeProblem } from "../stage-file/file.ts";
import type { Outcome, Source } from "./compose/source.ts";
import type { ImportedSecrets } from "./config.ts";
import type { Procfile } from "./procfile.ts";
import type { Decision } from "./stage.ts";

export interface ReportInput {
	/** Files of the input, as the person named them. */
	inputs: readonly string[];
	/** The stage file's name and its text. */
	file: string;
	text: string;
	stack: string;
	blocks: Blocks;
	secrets: ImportedSecrets;
	procfiles: readonly Procfile[];
	keys: readonly Source[];
	decisions: readonly Decision[];
}

const titles: Readonly<Record<Outcome, string>> = {
	decide: "Needs a decision",
	mapped: "Mapped",
	dropped: "Dropped",
};

/** Without entries of lists of which nothing else is said than of the list. */
function listedKeys(keys: readonly Source[]): Source[] {
	return keys.filter((key) => !key.path.endsWith("]") || key.stands !== undefined || !isAsParent(key));
}

/** The key whose row says what becomes of this one. */
function rowOf(key: Source): Source {
	return isAsParent(key) && key.parent !== undefined ? rowOf(key.parent) : key;
}

function isAsParent({ outcome, parent }: Source): boolean {
	const above = parent?.outcome;
	return above !== undefined && outcome?.outcome === above.outcome && outcome.says === above.says;
}

/** How many keys became what, in words. */
export function countKeys({ keys, decisions }: Pick<ReportInput, "keys" | "decisions">): string {
	const listed = listedKeys(keys);
	const count = (outcome: Outcome) => listed.filter((key) => key.outcome?.outcome === outcome).length;
	const decide = count("decide") + decisions.length;
	return `${listed.length + decisions.length} keys: ${count("mapped")} mapped, ${decide} need a decision, ${count("dropped")} dropped`;
}

/** The report, in Markdown. */
export function renderReport(input: ReportInput): string {
	const { inputs, file, stack, secrets, procfiles } = input;
	const keys = listedKeys(input.keys);
	const problems = placedProblems(input);
	return [
		`# ${file}, imported from ${inputs.join(", ")}`,
		`${countKeys(input)}. No value that looks secret is in here or in the stage file.`,
		...part(
			"What the loader says",
			problems.length === 0
				? [`Nothing: once its secrets are set, \`pulumi preview --stack ${stack}\` reads ${file} without a mistake.`]
				: [`${file} is refused until these are fixed:`, ...problems.map((problem) => `- ${problem}`)],
		),
		...part("Secrets", secretLines(secrets, stack)),
		...part("Procfiles", procfileLines(procfiles)),
		...(["decide", "mapped", "dropped"] as const).flatMap((outcome) =>
			part(titles[outcome], keyTable(keys, outcome, outcome === "decide" ? decisionRows(input) : [])),
		),
		"",
	]
		.join("\n\n")
		.replace(/\n{3,}/g, "\n\n")
		.trimEnd()
		.concat("\n");
}

function part(title: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : [`## ${title}`, lines.join("\n")];
}

function secretLines(secrets: ImportedSecrets, stack: string): string[] {
	const entries = secrets.entries();
	if (entries.length === 0) return [];
	return [
		`After \`pulumi stack init ${stack}\`, each of these asks for the value:`,
		"",
		...entries.map(([name, place]) => `    ${secretCommand(name, stack)}  # ${place}`),
	];
}

function procfileLines(procfiles: readonly Procfile[]): string[] {
	if (procfiles.length === 0) return [];
	return [
		"A stage file has no commands: each of these goes into its image, `COPY Procfile /.aptible/Procfile`.",
		"",
		...procfiles.map(
			({ app, text }) =>
				`- ${app}/Procfile: ${text
					.trimEnd()
					.split("\n")
					.map((line) => line.split(":")[0])
					.join(", ")}`,
		),
	];
}

/** Rows of keys that the stage file lacks, at the block that they belong to. */
function decisionRows({ decisions, file, text }: ReportInput): string[] {
	const findLine = lineFinder(text);
	return decisions.map(({ key, says }) => `| ${file}:${findLine(key.split("."))} | \`${key}\` | ${cell(says)} |`);
}

/** @param others rows of keys that are not the input's */
function keyTable(keys: readonly Source[], outcome: Outcome, others: readonly string[]): string[] {
	const rows = keys
		.map((key) => ({ key, result: key.outcome }))
		.filter(({ result }) => result?.outcome === outcome)
		.sort((a, b) =>
			a.key.file.name === b.key.file.name ? a.key.line - b.key.line : a.key.file.name < b.key.file.name ? -1 : 1,
		);
	if (rows.length + others.length === 0) return [];
	return [
		"| Where | Key | What |",
		"|---|---|---|",
		...rows.map(
			({ key, result }) =>
				`| ${key.place} | \`${cell(key.stands === undefined ? key.path : `${key.path} ${key.stands}`)}\` | ${isAsParent(key) ? `as \`${cell(rowOf(key).path)}\`` : cell(result?.says ?? "")} |`,
		),
		...others,
	];
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|").replaceAll(/\r?\n/g, " ");
}

/** What the loader says of the stage with its secrets set, each with its line in the file. */
function placedProblems({ blocks, secrets, text, file }: ReportInput): string[] {
	const values = Object.fromEntries(secrets.entries().map(([name]) => [name, "x"]));
	const findLine = lineFinder(text);
	const placed = problemsOf({ ...blocks, secrets: values }).map((problem) => {
		const said = problem.replace(/^this file: /, "");
		return `${file}:${findLine(placeIn(said))}: ${said}`;
	});
	return [
		...placed,
		...sizeProblem(blocks).map((problem) => `${file}: is larger than Linux hands to a program: ${problem}`),
	];
}

/** `apps["a.b"].config.X: is ...` as its keys. */
function placeIn(problem: string): string[] {
	const [place = ""] = /^(?:[\w-]+|\.[\w-]+|\["[^"]*"\]|\[\d+\])+(?=:)/.exec(problem) ?? [];
	return [...place.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([\w-]+)/g)].map(
		([, quoted, index, plain]) => quoted ?? index ?? plain ?? "",
	);
}

/** Finds the line of the key that is nearest to a place: of one that is missing, its block's. */
function lineFinder(text: string): (place: readonly string[]) => number {
	const lines = new LineCounter();
	const { contents } = parseDocument(text, { lineCounter: lines });
	return (place) => {
		let [at, line]: [unknown, number] = [contents, 1];
		for (const key of ["config", ...place.map((one, index) => (index === 0 ? `${namespace}:${one}` : one))]) {
			const pair = isMap(at) ? at.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
			if (pair === undefined) break;
			const range = isScalar(pair.key) ? pair.key.range : undefined;
			if (range != null) line = lines.linePos(range[0]).line;
			at = pair.value;
		}
		return line;
	};
}
