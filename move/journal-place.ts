/** On which server the journal is: that on which the move began, whatever databases came later. */
import { findDatabaseId } from "../aptible/api/database.ts";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import { type MoveSession, movedDatabases, type Way } from "./session.ts";
import type { MoveStage } from "./stage.ts";

/**
 * The database whose server has the journal: where there is one already, else the first PostgreSQL by its handle.
 *
 * @param wayTo the way to a database of the stage; whoever gives it ends it
 * @throws where two servers have one, and where no database that moves is PostgreSQL
 */
export async function findJournalHandle(
	context: Context,
	environment: Environment,
	moved: MoveStage,
	wayTo: (handle: string) => Way,
): Promise<string> {
	const handles = movedDatabases(moved).flatMap(({ handle, type }) => (type === "postgresql" ? [handle] : []));
	const [first, ...others] = handles;
	if (first === undefined) {
		throw new Error(
			"no database of the stage that moves is postgresql, and the journal is kept on one; add a small one",
		);
	}
	// Each look is a tunnel: with one database there is nothing to find out.
	if (others.length === 0) return first;
	const looks = handles.map(async (handle) => {
		if ((await findDatabaseId(context.api, environment.handle, handle)) === undefined) return [];
		return (await wayTo(handle).look(isInUse)) ? [handle] : [];
	});
	const [found, another] = (await Promise.all(looks)).flat();
	if (found === undefined) return first;
	if (another === undefined) return found;
	throw new Error(
		`databases "${found}" and "${another}" both have a journal of a move on their server, and a move has one; see in each what it is of (SELECT * FROM journal, in database move), then drop the wrong one: aptible db:tunnel ${another} --environment ${environment.handle}, and in psql: DROP DATABASE move`,
	);
}

/** Whether wishes or movers have been there: on the other servers the database has the proof and the swap of their own alone. */
async function isInUse(session: MoveSession | undefined): Promise<boolean> {
	if (session === undefined) return false;
	const { rows } = await session.query(
		"SELECT EXISTS (SELECT FROM public.wishes) OR EXISTS (SELECT FROM public.epoch) AS used",
	);
	return rows[0].used;
}
