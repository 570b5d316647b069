/** The plan as a page in Markdown: the same for the terminal and for a file in a pull request. */
import type { PlanFinding, Severity } from "./finding.ts";
import type { RunbookPart } from "./runbook-steps.ts";

/** What is on it. */
export interface Plan {
	stage: string;
	environment: string;
	/** Of the stage file. */
	phase: string | undefined;
	findings: readonly PlanFinding[];
	/** Rows: what moves, and how. */
	moves: readonly (readonly [string, string])[];
	forecast: readonly string[];
	costs: readonly string[];
	runbook: readonly RunbookPart[];
}

const TITLES: readonly [Severity, string][] = [
	["blocker", "Blockers"],
	["warning", "Warnings"],
	["unseen", "Not looked at"],
	["unknown", "Not known"],
];

/** Ends with a line break. */
export function writePage(plan: Plan): string {
	const of = (severity: Severity) => plan.findings.filter((one) => one.severity === severity);
	const counts = TITLES.map(([severity, title]) => `${title}: ${of(severity).length}`).join("; ");
	return `${[
		`# Move of ${plan.stage} to Aptible`,
		"",
		`Environment \`${plan.environment}\`; ${plan.phase === undefined ? "no phase yet" : `phase in the stage file: \`${plan.phase}\``}. ${counts}. Written by \`npm run move -- plan --stack STACK\`.`,
		"",
		...TITLES.flatMap(([severity, title]) =>
			section(
				`## ${title}`,
				of(severity).map(({ line }) => `- ${line}`),
			),
		),
		...section("## What moves", [
			"| What | How |",
			"|---|---|",
			...plan.moves.map(([what, how]) => `| ${what} | ${how} |`),
		]),
		...section("## Forecast", plan.forecast.map(item)),
		...section("## Costs while both sides run", plan.costs.map(item)),
		"## Runbook",
		"",
		"In the order in which it is done; the numbers are those of Aptible's migration guide, and docs/move.md says more of each. HOST stands for the host name of an endpoint that is not known yet (`aptible endpoints:list --app APP --environment ENVIRONMENT`).",
		"",
		...plan.runbook.flatMap(writePart),
		"## Point of no return",
		"",
		"- Before the first write on Aptible in the phase `live`, going back loses nothing.",
		"- After it, going back loses what was written on Aptible since.",
		"- MedStack cannot renew its certificates while the domains lead elsewhere: a way back later than their end has none (facts/move.md §5).",
		"- After `close` there is no way back.",
	].join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : [title, "", ...lines, ""];
}

/** Lines that a forecast has indented stay below the one before. */
function item(line: string): string {
	return line.startsWith("- ") ? `  ${line}` : `- ${line}`;
}

function block(lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : ["", "  ```sh", ...lines.map((line) => `  ${line}`), "  ```", ""];
}

function writePart({ title, steps }: RunbookPart): string[] {
	const lines = steps.flatMap(({ who, does, commands = [] }) => [`- [ ] **${who}**: ${does}`, ...block(commands)]);
	return section(`### ${title}`, lines.at(-1) === "" ? lines.slice(0, -1) : lines);
}
