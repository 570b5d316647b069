/** What a change does to a stage, as a comment on a pull request. */
import { describeBand } from "../cost/estimate.ts";
import { type CostReport, compareRows, describeRise } from "../cost/page.ts";
import type { DriftReport } from "../drift/look.ts";
import type { Difference } from "../wire/difference.ts";
import { isSevere, readPreview } from "./preview-text.ts";

/** What was found about a change. */
export interface Findings {
	readonly stage: string;
	/** All that `pulumi preview` wrote. */
	readonly text: string;
	readonly hasFailed: boolean;
	/** An error says why they are unknown. */
	readonly costs: CostReport | Error;
	/** undefined: Aptible was not looked at. */
	readonly drift: DriftReport | undefined;
}

/** GitHub takes 65536 characters; some are left for the headings. */
const most = { effects: 20_000, item: 4_000, costs: 15_000, drift: 10_000, reason: 400, all: 62_000 };

/** Characters that are read at once; two lines on GitHub. */
const longest = 160;

/** Writes it: what happens, what it costs, what somebody changed by hand, and at the end the preview itself. Its first line tells it from other comments. */
export function writeComment({ stage, text, hasFailed, costs, drift }: Findings): string {
	const { messages, hasChanges, losses } = readPreview(text);
	// Without a look at the state no line says what goes.
	const isUntold = losses.length > 0 && !messages.some((message) => harm.test(message));
	const untold = isUntold ? [`${losses.join(", ")}: only the preview below says what`] : [];
	const effects = list([...untold, ...order(messages)], most.effects);
	const none = hasChanges ? "What changes is in the preview below." : "Nothing changes.";
	const isOpen = hasFailed && effects.length === 0;
	const top = [
		[`<!-- preview of ${stage} -->`, `### Preview of \`${stage}\`${hasFailed ? ": it fails" : ""}`],
		effects.length > 0 || hasFailed ? effects : [none],
		writeCosts(costs, stage),
		hasFailed ? [] : writeDrift(drift),
		[`<details${isOpen ? " open" : ""}><summary>pulumi preview</summary>`],
		["`````text"],
	]
		.filter((lines) => lines.length > 0)
		.map((lines) => lines.join("\n"))
		.join("\n\n");
	const room = most.all - top.length;
	// As long a fence in the text would end this one.
	const fenced = text.replace(/`{5,}/g, "````");
	const shown = fenced.length > room ? `${fenced.slice(0, room)}\n... the rest is in the log` : fenced.trimEnd();
	return `${top}\n${shown}\n\`\`\`\`\`\n\n</details>\n`;
}

/** Errors, then what harms, then warnings, then the rest by its noun. */
function order(messages: readonly string[]): string[] {
	const rank = (message: string) => {
		if (message.startsWith("error: ")) return 0;
		if (harm.test(message)) return 1;
		return isSevere(message) ? 2 : 3;
	};
	return messages.toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}

/** What effects (effects/) write in capitals. */
const harm =
	/\b(IS|ARE) (DELETED|REPLACED|LOST)\b|\bIT STOPS\b|\bOFF THE NETWORK\b|\bTHE UPDATE FAILS\b|\b(CLOSES|ENDS?|EVERYONE|NO|NONE|NOT|NOTHING|PUBLIC|REFUSED)\b/;

function writeCosts(costs: CostReport | Error, stage: string): string[] {
	if (costs instanceof Error)
		return [`**Costs** are unknown: ${literal(costs.message.replaceAll(/\s+/g, " ").slice(0, most.reason))}`];
	const { total, against, prices } = costs;
	const after = describeBand(total);
	const from = `List prices of ${prices.date}; what is not in them: \`npm run cost -- --stack ${stage}\``;
	if (against === undefined) return [`**Costs**: ${after} a month. ${from}`];
	const before = describeBand(against.total);
	if (against.changes.length === 0) return [`**Costs** stay ${after} a month. ${from}`];
	const rise = describeRise(against.total, total);
	return [
		`#### Costs: ${rise} a month, ${before} => ${after}`,
		"",
		...(against.isThere ? [] : [`${literal(against.ref)} has no file of this stage: all of it is new.`, ""]),
		...fit(compareRows(against, total), most.costs),
		"",
		from,
	];
}

function writeDrift(drift: DriftReport | undefined): string[] {
	if (drift === undefined) {
		return ["**Drift** is unknown: this preview did not see Aptible; it has no credentials, or says below why."];
	}
	const items = [
		...drift.gone,
		...drift.drifted.map(
			({ kind, name, differences }) => `${kind} ${name}: ${differences.map(writeDifference).join("; ")}`,
		),
		...drift.undeclaredEndpoints,
		...drift.undeclared.filter((text) => !drift.undeclaredEndpoints.includes(text)),
		...drift.unknown,
	];
	if (items.length === 0) return ["**Drift**: none."];
	return ["#### Drift", "", ...list(items, most.drift)];
}

function writeDifference({ field, live, declared, cause }: Difference): string {
	return `${field} is ${live}, declared ${declared}${cause === undefined ? "" : `, ${cause}`}`;
}

/** A list: what an item is about in bold, and the parts of a long one below it. */
function list(items: readonly string[], characters: number): string[] {
	const bold = (line: string) => line.replace(/^.{1,60}?(?=: )/, "**$&**");
	const write = (item: string) =>
		isSevere(item) || item.length < longest
			? bold(item.split("\n").map(literal).join("\n  "))
			: bold(item.split("; ").map(literal).join("\n  - "));
	return fit(
		items.map((item) => `- ${write(item.length > most.item ? `${item.slice(0, most.item)} ...` : item)}`),
		characters,
	);
}

/** As many lines as there is room for; a long one keeps no other out. */
function fit(lines: readonly string[], characters: number): string[] {
	let left = characters;
	const fitting = lines.filter(({ length }) => {
		if (length + 1 > left) return false;
		left -= length + 1;
		return true;
	});
	const others = lines.length - fitting.length;
	return others === 0 ? fitting : [...fitting, "", `... and ${others} more, in the preview below or its log`];
}

/** Text as it is: no markup but the commands in it, and nobody and no issue that GitHub takes for mentioned. */
function literal(text: string): string {
	const mention = /[@#]|\bGH-(?=\d)|\bgithub\.com\//gi;
	const escaped = (part: string) => part.replace(/[\\`*_~[\]<&|+]/g, "\\$&").replace(mention, "$&<!-- -->");
	return text
		.split(/(`[^`]+`)/)
		.map((part, at) => (at % 2 === 1 ? part : escaped(part)))
		.join("");
}
