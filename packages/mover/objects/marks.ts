/** What earlier passes over a container have left in the journal for the next one. */
import { createHash } from "node:crypto";
import type { Asks } from "../journal/journal.ts";
import type { ContainerAddress } from "./container-address.ts";
import type { PassTask } from "./pass.ts";

export interface Mark extends Pick<PassTask, "begun" | "finishedMs"> {
	/** Of both containers: passes between others say nothing of these. */
	hash: string;
}

/** @param now by each account's own clock: when this pass begins */
export async function readMark(
	client: Asks,
	place: string,
	{ source, target }: { source: ContainerAddress; target: ContainerAddress },
	now: PassTask["begun"],
): Promise<Mark> {
	const hash = createHash("sha256").update(`${source.base} ${target.base}`).digest("hex");
	const { rows } = await client.query(
		`SELECT state, evidence FROM public.journal WHERE database = $1 AND step = 'objects' AND state IN ('note', 'done')
		AND evidence ->> 'hash' = $2 AND evidence ? 'sourceTime' ORDER BY journal.seq`,
		[place, hash],
	);
	let begun: PassTask["begun"] | undefined;
	let finishedMs: number | undefined;
	for (const { state, evidence } of rows) {
		if (state === "done") {
			finishedMs = Date.parse(evidence.sourceTime);
			begun = undefined;
		} else {
			begun ??= { sourceMs: Date.parse(evidence.sourceTime), targetMs: Date.parse(evidence.targetTime) };
		}
	}
	return { hash, begun: begun ?? now, finishedMs };
}
