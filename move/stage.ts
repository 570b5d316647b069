/** What the move's commands need of a stage file. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { moveRecordName } from "../config/move-record.ts";
import type { Stage } from "../config/stage.ts";
import { projectFolder, readRawStage, readStageFile, type StagePlace, stageFile } from "../config/stage-file.ts";

/** A stage of the move's commands; in its folder are the journal's file and the hand-over too. */
export interface MoveStage extends StagePlace {
	/** As its phase makes it. */
	stage: Stage;
	/** As it is without the block `move`. */
	declared: Stage;
}

/**
 * Reads `Pulumi.STACK.yaml` and what it includes.
 *
 * @param configFile path of the stage file where it is another
 * @throws Error that says what is wrong in it
 */
export function readMoveStage(name: string, configFile?: string): MoveStage {
	const file = stageFile({ name, folder: projectFolder, configFile });
	const { stage, declared } = readStageFile(file);
	return { name, folder: path.dirname(file), configFile, stage, declared };
}

/** A sum of what an update reads of a stage: its file, what that includes, and the record of its move. */
export function hashStage({ name, folder, configFile }: StagePlace): string {
	const { text, raw } = readRawStage(stageFile({ name, folder, configFile }));
	const record = path.join(folder, moveRecordName(name));
	const parts = [text, raw, existsSync(record) ? readFileSync(record, "utf8") : undefined];
	return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
