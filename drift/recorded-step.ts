/** The phase of a move that the state of the stack has: that of the last update that claimed anything. */
import { z } from "zod";
import { MoveStep } from "../wire/move.ts";
import { readRecorded } from "./recorded.ts";

const Claimed = z.looseObject({ move: MoveStep.optional() });

/** Undefined where there is none, or the state cannot be read. */
export async function readRecordedStep(): Promise<MoveStep | undefined> {
	const recorded = await readRecorded().catch(() => []);
	return Claimed.safeParse(recorded.find(({ kind }) => kind === "claims")?.spec).data?.move;
}
