/**
 * What `aptible version` said of a binary, kept in the user's cache folder: asking takes a process of 0.8 s. Whatever goes wrong with
 * the cache is no failure: then the CLI is asked.
 */
import { createHash, randomUUID } from "node:crypto";
import { access, constants, mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { z } from "zod";

/** The shim of a version manager (rbenv, asdf) stays the same file, whatever it starts. */
const longestMs = 24 * 60 * 60_000;

const Entry = z.object({
	path: z.string(),
	size: z.number(),
	mtimeMs: z.number(),
	askedAt: z.number(),
	text: z.string(),
});

/** The file that `aptible` on PATH stands for. */
export interface Binary {
	path: string;
	size: number;
	mtimeMs: number;
}

/** Looks for the binary; undefined where there is none, which whatever starts it says itself. */
export async function findBinary(): Promise<Binary | undefined> {
	for (const folder of (process.env.PATH ?? "").split(delimiter)) {
		const path = join(folder, "aptible");
		const found = await access(path, constants.X_OK).then(
			() => true,
			() => false,
		);
		if (!found) continue;
		try {
			const real = await realpath(path);
			const { size, mtimeMs } = await stat(real);
			return { path: real, size, mtimeMs };
		} catch {
			return undefined;
		}
	}
	return undefined;
}

/** What the CLI said within the last day, if it is still the same file. */
export async function readKnownVersion({ path, size, mtimeMs }: Binary): Promise<string | undefined> {
	try {
		const entry = Entry.parse(JSON.parse(await readFile(fileOf(path), "utf8")));
		const ageMs = Date.now() - entry.askedAt;
		const isSame = entry.path === path && entry.size === size && entry.mtimeMs === mtimeMs;
		return isSame && ageMs >= 0 && ageMs < longestMs ? entry.text : undefined;
	} catch {
		return undefined;
	}
}

/** Keeps what the CLI said. Another run may do the same at this moment: the file is there whole, or not at all. */
export async function keepVersion(binary: Binary, text: string): Promise<void> {
	const file = fileOf(binary.path);
	const unfinished = `${file}.${randomUUID()}`;
	try {
		await mkdir(folderOf(), { recursive: true, mode: 0o700 });
		const entry: z.infer<typeof Entry> = { ...binary, askedAt: Date.now(), text };
		await writeFile(unfinished, JSON.stringify(entry), { mode: 0o600, flag: "wx" });
		await rename(unfinished, file);
	} catch {
		await rm(unfinished, { force: true }).catch(() => undefined);
	}
}

function folderOf(): string {
	const given = process.env.XDG_CACHE_HOME ?? "";
	// A relative one is to be ignored (XDG Base Directory Specification).
	return join(isAbsolute(given) ? given : join(homedir(), ".cache"), "medstack-to-aptible");
}

function fileOf(path: string): string {
	const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
	return join(folderOf(), `aptible-version-${name}.json`);
}
