/** Opens the source on the way back: by the mover where it is reached, else by a person. */
import { readHeartbeat } from "../../packages/mover/journal/heartbeat.ts";
import { tellEnd } from "../ends.ts";
import { describeOtherHosts } from "../handed-over.ts";
import { isSilent, type ProgressView } from "../progress.ts";
import type { Way } from "../session.ts";
import type { SourceCluster } from "../source-cluster/port.ts";
import type { MoveStage } from "../stage.ts";
import { frozenDatabases, thawStatements } from "../thaw-sql.ts";
import { watch, ask as wishFor } from "../work.ts";

/** What the thaw of a way back stands on. */
export interface ThawPorts {
	/** Why the mover is not reached, one line each; none where it is. */
	findObstacles(): Promise<readonly string[]>;
	/** Has the mover open it. @returns whether it has */
	thawByMover(): Promise<boolean>;
	tell(line: string): void;
	ask(question: string): Promise<string>;
}

/** @returns whether the source is open, as the mover or a person says */
export async function openSource(moved: MoveStage, ports: ThawPorts): Promise<boolean> {
	const { findObstacles, thawByMover, tell, ask } = ports;
	for (;;) {
		const obstacles = await findObstacles();
		if (obstacles.length === 0) return thawByMover();
		for (const line of obstacles) tell(line);
		const answer = (await ask("Once the mover is there, type mover; to open the source without it, type sql: ")).trim();
		if (answer === "sql") return openBySql(moved, ports);
		if (answer !== "mover") return false;
	}
}

async function openBySql(moved: MoveStage, { tell, ask }: ThawPorts): Promise<boolean> {
	for (const { database } of frozenDatabases(moved)) for (const line of thawStatements(moved, database)) tell(line);
	return (await ask("Once all of it has run without an error, type thawed: ")).trim() === "thawed";
}

/** MedStack's services are a step of their own, after this one. */
const leftAsTheyAre: SourceCluster = {
	stop: async () => ({ lines: [], left: [] }),
	start: async () => ({ lines: [], left: [] }),
};

export interface MoverAccess {
	way: Way;
	view: ProgressView;
	/** Ends when the person goes away. */
	signal: AbortSignal;
}

/**
 * Why the mover is not reached, with what to do. Its endpoint went with the phase `live`, and another one has another name.
 *
 * @param findHosts host names of the endpoints that are there
 */
export async function findMoverObstacles(
	way: Pick<Way, "look">,
	{ name }: Pick<MoveStage, "name">,
	findHosts: () => Promise<ReadonlyMap<string, string>>,
): Promise<string[]> {
	const hosts = await findHosts();
	return way.look(async (session) => {
		if (session === undefined) return ["database move is gone from the target"];
		const others = await describeOtherHosts(session, hosts);
		if (others.length > 0) {
			return [
				...others,
				"to have the mover there:",
				"  1. npm run move -- credentials --stack STACK --replace",
				`  2. in MedStack: a new secret with the content of .move/${name}-target.json, at /run/secrets/move-target of the mover's service instead of the former one; then delete the file`,
				"  3. wait until the mover's log says that it waits for wishes",
			];
		}
		if (!isSilent(await readHeartbeat(session))) return [];
		return ["no mover answers; look at its log in MedStack, and whether its service runs with the secret move-target"];
	});
}

/** @returns whether the mover has opened it */
export async function thawByMover({ way, view, signal }: MoverAccess, moved: MoveStage): Promise<boolean> {
	const { id } = await wishFor(way, moved, "thaw", {});
	const made = await watch(way, moved, id, { view, signal });
	view.end();
	if (made !== undefined) return (await tellEnd(way, moved, made, { view, cluster: leftAsTheyAre })) === 0;
	view.line("the mover goes on with thaw; to look: npm run move -- status --stack STACK");
	return false;
}
