/** Which servers a move is between: written down once, and compared again in each step. */
import type { Asks } from "./journal.ts";

export type Side = "source" | "target";

/** What a server is known by. */
export interface Identity {
	/** What the server itself says: PostgreSQL's system identifier, MySQL's `server_uuid`. */
	system: string;
	/** Name of the database in it. */
	database: string;
	stage: string;
	/** Aptible's id of the target. */
	aptibleId: number;
}

/** Another server answers than the one that was pinned. */
export class PinBroken extends Error {
	override name = "PinBroken";
}

const FIELDS = ["system", "database", "stage", "aptibleId"] as const;

/** @throws PinBroken where both sides are one database, which a copy would empty or prove equal to itself */
export function refuseOneSide(
	name: string,
	source: Pick<Identity, "system" | "database">,
	target: Pick<Identity, "system" | "database">,
): void {
	if (source.system !== target.system || source.database !== target.database) return;
	throw new PinBroken(
		`the source of ${name} is its target: database ${target.database} of one server. Give the mover the old one's address in its environment (MOVE_SOURCE_NAME)`,
	);
}

/**
 * Notes what a side is, or compares it with what was noted.
 *
 * @throws PinBroken that names what differs
 */
export async function pin(client: Asks, database: string, side: Side, identity: Identity): Promise<void> {
	await client.query("INSERT INTO public.pins (database, side, identity) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
		database,
		side,
		JSON.stringify(identity),
	]);
	const { rows } = await client.query("SELECT identity FROM public.pins WHERE database = $1 AND side = $2", [
		database,
		side,
	]);
	const pinned = rows[0].identity as Identity;
	const changed = FIELDS.filter((field) => pinned[field] !== identity[field]);
	if (changed.length === 0) return;
	const differences = changed.map((field) => `${field} was ${pinned[field]} and is ${identity[field]}`).join(", ");
	throw new PinBroken(
		`the ${side} of ${database} is another than when the move began: ${differences}. Give the mover the address of the former one; if the other one is meant, begin anew: aptible db:tunnel of the database whose server has database move, and in psql on the address that this shows, with /move as its database: DELETE FROM pins WHERE database = '${database}'`,
	);
}
