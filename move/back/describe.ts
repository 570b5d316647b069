/** What a person reads before going back: what both sides are like, and what users see. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import type { MovePhase } from "../../wire/move.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { findOpenSwitch } from "../switch/night-journal.ts";
import type { OpenBack, Opening } from "./opening.ts";

/** Where the night is, for whoever goes back from there. */
export type Boundary = "prepare" | "frozen" | "copied" | "trial" | "live" | "cancelled";

/** A switch that may have begun its update is where it leads to, where that opens Aptible. */
export function boundaryOf(made: MovePhase, lines: readonly JournalLine[]): Boundary {
	const open = findOpenSwitch(lines);
	const isOpening = open?.hasUpdate === true && (open.phase === "trial" || open.phase === "live");
	const phase = isOpening && made !== "live" ? open.phase : made;
	if (phase !== "frozen") return phase;
	const last = (is: (line: JournalLine) => boolean) => lines.findLastIndex(is);
	const copied = last(({ step, state }) => step === "swap" && state === "done");
	return copied >
		last(({ step, state, evidence }) => step === "switch" && state === "done" && evidence.from === "prepare")
		? "copied"
		: "frozen";
}

const SHUT = "MedStack: its services are at 0, and its database is shut as far as a freeze came";
const AT_ZERO = "Aptible: everything is at 0";

const SIDES: Readonly<Record<Boundary, readonly string[]>> = {
	prepare: [
		SHUT,
		"Aptible: not in use",
		"users: see MedStack's page or its 404 or 503, now and until its services are up",
	],
	frozen: [
		SHUT,
		`${AT_ZERO}; nothing is copied`,
		"users: see MedStack's page or its 404 or 503, now and until its services are up",
	],
	copied: [
		SHUT,
		`${AT_ZERO}, with the copy in its place`,
		"users: see MedStack's page or its 404 or 503, now and until its services are up",
	],
	trial: [
		SHUT,
		"Aptible: what has an endpoint runs, for whoever tests it",
		"users: see MedStack's page or its 404 or 503, now and until its services are up",
	],
	live: [
		SHUT,
		"Aptible: serves everybody",
		"users: are served by Aptible now; from the first step on they see its error page, then MedStack's, until DNS has come round and MedStack's services are up",
	],
	cancelled: [
		"MedStack: open, or about to be",
		"Aptible: what has an endpoint runs as in prepare",
		"users: see MedStack",
	],
};

/** Lines for a person. */
export function describeSides(
	made: MovePhase,
	lines: readonly JournalLine[],
	{ open, opening }: { open: OpenBack | undefined; opening: Opening },
): string[] {
	const taken = open === undefined ? [] : [`a way back was begun at ${open.at} and is taken up where it stands`];
	const done = open?.lines.filter(({ state }) => state === "done").map(({ part }) => part) ?? [];
	const steps = [
		"1. Aptible to frozen: nobody writes there any more",
		"2. what was written on Aptible is counted, and nothing is opened where that is more than --accept-loss",
		`3. DNS back to MedStack, and the wait for its TTL${opening.isLed ? "" : " (not changed tonight)"}`,
		"4. MedStack's database is opened as the freeze has noted it",
		"5. MedStack's services",
		"6. the phase of the stage",
	];
	return [
		...taken,
		...(done.length > 0 ? [`done: ${done.join(", ")}`] : SIDES[boundaryOf(made, lines)]),
		"going back, in this order:",
		...steps.map((step) => `  ${step}`),
	];
}

/** What a person does before MedStack's services come up. */
export function describeBefore({ stage }: MoveStage): string[] {
	const domains = Object.keys(stage.move?.domains ?? {});
	if (domains.length === 0) return [];
	return [
		`in MedStack, give ${domains.join(", ")} back from the page service to the apps' services, where it has them`,
	];
}

/** What a person does once they are up. */
export function describeAfter(moved: MoveStage): string[] {
	const handles = movedDatabases(moved).flatMap(({ handle, type }) => (type === "mysql" ? [handle] : []));
	if (handles.length === 0) return [];
	return [`last, on the old MySQL of ${handles.join(", ")}: unlock what was locked, and turn its events on again`];
}
