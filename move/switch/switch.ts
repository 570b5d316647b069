/** `switch`: the stage's phase, from the scalar in its file to the update that makes it so. It may be killed anywhere and run again. */
import { existsSync } from "node:fs";
import path from "node:path";
import { moveRecordName, readMoveRecord, requireMoveRecord } from "../../config/move-record.ts";
import { type MovePhase, movePhases, type RecordState, refuseMoveStep } from "../../wire/move.ts";
import { findOpenBack } from "../back/opening.ts";
import { readTtlNotes } from "../dns/ttl-notes.ts";
import type { MoveStage } from "../stage.ts";
import { frozenDatabases } from "../thaw-sql.ts";
import type { Engine } from "./engine.ts";
import { countProbed, findOpenSwitch, type NightJournal, type OpenSwitch } from "./night-journal.ts";
import { warnOfObjects } from "./objects.ts";
import { describeDiff, type PhaseText, readPhaseText, showPath } from "./phase-text.ts";

/** What a switch stands on. */
export interface SwitchPorts {
	journal: NightJournal;
	engine: Engine;
	/** Asks the person; an empty answer where there was none. */
	ask(question: string): Promise<string>;
	tell(line: string): void;
	/** Asks the domains at their new side. @returns whether all have passed */
	probe(): Promise<boolean>;
	/** Has the domains lead to a side, and waits until they do. It may be called twice. */
	pointDomains(side: "new" | "old"): Promise<void>;
	/** Notes the counters of the databases in the journal, before apps on Aptible may write to them. */
	mark(run: string, phase: MovePhase): Promise<void>;
	now(): Date;
}

export interface SwitchOptions {
	to: MovePhase;
	/** Whether another update is made in the phase that the stage is in. */
	isAgain: boolean;
}

/** A step that may be taken. */
interface Step {
	from: MovePhase;
	to: MovePhase;
	run: string;
	open: OpenSwitch | undefined;
	place: PhaseText;
}

/**
 * Brings the stage to a phase.
 *
 * @returns exit code: 1 where it was given up, or its update has failed
 * @throws where the step may not be taken, with what to do first
 */
export async function switchPhase(moved: MoveStage, options: SwitchOptions, ports: SwitchPorts): Promise<number> {
	const { tell, journal, engine } = ports;
	const step = await admit(moved, options, ports);
	const { from, to, run } = step;
	const note = (state: "begin" | "note" | "failed" | "done", reason?: "refused" | "failed") =>
		journal.write(run, "switch", state, { phase: to, from, ...(reason === undefined ? {} : { reason }) });
	await note("begin");
	for (const line of describeStart(step)) tell(line);
	const refusal = await agree(step, ports).catch((error: Error) => error);
	if (refusal !== undefined) {
		const says = refusal instanceof Error ? refusal.message : refusal;
		if (hasUpdate(step)) {
			tell(`${says}; its update has begun before, so that ${step.place.file} stays as it is; go on with: ${again(to)}`);
		} else {
			tell(`${says}; ${putBack(step)}`);
			await note("failed", "refused");
		}
		return 1;
	}
	if (isOpening(to) && from !== to) await ports.mark(run, to);
	await note("note");
	if (!(await engine.update(run))) {
		await note("failed", "failed");
		tell(
			`pulumi up has failed, as above, and the stage may be in between; fix that and go on: ${again(to)}. Where the stack is locked by an update that was killed, first: pulumi cancel --stack STACK`,
		);
		return 1;
	}
	const made = await engine.phase();
	if (made !== to) {
		throw new Error(`pulumi up has ended well, and the stack's phase is ${made ?? "none"}; run it again: ${again(to)}`);
	}
	if (!(await lead(moved, step, ports))) return 1;
	await note("done");
	for (const line of describeEnd(moved, step)) tell(line);
	return 0;
}

/** Writes the phase, shows what it does, and asks. @returns why it is not agreed to; nothing where it is */
async function agree({ place, to, run }: Step, { engine, ask }: SwitchPorts): Promise<string | undefined> {
	if (place.phase !== to) place.write(to);
	if (!(await engine.preview(run))) return "the preview is refused, as above";
	const answer = await ask(`To go to ${to}, type ${to}: `);
	return answer.trim() === to ? undefined : `not answered with ${to}`;
}

