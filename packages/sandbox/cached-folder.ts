import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

/** What is being made for longer was left by a run that was killed: nothing here takes more than some minutes. */
const LEFT_MS = 3_600_000;
/** What mkdtemp adds to a name. */
const SUFFIX = /^-\w{6}$/;

/**
 * Has a folder of a cache there, either whole or not at all: it is made beside its place and renamed. Its name says all that it is made
 * from, so that of several processes that make it at once anyone's will do; the first one's stays.
 *
 * @param make fills the folder that it is given
 */
export async function cachedFolder(folder: string, make: (partial: string) => Promise<void>): Promise<void> {
	if (existsSync(folder)) return;
	await mkdir(path.dirname(folder), { recursive: true });
	await removeLeftovers(folder);
	const partial = await mkdtemp(`${folder}-`);
	try {
		await make(partial);
		await chmod(partial, 0o755);
		await rename(partial, folder).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
		});
	} finally {
		await rm(partial, { recursive: true, force: true });
	}
}

/** Removes what runs that were killed have left of a folder. */
async function removeLeftovers(folder: string): Promise<void> {
	const [parent, own] = [path.dirname(folder), path.basename(folder)];
	for (const name of await readdir(parent)) {
		if (!name.startsWith(own) || !SUFFIX.test(name.slice(own.length))) continue;
		const left = path.join(parent, name);
		const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
		if (Date.now() - mtimeMs > LEFT_MS) await rm(left, { recursive: true, force: true });
	}
}
