/** The report: every rule of `phi`, and every control with its rows, judged. */
import { phiRules } from "../config/phi.ts";
import { access } from "./access.ts";
import type { Control, Reading, Row, Seen, Verdict } from "./control.ts";
import { data } from "./data.ts";
import { hiddenOf } from "./phi-rules.ts";
import { placement } from "./placement.ts";
import { records } from "./records.ts";
import type { Reference } from "./references.ts";
import { storage } from "./storage.ts";
import { transport } from "./transport.ts";

/** In the order of the report. */
export const controls: readonly Control[] = [...placement, ...transport, ...data, ...access, ...records, ...storage];

/** `not required`: it does not hold, and the stage is said to have no health information. */
export type Outcome = Verdict | "not required";

export interface JudgedRow {
	readonly object: string;
	readonly declared: string | null;
	readonly live: string | null;
	/** What is live is another than what is declared. */
	readonly differs: boolean;
	readonly outcome: Outcome;
}

export interface JudgedControl extends Pick<Control, "id" | "title" | "requires"> {
	readonly references: readonly Reference[];
	readonly outcome: Outcome;
	readonly rows: readonly JudgedRow[];
}

export interface JudgedRule {
	readonly key: string;
	readonly forbids: string;
	readonly checked: string;
	readonly outcome: Outcome;
	/** Places of the stage file that are against it. */
	readonly at: readonly string[];
	/** Controls that show the same live. */
	readonly controls: readonly string[];
}

/** As JSON it is just this. Holds no secret. */
export interface ComplianceReport {
	readonly stage: string;
	readonly environment: string;
	readonly phi: boolean;
	/** Moment of the report. */
	readonly at: string;
	/** Whether Aptible was looked at; else why not. */
	readonly live: string;
	readonly outcome: "holds" | "fails" | "unknown";
	readonly rules: readonly JudgedRule[];
	readonly controls: readonly JudgedControl[];
	readonly notIncluded: readonly string[];
}

/** What no stage can show, so that nobody takes the report for more than it is. */
const notIncluded = [
	"people, training, risk analysis, contracts (a business associate agreement with Aptible, Microsoft and whoever takes the logs)",
	"who is in a role, MFA and SSO: the organization's, in Aptible's dashboard",
	"Azure as it is now: `pulumi preview --refresh --stack STACK` compares it",
	"what the apps do with the information",
	"Aptible's own audits: its trust centre and its compliance dashboard have them",
];

/**
 * Judges a stage.
 *
 * @param isDeclaredOnly leaves the live side out, as a run without credentials may want it
 */
export function judgeStage(name: string, seen: Seen, isDeclaredOnly = false): ComplianceReport {
	const { environment } = seen.stage;
	const judged = controls.map((control): JudgedControl => {
		const { id, title, requires, references } = control;
		const rows = control.rows(seen).flatMap((row) => judgeRow(row, environment.phi, isDeclaredOnly));
		const outcomes = rows.map(({ outcome }) => outcome);
		// There may be what the file does not have.
		const isUnseen = control.on === "both" && !isDeclaredOnly && "unseen" in seen.live;
		return { id, title, requires, references, rows, outcome: together(isUnseen ? [...outcomes, "unknown"] : outcomes) };
	});
	const rules = judgeRules(seen);
	const all = together([...judged, ...rules].map(({ outcome }) => outcome));
	return {
		stage: name,
		environment: environment.handle,
		phi: environment.phi,
		at: seen.now.toISOString(),
		live: isDeclaredOnly ? "left out on demand" : "unseen" in seen.live ? seen.live.unseen : "looked at",
		outcome: all === "fails" || all === "unknown" ? all : "holds",
		rules,
		controls: judged,
		notIncluded,
	};
}

function judgeRow(
	{ object, declared, live: seenLive, isCompared = false }: Row,
	phi: boolean,
	isDeclaredOnly: boolean,
): JudgedRow[] {
	const live = isDeclaredOnly ? undefined : seenLive;
	const readings = [declared, live].filter((one) => one !== undefined);
	if (readings.length === 0) return [];
	const isKnown =
		declared !== undefined && live !== undefined && readings.every(({ verdict }) => verdict !== "unknown");
	const differs = isCompared && isKnown && declared.value !== live.value;
	const outcome = differs ? "fails" : together(readings.map((one) => outcomeOf(one, phi)));
	return [{ object, declared: declared?.value ?? null, live: live?.value ?? null, differs, outcome }];
}

function outcomeOf({ verdict }: Reading, phi: boolean): Outcome {
	return verdict === "fails" && !phi ? "not required" : verdict;
}

/** The worst of them counts; what is only shown counts where nothing else is there. */
function together(outcomes: readonly Outcome[]): Outcome {
	const order: readonly Outcome[] = ["fails", "unknown", "not required", "holds", "shown"];
	return order.find((one) => outcomes.includes(one)) ?? "shown";
}

function judgeRules({ stage: { environment }, draft }: Seen): JudgedRule[] {
	return phiRules.map(({ key, forbids, judgedBy }) => {
		const shownBy = controls.filter(({ phiKeys }) => phiKeys.includes(key)).map(({ id }) => id);
		const rule = { key, forbids, controls: shownBy };
		if (typeof judgedBy !== "function") return { ...rule, checked: judgedBy.when, outcome: "shown", at: [] };
		const at = judgedBy(draft).map(({ place }) => place.join("."));
		if (at.length === 0 && hiddenOf(draft, key).length > 0) {
			return { ...rule, checked: "in the preview, as it is in a secret", outcome: "shown", at };
		}
		const outcome = at.length === 0 ? "holds" : environment.phi ? "fails" : "not required";
		return { ...rule, checked: "in the preview", outcome, at };
	});
}
