/** `back` as a person runs it: with the journal on the target, the engine on PATH, MedStack's cluster, and a terminal. */
import { readMoveRecord } from "../../config/move-record.ts";
import { openWork } from "../../packages/mover/journal/wishes.ts";
import { findMoverHosts } from "../credentials.ts";
import { noteInJournal } from "../dns/point-line.ts";
import { refuseWork } from "../guards.ts";
import { OperatorLock } from "../operator-lock.ts";
import { readApps } from "../plan/live.ts";
import { pointStage } from "../point.ts";
import type { ProgressView } from "../progress.ts";
import { voidRecord } from "../record.ts";
import { chooseCluster, isByApi } from "../source-cluster/choose.ts";
import { listCounts, readTargetCounts } from "../source-cluster/counts.ts";
import { type MoveStage, readMoveStage } from "../stage.ts";
import { asking } from "../switch/answer.ts";
import type { Reach } from "../switch/command.ts";
import { pulumiEngine } from "../switch/engine.ts";
import { TargetJournal } from "../switch/night-journal.ts";
import { switchPhase } from "../switch/switch.ts";
import { goBack } from "./back.ts";
import { readCounters, settleLoss } from "./counters.ts";
import type { AcceptedLoss } from "./loss.ts";
import { findResolversEnd, waitUntil } from "./resolvers.ts";
import { findMoverObstacles, openSource, thawByMover } from "./thaw.ts";

export interface BackOptions {
	accepted: AcceptedLoss | undefined;
	/** Whether nobody is asked whether to go back. */
	isSure: boolean;
	view: ProgressView;
	/** Ends when the person goes away. */
	signal: AbortSignal;
}

/** @returns exit code */
export async function runBack(
	{ context, environment, way, ways }: Reach,
	moved: MoveStage,
	{ accepted, isSure, view, signal }: BackOptions,
): Promise<number> {
	const ask = asking(isSure, "npm run move -- back --yes --stack STACK");
	const tell = (line: string) => view.line(line);
	const isThere = await way.look(async (session) => session !== undefined);
	if (!isThere) throw new Error("no mover has been there yet: nothing was frozen, and MedStack serves");
	const lock = new OperatorLock(way);
	const journal = new TargetJournal(way, moved, lock);
	const fresh = () => readMoveStage(moved.name, moved.configFile);
	const engine = pulumiEngine(moved);
	const cluster = chooseCluster(moved, { way, tell, signal, redactor: context.redactor });
	try {
		await lock.hold();
		await way.look(async (session) => {
			// A thaw is this command's own, of a time before it was killed.
			if (session !== undefined && (await openWork(session))?.command !== "thaw") await refuseWork(session);
		});
		return await goBack(
			moved,
			{ accepted },
			{
				journal,
				engine,
				tell,
				ask,
				isSure,
				async switchTo(phase) {
					await lock.hold();
					return switchPhase(
						fresh(),
						{ to: phase, isAgain: false },
						{
							journal,
							engine,
							ask: isSure ? async () => phase : ask,
							tell,
							probe: () => Promise.reject(new Error("nothing is probed on the way back")),
							// A step of its own, in its place.
							pointDomains: async () => {},
							mark: async () => {},
						},
					);
				},
				async running() {
					const { containers } = await readApps(context.api, environment.id, moved.stage);
					return listRunning(containers);
				},
				count: () => readCounters(ways, environment, moved, settleLoss),
				async pointOld() {
					const note = noteInJournal(journal, tell);
					const pointed = await lock.keep((lost) =>
						pointStage(context, fresh(), { to: "old", tell, signal: AbortSignal.any([signal, lost]), note }),
					);
					return findResolversEnd(fresh(), pointed, new Date());
				},
				waitUntil: (time) => lock.keep((lost) => waitUntil(time, tell, AbortSignal.any([signal, lost]))),
				removeRecord() {
					const file = voidRecord(fresh());
					if (file !== undefined) tell(`${file} is removed, as MedStack is in use from here on: commit that`);
				},
				thaw: () =>
					openSource(moved, {
						findObstacles: () => findMoverObstacles(way, moved, () => findMoverHosts(context, environment, moved)),
						thawByMover: () => thawByMover({ way, view, signal }, moved),
						tell,
						ask,
					}),
				startServices: () => cluster.start(),
				areServicesNoted: () =>
					way.look(async (session) => session !== undefined && listCounts(await readTargetCounts(session)).length > 0),
				isByHand: !isByApi(moved),
				isOver: readMoveRecord(moved.folder, moved.name)?.closed === true,
			},
		);
	} finally {
		await lock.release();
	}
}

/** Services that run, or of which Aptible does not say whether they do. */
export function listRunning(containers: ReadonlyMap<string, number | undefined>): string[] {
	return [...containers].flatMap(([service, count]) => {
		if (count === undefined) return [`${service} (unknown)`];
		return count > 0 ? [service] : [];
	});
}
