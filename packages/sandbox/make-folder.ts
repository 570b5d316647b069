/** Folders that may be made anywhere a person names. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import path from "node:path";

/**
 * Makes a folder with those above it. Node's own `recursive` never ends where a file system makes none (`/proc`), and takes a disk that may
 * only be read for a missing folder.
 *
 * @throws where it cannot be made or written to
 */
export function makeFolder(folder: string): void {
	const missing: string[] = [];
	for (let at = folder; !existsSync(at); at = path.dirname(at)) missing.unshift(at);
	for (const one of missing) {
		try {
			mkdirSync(one);
		} catch (error) {
			// Another process was faster.
			if (!existsSync(one)) throw error;
		}
	}
	accessSync(folder, constants.W_OK | constants.X_OK);
}
