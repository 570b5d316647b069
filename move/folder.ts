/** Folder `.move` beside the stage file: the hand-over, the journal's file, the reports. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { MoveStage } from "./stage.ts";

/** Makes the folder, which git does not see in whatever repository the stage file is. @returns its path */
export function openMoveFolder({ folder }: Pick<MoveStage, "folder">): string {
	const own = path.join(folder, ".move");
	mkdirSync(own, { recursive: true, mode: 0o700 });
	writeFileSync(path.join(own, ".gitignore"), "*\n");
	return own;
}

/** Writes a file whole or not at all. @returns its path */
export function writeWhole(file: string, text: string): string {
	const partial = `${file}.${process.pid}`;
	writeFileSync(partial, text);
	renameSync(partial, file);
	return file;
}
