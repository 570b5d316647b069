/** Keeps updates from elsewhere out of the night: each is one of `npm run move -- switch`, which has noted it in the journal beside the stage. */
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stageFolderVariable } from "../config/move-record.ts";
import { readLocalLines } from "../packages/mover/journal/local-file.ts";
import { type MovePhase, runVariable, withoutJournal } from "../wire/move.ts";

/**
 * Why an update may not bring the stage to a phase; nothing where a switch to it is open in the journal's file, and nothing in a preview,
 * which warns of it.
 */
export async function refuseOtherRun(phase: MovePhase): Promise<string | undefined> {
	const stage = pulumi.getStack();
	const run = process.env[runVariable];
	if (run === withoutJournal) {
		await pulumi.log.warn(`${runVariable} is ${withoutJournal}: whether anybody else is at this move is not looked at`);
		return undefined;
	}
	const found = findSwitch(stage);
	if (typeof found === "object" && found.run === run && found.phase === phase) return undefined;
	const refusal = describeRefusal(phase, stage, run === undefined ? undefined : found);
	if (!pulumi.runtime.isDryRun()) return refusal;
	await pulumi.log.warn(`an update is refused from here: ${refusal}`);
	return undefined;
}

/** The switch that is open in the journal's file, which no other machine has; why there is none where that cannot be read. */
function findSwitch(stage: string): { run: string; phase: unknown } | string | undefined {
	const folder = process.env[stageFolderVariable] ?? (pulumi.getRootDirectory() || process.cwd());
	try {
		const { lines } = readLocalLines(path.join(folder, ".move", `${stage}.jsonl`));
		const last = lines.findLast(({ step }) => step === "switch");
		if (last === undefined || (last.state !== "begin" && last.state !== "note")) return undefined;
		return { run: last.run, phase: last.evidence.phase };
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

function describeRefusal(phase: MovePhase, stage: string, found: ReturnType<typeof findSwitch>): string {
	const open =
		found === undefined
			? ""
			: ` (${typeof found === "string" ? found : `the switch that is open is to ${found.phase}, of run ${found.run}`})`;
	return (
		`move.phase: "${phase}": in the night of a move each update is a step of the journal, and this one is none${open}: whoever is at the move ` +
		`may be between two steps. Ask them; then: npm run move -- switch ${phase} --stack ${stage}, and once more in the same phase with --again. ` +
		`Where the journal is lost, and nobody is at the move: ${runVariable}=${withoutJournal} pulumi up --stack ${stage}`
	);
}
