/** The steps of a night in their order, and what shows that each is done. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { isServing, type MovePhase } from "../../wire/move.ts";
import { isProvedSilent, lastThaw } from "../back/source.ts";
import { lastWatch } from "../close/silence.ts";
import { havePassed } from "../probe/evidence.ts";
import type { MoveStage } from "../stage.ts";
import { findOpenSwitch } from "../switch/night-journal.ts";
import { warnOfObjects } from "../switch/objects.ts";

export interface NightStep {
	/** Word of the journal's. */
	name: string;
	says: string;
	/** What is typed after `npm run move --`; absent: MedStack's services, which are no command of their own. */
	command?: readonly string[];
	/** Whether a person agrees to it, whatever was said before the night: from there on going back may cost something. */
	isPersonal: boolean;
}

/** What is known of a night at a moment. */
export interface NightFacts {
	moved: MoveStage;
	lines: readonly JournalLine[];
	/** Of the last update that was carried through. */
	phase: MovePhase | undefined;
	/** Whether the record of a verified copy is beside the stage file, of a move that is not closed. */
	hasRecord: boolean;
}

/** A night that has begun. */
export interface Night {
	at: string;
	/** Number of its first line. */
	seq: number;
	/** Its own lines. */
	lines: readonly JournalLine[];
}

/** The night that has begun and is not over; MedStack's return ends it too. */
export function findNight(lines: readonly JournalLine[]): Night | undefined {
	let night: { at: string; seq: number; lines: JournalLine[] } | undefined;
	for (const line of lines) {
		const { step, part, state, evidence } = line;
		if (step === "night" && part === "" && state === "begin") night ??= { at: line.at, seq: line.seq, lines: [] };
		else if (step === "night" && part === "" && state === "done") night = undefined;
		else if (step === "night") night?.lines.push(line);
		const isReturn = step === "switch" && (evidence.phase === "prepare" || evidence.phase === "cancelled");
		if (state === "done" && part === "" && (step === "back" || isReturn)) night = undefined;
	}
	return night;
}

/** The steps of a stage's night. */
export function listSteps({ moved, lines, hasRecord }: NightFacts, night: Night): NightStep[] {
	const domains = Object.keys(moved.stage.move?.domains ?? {});
	const objects = moved.stage.move?.objects ?? [];
	const step = (name: string, says: string, command?: readonly string[], isPersonal = false): NightStep => ({
		name,
		says,
		isPersonal,
		...(command === undefined ? {} : { command }),
	});
	return [
		step("plan", "what stands in the way", ["plan"]),
		step("services", "MedStack's services to 0: users are shut out from here on"),
		step("frozen", "everything on Aptible to 0", ["switch", "frozen"]),
		step("freeze", "MedStack's database shut, and the proof that nobody writes", ["freeze"]),
		...(objects.length > 0 ? [step("objects", "what changed in the objects since the last pass", ["objects"])] : []),
		step("copy", ...sayCopy(lines, night, hasRecord)),
		step("verify", "both sides compared once more", ["verify"]),
		step("trial", "the apps on Aptible start, for tests", ["switch", "trial"], true),
		...(domains.length > 0 ? [step("probe", "each domain asked by its real name at Aptible", ["probe"], true)] : []),
		step("live", "Aptible serves: update, probes, DNS", ["switch", "live"], true),
		...(domains.length > 0 ? [step("watch", "whether anybody still comes to MedStack", ["watch"], true)] : []),
		step("report", "the report for an audit", ["report"], true),
	];
}

/** The last line of a step of the night's. */
export function lastOf(night: Night, name: string): JournalLine | undefined {
	return night.lines.findLast(({ part, state }) => part === name && state !== "note");
}

/** Number of the last swap's line; 0 where there was none. */
function lastSwap(lines: readonly JournalLine[]): number {
	return lines.findLast(({ step, state }) => step === "swap" && state === "done")?.seq ?? 0;
}

/** What leads to a record of a copy here. The mover refuses a second copy over one in its place, unless it is said. */
function sayCopy(lines: readonly JournalLine[], night: Night, hasRecord: boolean): [string, string[]] {
	const says = "copy, proof, and the copy in its place";
	const swapped = lastSwap(lines);
	if (swapped === 0 || hasRecord) return [says, ["copy"]];
	const proofs = lines.filter(({ step, state, seq }) => step === "verify" && state === "note" && seq > swapped);
	const isUnequal = proofs.some(({ run, evidence }) => run === proofs.at(-1)?.run && evidence.equal === false);
	if (swapped < night.seq) return [says, ["copy", "--again"]];
	if (isUnequal) return [`${says}, as both sides were found unequal`, ["copy", "--again"]];
	// One that was left is told its end.
	if (lastOf(night, "copy")?.state === "begin") {
		return [says, ["copy"]];
	}
	return [
		"a copy is in its place, and its record is not here: pull Pulumi.STACK.move.json from the machine that has it, or have both sides compared once more, which writes it",
		["verify"],
	];
}

/** Whether a step is done, by what it has left; where that shows nothing, by the night's own line since it could have been undone. */
export function isStepDone({ name }: NightStep, facts: NightFacts, night: Night): boolean {
	const { moved, lines, phase, hasRecord } = facts;
	const open = findOpenSwitch(lines);
	const isOpened = isServing(phase);
	const own = (since = 0) => {
		const last = lastOf(night, name);
		return last?.state === "done" && last.seq > since;
	};
	const swapped = lastSwap(lines);
	const thawed = lastThaw(lines);
	const { move } = moved.stage;
	switch (name) {
		case "plan":
			return isOpened || own();
		case "services":
			return isOpened || own(thawed);
		case "frozen":
			return (isOpened || phase === "frozen") && open?.phase !== "frozen";
		case "freeze":
			return isOpened || isProvedSilent(moved, lines);
		case "objects":
			return isOpened || warnOfObjects(moved, lines).length === 0;
		case "copy":
			return isOpened || hasRecord;
		case "verify":
			return isOpened || own(swapped);
		case "trial":
			return isOpened && open?.phase !== "trial";
		case "probe":
			return phase === "live" || (move !== undefined && havePassed(lines, move));
		case "live":
			return phase === "live" && open?.phase !== "live";
		case "watch": {
			const watched = lastWatch(lines);
			return watched?.state === "done" || watched?.evidence.skipped === true;
		}
		default:
			return own();
	}
}
