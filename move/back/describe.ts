/** What a person reads before going back: what both sides are like, and what users see. */
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { isServing, type MovePhase } from "../../wire/move.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { findUpdatingSwitch } from "../switch/night-journal.ts";
import type { OpenBack, Opening } from "./opening.ts";

/** Where the night is, for whoever goes back from there. */
export type Boundary = "prepare" | "frozen" | "copied" | "trial" | "live" | "cancelled";

/** A switch that may have begun its update is where it leads to, where that opens Aptible. */
export function boundaryOf(made: MovePhase, lines: readonly JournalLine[]): Boundary {
	const updating = findUpdatingSwitch(lines);
	const isOpening = updating !== undefined && isServing(updating.phase);
	const phase = isOpening && made !== "live" ? updating.phase : made;
	if (phase !== "frozen") return phase;
	const last = (is: (line: JournalLine) => boolean) => lines.findLastIndex(is);
	const copied = last(({ step, state }) => step === "swap" && state === "done");
	return copied >
		last(({ step, state, evidence }) => step === "switch" && state === "done" && evidence.from === "prepare")
		? "copied"
		: "frozen";
}

const SHUT =
	"MedStack: its services are at 0 as far as they were stopped, and its database is shut as far as a freeze came";
const AT_ZERO = "Aptible: everything is at 0";

const SIDES: Readonly<Record<Boundary, readonly string[]>> = {
	prepare: [SHUT, "Aptible: not in use"],
	frozen: [SHUT, `${AT_ZERO}; nothing is copied`],
	copied: [SHUT, `${AT_ZERO}, with the copy in its place`],
	trial: [SHUT, "Aptible: what has an endpoint runs, for whoever tests it"],
	live: [SHUT, "Aptible: serves everybody"],
	cancelled: ["MedStack: open, or about to be", "Aptible: what has an endpoint runs as in prepare"],
};

/** @param isLed whether DNS may lead to Aptible */
function describeUsers(boundary: Boundary, isLed: boolean): string {
	const until = "until DNS has come round and MedStack's services are up";
	if (boundary === "cancelled") return "users: see MedStack";
	if (!isLed) return "users: see MedStack's page or its 404 or 503, now and until its services are up";
	if (boundary === "live") {
		return `users: are served by Aptible now; from the first step on they see its error page, then MedStack's, ${until}`;
	}
	return `users: may be led to Aptible, and see ${boundary === "trial" ? "what runs there, then " : ""}its error page, then MedStack's, ${until}`;
}

/** Lines for a person. */
export function describeSides(
	made: MovePhase,
	lines: readonly JournalLine[],
	{ open, opening }: { open: OpenBack | undefined; opening: Opening },
): string[] {
	const taken = open === undefined ? [] : [`a way back was begun at ${open.at} and is taken up where it stands`];
	const done = open?.lines.filter(({ state }) => state === "done").map(({ part }) => part) ?? [];
	const isLedBack = open?.lines.some(({ part, state }) => part === "domains" && state === "note") === true;
	const boundary = boundaryOf(made, lines);
	const sides = [...SIDES[boundary], describeUsers(boundary, opening.isLed)];
	const steps = [
		"1. Aptible to frozen: nobody writes there any more",
		"2. what was written on Aptible is counted, and nothing is opened where that is more than --accept-loss",
		`3. DNS back to MedStack, and the wait for its TTL${opening.isLed || isLedBack ? "" : " (not changed tonight)"}`,
		"4. MedStack's database is opened as the freeze has noted it",
		"5. MedStack's services",
		"6. the phase of the stage",
	];
	return [
		...taken,
		...(done.length > 0 ? [`done: ${done.join(", ")}`] : sides),
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

/** What is asked of a MySQL that a person has shut, once the others are open; undefined where none moves. */
export function askUnlocked(moved: MoveStage): string | undefined {
	const handles = mysqlOf(moved);
	if (handles === undefined) return undefined;
	return `Once each account that was locked on the old MySQL of ${handles} is open again (ALTER USER ... ACCOUNT UNLOCK), type unlocked: `;
}

/** What is asked of a MySQL last of all, as its events write; undefined where none moves. */
export function askEvents(moved: MoveStage): string | undefined {
	const handles = mysqlOf(moved);
	if (handles === undefined) return undefined;
	return `Last, once each event that was on on the old MySQL of ${handles} is on again (ALTER EVENT ... ENABLE), type events: `;
}

function mysqlOf(moved: MoveStage): string | undefined {
	const handles = movedDatabases(moved).flatMap(({ handle, type }) => (type === "mysql" ? [handle] : []));
	return handles.length === 0 ? undefined : handles.join(", ");
}
