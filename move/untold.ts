/** Copies that have ended while nobody looked: the command was killed, or its machine was. */
import { readStanding } from "../packages/mover/journal/standing.ts";
import type { MoveSession } from "./session.ts";

/** For how long a proof that nobody was told of is taken for one of this night, in hours. */
const FRESH_HOURS = 3;
/** Reason of a wish whose record is written. */
export const RECORDED = "recorded";

/**
 * The wish for the copy that is in its place, where its end was told to nobody. One whose record was written once is none: where that
 * is gone, somebody has given the copy up, or a later proof has.
 */
export async function findUntold(session: MoveSession): Promise<number | undefined> {
	const standing = await readStanding(session);
	if (standing?.command !== "copy") return undefined;
	const { rows } = await session.query(
		`SELECT id::text FROM public.wishes WHERE run = $1 AND command = 'copy' AND state = 'done' AND reason IS NULL
			AND ended > clock_timestamp() - make_interval(hours => $2)
			AND NOT EXISTS (SELECT FROM public.wishes AS later WHERE later.id > wishes.id AND later.state <> 'refused'
				AND later.command IN ('rehearse', 'copy', 'verify', 'thaw'))`,
		[standing.run, FRESH_HOURS],
	);
	return rows[0] === undefined ? undefined : Number(rows[0].id);
}

/** Notes that the record of a wish's proof is written. */
export async function noteRecorded(session: MoveSession, id: number): Promise<void> {
	await session.query("UPDATE public.wishes SET reason = $2 WHERE id = $1 AND state = 'done'", [id, RECORDED]);
}
