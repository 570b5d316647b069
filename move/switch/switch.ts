/** `switch`: the stage's phase, from the scalar in its file to the update that makes it so. It may be killed anywhere and run again. */
import { existsSync } from "node:fs";
import path from "node:path";
import { moveRecordName, readMoveRecord, requireMoveRecord } from "../../config/move-record.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import type { Evidence } from "../../packages/mover/steps.ts";
import {
	isNightStep,
	isServing,
	type MovePhase,
	movePhases,
	type RecordState,
	refuseMoveStep,
} from "../../wire/move.ts";
import { refuseOpenBack } from "../back/opening.ts";
import { readTtlNotes } from "../dns/ttl-notes.ts";
import { havePassed } from "../probe/evidence.ts";
import { Unreachable } from "../session.ts";
import { hashStage, type MoveStage } from "../stage.ts";
import { frozenDatabases } from "../thaw-sql.ts";
import type { Engine } from "./engine.ts";
import { findOpenSwitch, type NightJournal, type OpenSwitch } from "./night-journal.ts";
import { warnOfObjects } from "./objects.ts";
import { describeDiff, type PhaseText, readPhaseText, showPath } from "./phase-text.ts";
import { refuseVoidProof } from "./proof.ts";
import { describeWithoutJournal } from "./without-journal.ts";

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
	/** Of the journal, as it was when the step was admitted. */
	lines: readonly JournalLine[];
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
	const refusal = await agree(moved, step, ports).catch((error: Error) => error);
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
	if (isServing(to) && from !== to) await ports.mark(run, to);
	await note("note");
	if (!(await engine.update(run))) {
		await note("failed", "failed");
		tell(
			`pulumi up has failed, as above, and the stage may be in between; fix that and go on: ${again(to)}. Where the stack is locked, the lock names who has it: only once that process is gone, first: pulumi cancel --stack STACK`,
		);
		return 1;
	}
	const made = await engine.phase();
	if (made !== to) {
		throw new Error(`pulumi up has ended well, and the stack's phase is ${made ?? "none"}; run it again: ${again(to)}`);
	}
	if (!(await lead(moved, step, ports))) return 1;
	await journal.write(run, "switch", "done", { phase: to, from, ...describeTtl(moved, to) });
	for (const line of describeEnd(moved, step)) tell(line);
	return 0;
}

/** Writes the phase, shows what it does, and asks. @returns why it is not agreed to; nothing where it is */
async function agree(
	moved: MoveStage,
	{ place, to, run, lines }: Step,
	{ engine, ask, journal }: SwitchPorts,
): Promise<string | undefined> {
	if (place.phase !== to) place.write(to);
	const shown = hashStage(moved);
	if (!(await engine.preview(run))) return "the preview is refused, as above";
	const answer = await ask(`To go to ${to}, type ${to}: `);
	if (answer.trim() !== to) return `not answered with ${to}`;
	// The answer may have taken hours.
	await journal.refuseOthers();
	const news = findNews(lines, await journal.lines(), to);
	if (news !== undefined) {
		return `the journal has ${news.step} of run ${news.run} since this began (${news.at}); look at: npm run move -- status --stack STACK`;
	}
	if (hashStage(moved) === shown) return undefined;
	return `${place.file}, a file that it includes, or the record was changed since the preview; look at it, and run it again`;
}

/** The last line that somebody else has written meanwhile; whoever watches changes nothing. */
function findNews(before: readonly JournalLine[], now: readonly JournalLine[], to: MovePhase): JournalLine | undefined {
	const last = before.at(-1)?.seq ?? 0;
	const isOwn = ({ step, state, evidence }: JournalLine) =>
		step === "switch" && state === "begin" && evidence.phase === to;
	return now.findLast((line) => line.seq > last && line.step !== "watch" && !isOwn(line));
}

function hasUpdate({ open, to }: Step): boolean {
	return open?.phase === to && open.hasUpdate;
}

/** Has users reach the side that serves them. @returns whether it does */
async function lead(
	moved: MoveStage,
	{ from, to }: Step,
	{ journal, probe, pointDomains, tell }: SwitchPorts,
): Promise<boolean> {
	if (to === "live" && hasDomains(moved) && !(await probe())) {
		tell(
			`${describeLed(moved)}. Fix that, then: ${again("live")}; or go back: npm run move -- switch frozen --stack STACK`,
		);
		return false;
	}
	if (to === "live") {
		await journal.refuseOthers();
		await pointDomains("new");
	} else if (isWayBack(from, to)) {
		await journal.refuseOthers().catch((error: unknown) => {
			// Aptible has stopped: users are led away from it, whatever its database says.
			if (!(error instanceof Unreachable)) throw error;
			tell(`whether anybody else is at a step is unknown: ${error.message}`);
		});
		await pointDomains("old");
	}
	return true;
}

/** Where people come to where the probes after the update of `live` have failed: it leads those with `via: azure` itself. */
function describeLed({ stage }: MoveStage): string {
	const domains = Object.entries(stage.move?.domains ?? {});
	const led = domains.flatMap(([domain, { via }]) => (via === "azure" ? [domain] : []));
	if (led.length === 0) return "DNS is not changed";
	const others = domains.length === led.length ? "" : "; the DNS of the others is not changed";
	return `people come to Aptible by ${led.join(", ")} since the update, and writes may have arrived there, which going back would lose${others}`;
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
	const made = await engine.phase();
	if (run === undefined) throw new Error(describeNoRun(place, made, to));
	await journal.refuseOthers();
	const lines = await journal.lines();
	// Both sides would be open.
	if (isServing(to)) refuseOpenBack(lines);
	const open = findOpenSwitch(lines);
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
	const step = { from: fromOf(open, to) ?? made, to, run, open, place, lines };
	refuseStep(moved, step, ports);
	return step;
}

