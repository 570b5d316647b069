/** Folder `.move` beside the stage file: the hand-over, the journal's file, the reports. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../aptible/client/system-error.ts";
import type { MoveStage } from "./stage.ts";

/**
 * Makes a folder with those above it. Node's own `recursive` never ends where a file system makes none (`/proc`), and takes a disk that may
 * only be read for a missing folder.
 *
 * @throws where it cannot be made
 */
export function makeFolder(folder: string, mode = 0o777): void {
	const missing: string[] = [];
	for (let at = path.resolve(folder); !existsSync(at); at = path.dirname(at)) missing.unshift(at);
	for (const one of missing) {
		try {
			mkdirSync(one, { mode });
		} catch (error) {
			// Another process was faster.
			if (!existsSync(one)) throw error;
		}
	}
}

/** Makes the folder, which git does not see in whatever repository the stage file is. @returns its path */
export function openMoveFolder({ folder }: Pick<MoveStage, "folder">): string {
	const own = path.join(folder, ".move");
	makeFolder(own, 0o700);
	writeFileSync(path.join(own, ".gitignore"), "*\n");
	return own;
}

/** Writes a file whole or not at all. @returns its path @throws Error that names it, and says what to do */
export function writeWhole(file: string, text: string): string {
	const partial = `${file}.${process.pid}`;
	try {
		writeFileSync(partial, text);
		renameSync(partial, file);
	} catch (error) {
		rmSync(partial, { force: true });
		throw new Error(messageOf(error, file).replaceAll(partial, file), { cause: error });
	}
	return file;
}
