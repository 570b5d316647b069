/** Lines of the journal that the operator's command writes itself, as no mover can any more. */
import { randomBytes } from "node:crypto";
import { type Asks, appendLine } from "../packages/mover/journal/journal.ts";
import type { LineState } from "../packages/mover/journal/line.ts";
import type { Evidence, StepName } from "../packages/mover/steps.ts";

const holder = randomBytes(6).toString("hex");

export interface OperatorLine {
	step: StepName;
	/** The stage's name of the database. @default what is about all of them */
	database?: string | undefined;
	/** A word of the journal's. @default the step itself */
	part?: string | undefined;
	state: LineState;
	evidence: Evidence;
	/** @default the last run that a mover took up */
	run?: string | undefined;
}

/** The last run that a mover took up; undefined where none did. */
export async function lastRun(session: Asks): Promise<string | undefined> {
	const { rows } = await session.query(
		"SELECT run FROM public.wishes WHERE run IS NOT NULL ORDER BY wishes.id DESC LIMIT 1",
	);
	return rows[0]?.run;
}

/** Notes it in the journal. @returns the run that it is noted of; undefined where nothing has run, and nothing is noted */
export async function noteByOperator(session: Asks, line: OperatorLine): Promise<string | undefined> {
	const { step, database = "", part = "", state, evidence } = line;
	const run = line.run ?? (await lastRun(session));
	if (run === undefined) return undefined;
	const { rows } = await session.query("SELECT coalesce(max(epoch), 1) AS epoch FROM public.epoch");
	await appendLine(session, { run, database, step, part, state, holder, epoch: rows[0].epoch, evidence }, false);
	return run;
}
