/** What both kinds of drain have in common: where they are, under which handles they live, and what is reported of them. */
import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

/** Fields of every drain's spec. */
export const drainFields = {
	environment: Handle,
	/** Its name in the stage file; its handle on Aptible begins with it. */
	name: Handle,
	/** Whether a live drain whose handle is the bare name is taken over. */
	adopt: z.boolean(),
};

export const DrainFacts = z.object({
	id: z.int(),
	environmentId: z.int(),
	/** Handle it has now; a changed drain is a new one, under another handle. */
	handle: Handle,
	/** Type as the API names it (`https_post`): several kinds share one. */
	type: z.string(),
	warnings: Warnings,
});
export type DrainFacts = z.infer<typeof DrainFacts>;

/** Turns that a drain's handle may be in: one is live, another beside it during a change, the rest is for handles that are taken. */
export const drainTurns = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/**
 * A handle for a drain: its name, the id of its environment, and from the second on the turn (`siem-116`, `siem-116-2`).
 * Drain handles are unique over all of Aptible (CLI 0.26.6, `helpers/log_drain.rb`), so that a bare `siem` would be somebody's;
 * and a changed drain comes up beside the old one. Nothing in it is made from a secret.
 */
export function drainHandle(name: string, environmentId: number, turn: number): string {
	return turn === 1 ? `${name}-${environmentId}` : `${name}-${environmentId}-${turn}`;
}

/** The name that a drain with this handle has in the stage file that made it; the handle, where it is no stage's. */
export function nameInHandle(handle: string, environmentId: number): string {
	const ends = drainTurns.map((turn) => drainHandle("", environmentId, turn));
	const end = ends.find((one) => handle.endsWith(one) && handle !== one);
	return end === undefined ? handle : handle.slice(0, -end.length);
}

/** Whether a live handle is the declared drain's, in any turn, or the bare name of one that is adopted. */
export function isHandleOf(handle: string, drain: { name: string; adopt: boolean }, environmentId: number): boolean {
	return (
		drainTurns.some((turn) => drainHandle(drain.name, environmentId, turn) === handle) ||
		(drain.adopt && handle === drain.name)
	);
}
