/** `night` as a person runs it: each step is this program once more, with the same terminal. */
import { spawn } from "node:child_process";
import path from "node:path";
import { readMoveRecord } from "../../config/move-record.ts";
import { openWork } from "../../packages/mover/journal/wishes.ts";
import { readCounters, readWrites } from "../back/counters.ts";
import { countLoss, describeLoss } from "../back/loss.ts";
import { findOpening } from "../back/opening.ts";
import { likelyMs, readOutlook } from "../forecast.ts";
import { refuseDowntime } from "../guards.ts";
import { untilInterrupted } from "../interrupt.ts";
import { besideNoOperator, NIGHT_LOCK, OperatorLock } from "../operator-lock.ts";
import { movedDatabases, type Way } from "../session.ts";
import { whileAlone } from "../source-cluster/alone.ts";
import { chooseCluster, isByApi } from "../source-cluster/choose.ts";
import type { ClusterReport, SourceCluster } from "../source-cluster/port.ts";
import { type MoveStage, readMoveStage } from "../stage.ts";
import { askOrLeave, discardTyped, hasTerminal } from "../switch/answer.ts";
import type { Reach } from "../switch/command.ts";
import { pulumiEngine } from "../switch/engine.ts";
import { TargetJournal } from "../switch/night-journal.ts";
import { hashOfName, keepAnswer, operatorName } from "./answers.ts";
import { type Cost, walkNight } from "./night.ts";
import type { NightFacts } from "./steps.ts";

/** @returns exit code */
export async function runNight(
	{ context, environment, way, ways }: Reach,
	moved: MoveStage,
	{ isSure, tell }: { isSure: boolean; tell: (line: string) => void },
): Promise<number> {
	const lock = new OperatorLock(way, NIGHT_LOCK);
	const journal = new TargetJournal(way, moved, lock);
	const engine = pulumiEngine(moved);
	const who = operatorName();
	// Ctrl-C is for the step that runs, and for the question.
	const outlive = () => {};
	process.on("SIGINT", outlive);
	try {
		if (await way.look(async (session) => session !== undefined)) await lock.hold();
		return await walkNight(
			{ isSure },
			{
				journal,
				async look() {
					const record = readMoveRecord(moved.folder, moved.name);
					return {
						moved: readMoveStage(moved.name, moved.configFile),
						lines: await journal.lines(),
						phase: await engine.phase(),
						hasRecord: record !== undefined && record.closed !== true,
					};
				},
				async cost(facts) {
					if (readMoveRecord(moved.folder, moved.name)?.closed === true) {
						return { isFree: false, line: "not possible, as the move is closed" };
					}
					return costOf(facts, () => readCounters(ways, environment, moved, readWrites));
				},
				copyMs: () => way.look(async (session) => session && likelyMs(await readOutlook(session, moved))),
				run: (command) => runStep(moved, command),
				stopServices: () =>
					untilInterrupted((signal) => {
						const reach = { way, tell, signal, redactor: context.redactor, isSure };
						return stopServices(way, chooseCluster(moved, reach));
					}),
				isByHand: !isByApi(moved),
				ask: hasTerminal() ? askAnew : undefined,
				openWork: () => way.look(async (session) => session && (await openWork(session))),
				keep: (run, step, answer) =>
					way.look(async (session) => session && (await keepAnswer(session, run, who, step, answer))),
				by: hashOfName(who),
				tell,
				now: () => new Date(),
			},
		);
	} finally {
		process.off("SIGINT", outlive);
		await lock.release();
	}
}

/**
 * MedStack's services to 0, as `freeze` does it.
 *
 * @throws where other work is under way, where no mover answers, so that they would be at 0 for nothing, and where another operator is at
 * a step
 */
export async function stopServices(way: Pick<Way, "open" | "connect">, cluster: SourceCluster): Promise<ClusterReport> {
	const session = await way.open();
	await besideNoOperator(session, () => refuseDowntime(session));
	return whileAlone(way, cluster).stop();
}

/** A step may have taken hours, in which somebody has typed. */
async function askAnew(question: string): Promise<string | undefined> {
	await discardTyped(process.stdin);
	return askOrLeave(question);
}

/** What going back costs, without waiting until the counters stand still. */
export async function costOf(
	{ moved, lines, phase }: NightFacts,
	count: () => ReturnType<typeof readCounters>,
): Promise<Cost> {
	const opening = findOpening(
		lines,
		movedDatabases(moved).map(({ handle }) => handle),
		phase,
	);
	if (opening.opened.size === 0) return { isFree: true, line: "free: nothing was opened on Aptible since the copy" };
	const loss = countLoss(opening, await count(), { isServing: true });
	return { isFree: loss.rows === 0 && loss.unknown.length === 0 && loss.open.length === 0, line: describeLoss(loss) };
}

const main = path.join(import.meta.dirname, "../main.ts");

function runStep({ name, configFile }: MoveStage, command: readonly string[]): Promise<number> {
	const stage = ["--stack", name, ...(configFile === undefined ? [] : ["--config-file", configFile])];
	const child = spawn(process.execPath, [...process.execArgv, main, ...command, ...stage], { stdio: "inherit" });
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve(code ?? 1));
	});
}
