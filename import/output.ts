/**
 * Where an import goes. What it wrote once is known by its hash, so that a second import writes again what nobody has edited,
 * leaves alone what somebody has, and puts beside that what is new.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "../aptible/client/system-error.ts";
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
 * @throws where the stage file is there and no import wrote it; nothing is written then
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
	const written: Written = { lines: [], beside: [] };
	const hashes: Record<string, string> = { ...known };
	const writes: Output[] = [];
	for (const output of [stageFile, ...others]) {
		const { path, text } = output;
		const former = await read(at(path));
		const base = known[nameOf(path)];
		const fresh = hash(text);
		const isAsItWas = former !== undefined && hash(former) === fresh;
		const isFirst = output === stageFile && base === undefined && !isAsItWas;
		if (isFirst) await readFormer(at(path));
		hashes[nameOf(path)] = fresh;
		if (isAsItWas) {
			written.lines.push(`${path} is as it was`);
		} else if (former === undefined || isFirst || hash(former) === base) {
			writes.push({ path: at(path), text: withEncryption(text, former) });
			written.lines.push(`${path} is written`);
		} else if (base === fresh) {
			written.lines.push(`${path} has been edited, and the input gives nothing new: it is left as it is`);
		} else {
			const beside = `${path}.new`;
			const there = await read(at(beside));
			if (there !== undefined && ![known[nameOf(beside)], fresh].includes(hash(there))) {
				throw new Error(`"${beside}" has been edited; move it away, as what the input gives now goes there`);
			}
			hashes[nameOf(beside)] = fresh;
			writes.push({ path: at(beside), text: withEncryption(text, former) });
			written.beside.push(path);
			written.lines.push(
				`${path} has been edited and is left as it is; what the input gives now is in ${beside}: diff ${path} ${beside}`,
			);
		}
	}
	for (const { path, text } of writes) await write(path, text);
	const manifest = `${JSON.stringify(hashes, undefined, "\t")}\n`;
	if ((await read(manifestFile)) !== manifest) await write(manifestFile, manifest);
	return written;
}

async function readManifest(file: string): Promise<Record<string, string>> {
	const text = await read(file);
	if (text === undefined) return {};
	try {
		return Manifest.parse(JSON.parse(text));
	} catch {
		throw new Error(`"${file}" is not what an import wrote; remove it, or move the folder away`);
	}
}

async function read(path: string): Promise<string | undefined> {
	return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return undefined;
		throw new Error(messageOf(cause, path));
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
	const plain = text.replaceAll("\r\n", "\n").replace(encryptionLine, "");
	return createHash("sha256").update(plain).digest("hex");
}

/** They stand at the end, so that the lines before them are those that the report names. */
function withEncryption(text: string, former: string | undefined): string {
	return text + (former?.match(encryptionLine)?.join("") ?? "");
}
