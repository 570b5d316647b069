/** The sign of life of the mover: what it is doing, written with each renewal of its lease. */

import type { StepName } from "../steps.ts";
import type { Asks } from "./journal.ts";

/** What a mover says of itself. */
export interface Progress {
	state: "idle" | "running" | "paused" | "waiting";
	command?: string;
	run?: string;
	/** The stage's name of the database. */
	database?: string;
	step?: StepName;
	/** Parts that are done of all databases of the run. */
	parts: number;
	rows: number;
	bytes: number;
	/** How many blockers and warnings the run has found. */
	blockers: number;
	warnings: number;
}

export interface Heartbeat {
	holder: string;
	epoch: number;
	/** Seconds since, by the server's clock. */
	age: number;
	/** Whether the lease has not ended: a mover with a long one says something seldom. */
	isHeld: boolean;
	progress: Progress;
}

export async function readHeartbeat(client: Asks): Promise<Heartbeat | undefined> {
	const { rows } = await client.query(
		`SELECT holder, epoch, extract(epoch FROM clock_timestamp() - at)::float8 AS age, progress,
			EXISTS (SELECT FROM public.lease WHERE until > clock_timestamp()) AS "isHeld" FROM public.heartbeat`,
	);
	return rows[0];
}
