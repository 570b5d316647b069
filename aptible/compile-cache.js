/**
 * Keeps compiled modules for the next process: most of the time of a preview and of each Command went into reading the same modules again.
 * Loaded before anything else, by `aptible/main.ts`, by the `nodeargs` of Pulumi.yaml, and by commands of package.json.
 *
 * Whoever can write into the cache decides what runs here, with the credentials of whoever runs Pulumi: Node's own choice, a folder
 * in the shared one for temporary files, is not taken.
 */
import "./spare-locales.js";
import { mkdirSync, statSync } from "node:fs";
import * as modules from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

try {
	const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "medstack-to-aptible", "node");
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const { uid, mode } = statSync(folder);
	const isOwn = uid === process.getuid?.() && (mode & 0o022) === 0;
	if (isOwn) modules.enableCompileCache?.(folder);
} catch {
	// Without a cache it is slower.
}
