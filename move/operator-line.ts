/** Lines of the journal that the operator's command writes itself, of the last run, as no mover can any more. */
import { randomBytes } from "node:crypto";
import { type Asks, appendLine } from "../packages/mover/journal/journal.ts";
import type { LineState } from "../packages/mover/journal/line.ts";
import type { Evidence, StepName } from "../packages/mover/steps.ts";

const holder = randomBytes(6).toString("hex");

export interface OperatorLine {
	step: StepName;
	/** The stage's name of the database; empty for what is about all of them. */
	database: string;
	state: LineState;
	evidence: Evidence;
}

/** Notes it in the journal. @returns the run that it is noted of; undefined where nothing has run, and nothing is noted */
export async function noteByOperator(
	session: Asks,
	{ step, database, state, evidence }: OperatorLine,
): Promise<string | undefined> {
	const { rows } = await session.query(
		`SELECT run, (SELECT coalesce(max(epoch), 1) FROM public.epoch) AS epoch FROM public.wishes
		WHERE run IS NOT NULL ORDER BY wishes.id DESC LIMIT 1`,
	);
	const [last] = rows;
	if (last === undefined) return undefined;
	const { run, epoch } = last;
	await appendLine(session, { run, database, step, part: "", state, holder, epoch, evidence }, false);
	return run;
}