function hasUpdate({ open, to }: Step): boolean {
	return open?.phase === to && open.hasUpdate;
}

/** Has users reach the side that serves them. @returns whether it does */
async function lead(
	moved: MoveStage,
	{ from, to }: Step,
	{ probe, pointDomains, tell }: SwitchPorts,
): Promise<boolean> {
	if (to === "live" && hasDomains(moved) && !(await probe())) {
		tell(
			`DNS is not changed. Fix that, then: ${again("live")}; or go back: npm run move -- switch frozen --stack STACK`,
		);
		return false;
	}
	if (to === "live") await pointDomains("new");
	else if (isWayBack(from, to)) await pointDomains("old");
	return true;
}

/** Whether apps on Aptible serve somebody in a phase. */
function isOpening(to: MovePhase): boolean {
	return to === "trial" || to === "live";
}

/** Whether a step leads away from Aptible. */
function isWayBack(from: MovePhase, to: MovePhase): boolean {
	return to === "cancelled" || (from !== "cancelled" && movePhases.indexOf(to) < movePhases.indexOf(from));
}

async function admit(moved: MoveStage, { to, isAgain }: SwitchOptions, ports: SwitchPorts): Promise<Step> {
	const { journal, engine } = ports;
	const { name } = moved;
	const place = readPhaseText(moved);
	const run = await journal.run();
	if (run === undefined) {
		const first =
			to === "frozen"
				? "npm run move -- check --stack STACK"
				: `set phase: ${to} in ${place.file}, and: pulumi up --stack STACK`;
		throw new Error(`no mover has made a run yet, so that there is no journal to note a switch in; first: ${first}`);
	}
	const lines = await journal.lines();
	const back = isOpening(to) ? findOpenBack(lines) : undefined;
	if (back !== undefined) {
		throw new Error(
			`a way back to MedStack was begun at ${back.at} and is not at its end, and both sides would be open; end it first: npm run move -- back --stack STACK`,
		);
	}
	const open = findOpenSwitch(lines);
	const made = await engine.phase();
	if (made === undefined) {
		throw new Error(
			`stack ${name} has no phase yet, as no update of it has ended; first, with phase: prepare in ${place.file}: pulumi up --stack STACK`,
		);
	}
	if (place.phase === to && made === to && open === undefined && !isAgain) {
		throw new Error(
			`${place.file} has phase: ${to} already, and its update is done; for another change of the file in the same phase: npm run move -- switch ${to} --again --stack STACK`,
		);
	}
	if (isAgain && made !== to && open?.phase !== to) {
		throw new Error(
			`--again is for the phase that the stage is in, which is ${made}; without it: npm run move -- switch ${to} --stack STACK`,
		);
	}
	// Where an update has failed, the state has the one phase or the other; the preview knows.
	const possible = [open?.from, open?.phase, made].filter((phase) => phase !== undefined);
	const record = recordState(moved);
	const refusals = possible.map((phase) => refuseMoveStep({ phase }, { phase: to }, { stage: name, record }));
	if (refusals.every((one) => one !== undefined)) throw new Error(refusals[0]);
	const step = { from: fromOf(open, to) ?? made, to, run, open, place };
	await refuseStep(moved, step, { lines, ports });
	return step;
}

/** The phase that a step begins with where a switch is open: that of its update, once that may have begun. */
function fromOf(open: OpenSwitch | undefined, to: MovePhase): MovePhase | undefined {
	return open !== undefined && open.phase !== to && open.hasUpdate ? open.phase : open?.from;
}

function recordState({ folder, name }: MoveStage): RecordState {
	const record = readMoveRecord(folder, name);
	return record === undefined ? "none" : record.closed === true ? "closed" : "open";
}

