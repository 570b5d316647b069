/**
 * `include`: blocks of a stage from files beside its own. All config of a stack reaches the program in one environment variable,
 * which ends at 128 KiB on Linux; files that the program reads itself do not count (pulumi#8680).
 */
import { globSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, normalize, relative, sep } from "node:path";
import { readBlocks, Unreadable } from "./include-file.ts";
import type { Place } from "./mistakes.ts";
import { StageError } from "./parse.ts";

type Block = Record<string, unknown>;

/** A stage with what it includes. */
export interface WholeStage {
	raw: Block;
	/** The included file in which a place stands; undefined for the stage file. */
	fileOf(place: Place): string | undefined;
}

/** An included file and its blocks. */
interface Part {
	file: string;
	blocks: Block;
}

/** Blocks whose entries may be spread over files; each of the others is in one file whole. */
const spreadable = ["databases", "shared", "apps", "logDrains", "metricDrains"];

/**
 * Adds the blocks of the files that a stage includes.
 *
 * @param root folder of `Pulumi.yaml`, which no path leads out of
 * @param stageFile name of the stage file, for messages
 * @throws StageError that lists what of the files cannot be read or stands twice
 */
export function includeFiles(raw: Block, root: string, stageFile: string): WholeStage {
	const patterns = raw.include;
	// The schema says what is wrong with another value.
	if (!Array.isArray(patterns) || !patterns.every((pattern) => typeof pattern === "string")) {
		return { raw, fileOf: () => undefined };
	}
	const { parts, problems } = readParts(patterns, root, stageFile);
	const owners = new Map<string, string>();
	const whole = Object.fromEntries(Object.entries(raw));
	for (const { file, blocks } of parts) {
		for (const [block, value] of Object.entries(blocks) as [string, Block][]) {
			const own = (...place: string[]) => {
				if (valueIn(whole, place) === undefined) owners.set(JSON.stringify(place), file);
				else
					problems.push(
						`${file}: ${place.join(".")}: stands in ${owners.get(JSON.stringify(place)) ?? stageFile} too; remove one of the two`,
					);
			};
			if (!spreadable.includes(block)) own(block);
			else for (const name of Object.keys(value)) own(block, name);
			const present = whole[block] ?? {};
			// What is no block stays for the schema to judge.
			if (isBlock(present)) whole[block] = Object.fromEntries([present, value].flatMap(Object.entries));
		}
	}
	if (problems.length > 0) throw new StageError(problems);
	const ownerOf = (...place: Place) => owners.get(JSON.stringify(place));
	return { raw: whole, fileOf: ([block = "", name = ""]) => ownerOf(block, name) ?? ownerOf(block) };
}

function valueIn(raw: Block, [block = "", name]: readonly string[]): unknown {
	const value = raw[block];
	if (name === undefined) return value;
	return isBlock(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isBlock(value: unknown): value is Block {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads every file that is meant, once. */
function readParts(
	patterns: readonly string[],
	root: string,
	stageFile: string,
): { parts: Part[]; problems: string[] } {
	const parts: Part[] = [];
	const problems: string[] = [];
	const seen = new Set<string>();
	for (const [index, pattern] of patterns.entries()) {
		const files = filesOf(pattern, root);
		if (files.length === 0)
			problems.push(`${stageFile}: include[${index}]: ${JSON.stringify(pattern)} matches no file`);
		for (const file of files) {
			const found = open(file, root);
			if (typeof found === "string") {
				problems.push(`${stageFile}: include[${index}]: ${JSON.stringify(file)} ${found}`);
				continue;
			}
			if (seen.has(found.path)) continue;
			seen.add(found.path);
			try {
				parts.push({ file, blocks: readBlocks(found.bytes) });
			} catch (error) {
				if (!(error instanceof Unreadable)) throw error;
				problems.push(...error.problems.map((problem) => `${file}: ${problem}`));
			}
		}
	}
	return { parts, problems };
}

/** The files of a path or a pattern from the root down, sorted. */
function filesOf(pattern: string, root: string): string[] {
	const path = normalize(pattern);
	if (leadsOut(path) || !/[*?[{]/.test(path)) return [leadsOut(path) ? pattern : path];
	return globSync(path, { cwd: root }).sort();
}

function leadsOut(path: string): boolean {
	return isAbsolute(path) || path === ".." || path.startsWith(`..${sep}`);
}

/** The bytes of a file with its one true path, or what is wrong with it. */
function open(file: string, root: string): { path: string; bytes: Uint8Array } | string {
	const outside = "leads out of the project; allowed: paths from the folder of Pulumi.yaml down";
	if (leadsOut(normalize(file))) return outside;
	try {
		const path = realpathSync(join(root, file));
		if (leadsOut(relative(realpathSync(root), path))) return outside;
		return { path, bytes: readFileSync(path) };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") return "is not there";
		if (code === "EISDIR") return `is a folder; write ${file}/*.yaml`;
		if (code === "ELOOP") return "is a link that leads to itself";
		return `cannot be read: ${message}`;
	}
}
