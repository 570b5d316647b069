/**
 * Where an import goes. What it wrote once is known by its hash, so that a second import writes again what nobody has edited,
 * leaves alone what somebody has, and puts beside that what is new.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { readFormer } from "../stage-file/former.ts";

/** A file of an import. */
export interface Output {
	path: string;
	text: string;
}

/** What became of each file. */
export interface Written {
	lines: string[];
	/** Files that somebody has edited, and beside which the new ones stand. */
	beside: string[];
}

const Manifest = z.record(z.string(), z.string());

/** The lines by which Pulumi knows the key of a stage's secrets, which it writes into the file by itself. */
const encryptionLine = /^(?:encryptionsalt|secretsprovider|encryptedkey): .*\n/gm;

/**
 * Writes the files of an import.
 *
 * @param folder for what goes with the stage file, and the hashes
 * @param from folder from which the paths count
 * @throws where the stage file is there and no import wrote it
 */
export async function writeOutputs(
	stageFile: Output,
	others: readonly Output[],
	{ folder, from }: { folder: string; from: string },
): Promise<Written> {
	const at = (path: string) => resolve(from, path);
	const manifestFile = at(join(folder, "written.json"));
	const known = await readManifest(manifestFile);
	const nameOf = (path: string) => relative(at(folder), at(path));
	if (known[nameOf(stageFile.path)] === undefined) await readFormer(at(stageFile.path));
	const written: Written = { lines: [], beside: [] };
	const hashes: Record<string, string> = { ...known };
	for (const { path, text } of [stageFile, ...others]) {
		const former = await read(at(path));
		const base = known[nameOf(path)];
		const fresh = hash(text);
		hashes[nameOf(path)] = fresh;
		const isOurs = former === undefined || base === undefined || hash(former) === base;
		if (former !== undefined && hash(former) === fresh) {
			written.lines.push(`${path} is as it was`);
		} else if (isOurs) {
			await write(at(path), withEncryption(text, former));
			written.lines.push(`${path} is written`);
		} else if (base === fresh) {
			written.lines.push(`${path} has been edited, and the input gives nothing new: it is left as it is`);
		} else {
			await write(at(`${path}.new`), withEncryption(text, former));
			written.beside.push(path);
			written.lines.push(
				`${path} has been edited and is left as it is; what the input gives now is in ${path}.new: diff ${path} ${path}.new`,
			);
		}
	}
	await write(manifestFile, `${JSON.stringify(hashes, undefined, "\t")}\n`);
	return written;
}

async function readManifest(file: string): Promise<Record<string, string>> {
	const text = await read(file);
	if (text === undefined) return {};
	const parsed = Manifest.safeParse(JSON.parse(text));
	if (!parsed.success) throw new Error(`"${file}" is not what an import wrote; remove it, or move the folder away`);
	return parsed.data;
}

async function read(path: string): Promise<string | undefined> {
	return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return undefined;
		throw cause;
	});
}

/** Whole or not at all. */
async function write(path: string, text: string): Promise<void> {
	await mkdir(dirname(path), { recursive: true });
	const partial = `${path}.${process.pid}.part`;
	await writeFile(partial, text);
	await rename(partial, path);
}

function hash(text: string): string {
	return createHash("sha256").update(text.replace(encryptionLine, "")).digest("hex");
}

function withEncryption(text: string, former: string | undefined): string {
	const lines = former?.match(encryptionLine)?.join("") ?? "";
	return text.replace(/^config:/m, () => `${lines}config:`);
}