/** What a phase needs beside the order. */
async function refuseStep(
	moved: MoveStage,
	step: Step,
	{ lines, ports }: { lines: Parameters<typeof warnOfObjects>[1]; ports: SwitchPorts },
): Promise<void> {
	const { from, to, place } = step;
	const { stage, name, folder } = moved;
	if (stage.move === undefined) throw new Error(`Pulumi.${name}.yaml has no block move`);
	requireMoveRecord({ move: { ...stage.move, phase: to } }, () => readMoveRecord(folder, name), name);
	if (to === "cancelled") {
		const shut = frozenDatabases(moved).map(({ database }) => database);
		if (shut.length > 0) {
			throw new Error(
				`the source of ${shut.join(", ")} is shut by a freeze, and in cancelled the mover does not get in to open it; first, in ${place.phase === to ? from : place.phase}: npm run move -- thaw --stack STACK`,
			);
		}
	}
	if (to === "trial" && from === "frozen") for (const line of warnOfObjects(moved, lines)) ports.tell(line);
	// Once its update has begun, the probes before DNS is changed are those that count.
	if (to !== "live" || from === "live" || hasUpdate(step)) return;
	if (from !== "trial") {
		throw new Error(
			`live comes after trial, in which the apps run and are probed before DNS leads to them; first: npm run move -- switch trial --stack STACK`,
		);
	}
	if (!hasDomains(moved)) {
		ports.tell("move.domains is empty: no name was probed, and no DNS is waited for");
		return;
	}
	const domains = Object.keys(stage.move.domains);
	const probed = countProbed(lines);
	if (probed === undefined || probed < domains.length) {
		throw new Error(
			`live needs probes of each domain that have passed since the stage is in trial; run: npm run move -- probe --stack STACK`,
		);
	}
	refuseYoungTtl(moved, domains, ports.now());
}

/** Caches hold an answer for as long as its TTL was when they took it: an old, longer one has to be over before the switch. */
function refuseYoungTtl(moved: MoveStage, domains: readonly string[], now: Date): void {
	const notes = readTtlNotes(moved);
	const problems = domains.flatMap((domain) => {
		const note = notes[domain];
		if (note === undefined)
			return [`${domain}: its TTL was never looked at from here; run: npm run move -- plan --stack STACK`];
		if (note.safeFrom === undefined || Date.parse(note.safeFrom) <= now.getTime()) return [];
		return [
			`${domain}: caches may hold an older, longer TTL until ${note.safeFrom}; wait until then, and run it again`,
		];
	});
	if (problems.length > 0) throw new Error(problems.join("\n"));
}

function hasDomains({ stage }: MoveStage): boolean {
	return Object.keys(stage.move?.domains ?? {}).length > 0;
}

const again = (to: MovePhase) => `npm run move -- switch ${to} --stack STACK`;

/** Puts the file's text back. @returns what to say of it */
function putBack({ place, from, to }: Step): string {
	const former = place.phase === to ? from : place.phase;
	place.write(former);
	return former === to ? `${place.file} stays as it is` : `${place.file} is as it was, with phase: ${former}`;
}

function describeStart({ place, open, from, to }: Step): string[] {
	if (place.phase !== to) return describeDiff(place, to);
	if (from === to) return [`${place.file} has phase: ${to}, and stays so`];
	const why = open === undefined ? "and no update has made it so" : "and its switch was not ended";
	return [`${place.file} has phase: ${to} already, ${why}; it is taken up`];
}

/** What to do next in each phase. */
const NEXT: Readonly<Record<MovePhase, string>> = {
	prepare: "MedStack serves: where it was shut by a freeze, npm run move -- thaw --stack STACK",
	frozen: "next: npm run move -- freeze --stack STACK, then copy",
	trial:
		"next: npm run move -- probe --stack STACK, and by hand what no probe sees; then: npm run move -- switch live --stack STACK",
	live: "next: look at both sides' logs, and once nobody needs MedStack any more: npm run move -- close --stack STACK",
	cancelled: "next: npm run move -- close --stack STACK",
};
const BACK = "Aptible has stopped; next: npm run move -- thaw --stack STACK, and then MedStack's services";

function describeEnd({ name, folder }: MoveStage, { from, to, place }: Step): string[] {
	const record = path.join(folder, moveRecordName(name));
	const files = [place.file, ...(existsSync(record) ? [showPath(record)] : [])].join(" ");
	return [
		`the stage is in the phase ${to}`,
		`commit it: git add ${files} && git commit -m "Move of ${name}: phase ${to}"`,
		to === "frozen" && isWayBack(from, to) ? BACK : NEXT[to],
	];
}