/** Without a run there is no journal to note a switch in. */
function describeNoRun({ file, phase }: PhaseText, made: MovePhase | undefined, to: MovePhase): string {
	const isNight = isNightStep({ phase: made ?? phase }, { phase: to });
	const first =
		to === "frozen" && made === "prepare"
			? "npm run move -- check --stack STACK"
			: `set phase: ${to} in ${file}, and: pulumi up --stack STACK`;
	return `no mover has made a run yet, so that there is no journal to note a switch in; ${isNight && made !== "prepare" ? describeWithoutJournal(file, made ?? phase, to) : `first: ${first}`}`;
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
function refuseStep(moved: MoveStage, step: Step, ports: SwitchPorts): void {
	const { from, to, place, lines } = step;
	const { stage, name, folder } = moved;
	if (stage.move === undefined) throw new Error(`Pulumi.${name}.yaml has no block move`);
	const record = requireMoveRecord({ move: { ...stage.move, phase: to } }, () => readMoveRecord(folder, name), name);
	// In live MedStack is out of use, and the proof may be of long ago.
	if (record !== undefined && !(from === "live" && to === "live")) refuseVoidProof(record, lines, name);
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
	if (!havePassed(lines, stage.move)) {
		throw new Error(
			`live needs probes of each domain that have passed since the stage is in trial, with the domains and the smoke of the stage file; run: npm run move -- probe --stack STACK`,
		);
	}
}

/** The longest TTL before the switch, by which `watch` knows how long caches may lead to MedStack, on any machine. */
function describeTtl(moved: MoveStage, to: MovePhase): Evidence {
	const ttls = Object.values(readTtlNotes(moved)).map(({ ttlSeconds }) => ttlSeconds);
	return to === "live" && ttls.length > 0 ? { seconds: Math.max(...ttls) } : {};
}

function hasDomains({ stage }: MoveStage): boolean {
	return Object.keys(stage.move?.domains ?? {}).length > 0;
}

const again = (to: MovePhase) => `npm run move -- switch ${to} --stack STACK`;

/** Puts the file's text back; a phase that stood there before, by a person's hand, stays. @returns what to say of it */
function putBack({ place, open, from, to }: Step): string {
	const taken = open?.phase === to ? from : to;
	const former = place.phase === to ? taken : place.phase;
	if (former === to) return `${place.file} stays as it is`;
	try {
		place.write(former);
	} catch (error) {
		return `${(error as Error).message}; nothing was updated, so that it has to have phase: ${former}`;
	}
	return `${place.file} is as it was, with phase: ${former}`;
}

function describeStart(step: Step): string[] {
	const { place, open, from, to } = step;
	if (place.phase !== to) return describeDiff(place, to);
	if (from === to) return [`${place.file} has phase: ${to}, and stays so`];
	const why = open === undefined ? "and no update has made it so" : "and its switch was not ended";
	const lines = [`${place.file} has phase: ${to} already, ${why}; it is taken up`];
	if (!hasUpdate(step)) return lines;
	// A preview goes past the lock, and only the update after it is refused.
	return [
		...lines,
		"its update has begun before: where it was killed, Pulumi's lock may be left, which names its process; once that is gone, leave this and run first: pulumi cancel --stack STACK",
	];
}

/** What to do next in each phase. */
const NEXT: Readonly<Record<MovePhase, string>> = {
	prepare: "MedStack serves: where it was shut by a freeze, npm run move -- thaw --stack STACK",
	frozen: "next: npm run move -- freeze --stack STACK, then copy",
	trial:
		"next: npm run move -- probe --stack STACK, and by hand what no probe sees; then: npm run move -- switch live --stack STACK",
	live: "next, until it finds MedStack silent: npm run move -- watch --old OLD --new NEW --stack STACK; then: npm run move -- close --stack STACK",
	cancelled: "next: npm run move -- close --stack STACK",
};
const BACK = "Aptible has stopped; next: npm run move -- thaw --stack STACK, and then MedStack's services";
const BACK_FROM_LIVE =
	"Aptible has stopped, and the mover's endpoints are made anew, so that it does not get in; next: npm run move -- credentials --replace --stack STACK, and the service's secret anew, then npm run move -- thaw --stack STACK; or, without the mover: npm run move -- thaw --sql --stack STACK; and then MedStack's services";

function describeEnd({ name, folder }: MoveStage, { from, to, place }: Step): string[] {
	const record = path.join(folder, moveRecordName(name));
	const files = [place.file, ...(existsSync(record) ? [showPath(record)] : [])].join(" ");
	return [
		`the stage is in the phase ${to}`,
		`commit it: git add ${files} && git commit -m "Move of ${name}: phase ${to}"`,
		to === "frozen" && isWayBack(from, to) ? (from === "live" ? BACK_FROM_LIVE : BACK) : NEXT[to],
	];
}
