/** The report as a page in Markdown, for an auditor and for the terminal. */
import type { ComplianceReport, JudgedControl, JudgedRule, Outcome } from "./report.ts";

const words: Readonly<Record<Outcome, string>> = {
	holds: "holds",
	fails: "**does not hold**",
	unknown: "**unknown**",
	shown: "shown",
	"not required": "not required",
};

/** Ends with a line break. */
export function writeCompliance(report: ComplianceReport): string {
	const { stage, environment, phi, at, live, outcome, rules, controls, notIncluded } = report;
	const count = (one: Outcome) => controls.filter((control) => control.outcome === one).length;
	return `${[
		`# Compliance of ${stage}`,
		"",
		...table(
			["", ""],
			[
				["Environment", `\`${environment}\``],
				["Health information", phi ? "yes (`phi: true`)" : "no (`phi: false`): what does not hold is not required"],
				["Written at", at],
				["Aptible", live],
				["All together", words[outcome]],
				[
					"Controls",
					`${count("holds")} hold, ${count("fails")} do not, ${count("unknown")} unknown, ${count("not required")} not required, ${count("shown")} shown for the reader to judge`,
				],
			],
		),
		"",
		"*Declared* is the stage file, *live* is Aptible at that moment; **differs** is a control that does not hold, as the file is no record then. `npm run compliance` writes this page, and docs/compliance.md says how to read it.",
		"",
		"## Controls",
		"",
		...table(
			["Control", "Outcome", "References"],
			controls.map(({ id, title, outcome: one, references }) => [
				`[${title}](#${anchor(title)}) (\`${id}\`)`,
				words[one],
				describeReferences(references),
			]),
		),
		"",
		...controls.flatMap(section),
		"## Rules of phi",
		"",
		"Every rule that `environment.phi: true` enforces. With it the stage file is refused where one does not hold.",
		"",
		...table(
			["Key", "Forbidden", "Checked", "Outcome", "Shown live by"],
			rules.map((rule) => [
				`\`${rule.key}\``,
				rule.forbids,
				rule.checked,
				describeRule(rule),
				rule.controls.map((id) => `\`${id}\``).join(", "),
			]),
		),
		"",
		"## Not in this report",
		"",
		...notIncluded.map((line) => `- ${line}`),
	].join("\n")}\n`;
}

function section({ title, requires, rows, references }: JudgedControl): string[] {
	const none = "Nothing of the kind in this stage.";
	return [
		`### ${title}`,
		"",
		`Requires: ${requires}.`,
		"",
		...(rows.length === 0
			? [none]
			: table(
					["Object", "Declared", "Live", "Outcome"],
					rows.map(({ object, declared, live, differs, outcome }) => [
						object,
						declared ?? "-",
						live ?? "-",
						differs ? `${words[outcome]}: differs` : words[outcome],
					]),
				)),
		"",
		references.length === 0
			? "References: none that public text gives."
			: `References: ${describeReferences(references)} (${[...new Set(references.map(({ source }) => source))].join(", ")}).`,
		"",
	];
}

function describeRule({ outcome, at }: JudgedRule): string {
	if (outcome === "shown") return "see its control";
	return at.length === 0 ? words[outcome] : `${words[outcome]}: ${at.map((place) => `\`${place}\``).join(", ")}`;
}

function describeReferences(references: JudgedControl["references"]): string {
	const frameworks = [...new Set(references.map(({ framework }) => framework))];
	return frameworks
		.map((name) => {
			const clauses = references.filter(({ framework }) => framework === name).map(({ clause }) => clause);
			return `${name} ${clauses.join(", ")}`;
		})
		.join("; ");
}

/** As GitHub makes it of a heading. */
function anchor(title: string): string {
	return title
		.toLowerCase()
		.replaceAll(/[^\w -]/g, "")
		.replaceAll(" ", "-");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
	const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	return [row(head), row(head.map(() => "---")), ...rows.map(row)];
}
