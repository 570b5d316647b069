/** A stage file as commands beside Pulumi read it. They ask for no passphrase: a secret's value is none of theirs. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { faultInYaml, messageOf } from "../aptible/client/system-error.ts";
import { includeFiles, type WholeStage } from "./include.ts";
import { namespace } from "./namespaces.ts";
import { parseStage } from "./parse.ts";
import type { Stage } from "./stage.ts";

/** Four times what Linux hands to the program, as comments stay behind; the reader of YAML takes minutes for ten times more. */
const mostBytes = 512 * 1024;

/** Folder of `Pulumi.yaml`, in which the stage files are. */
export const projectFolder = path.join(import.meta.dirname, "..");

/** A stage that was read, with what it was read from. */
export interface ReadStage {
	/** As the phase of its move makes it. */
	stage: Stage;
	/** As it is without the block `move`. */
	declared: Stage;
	/** What the file and those that it includes say, with a text in place of each encrypted value. */
	raw: Record<string, unknown>;
}

/** Path of a stage's file. */
export function stageFile({ name, folder, configFile }: StagePlace): string {
	return path.resolve(configFile ?? path.join(folder, `Pulumi.${name}.yaml`));
}

/** Where a stage file is. */
export interface StagePlace {
	/** Name of the stack. */
	name: string;
	/** Folder of the stage file. */
	folder: string;
	/** Its path, where it is another than the stack's own. */
	configFile: string | undefined;
}

/**
 * Reads a stage file and what it includes.
 *
 * @throws Error that says what is wrong in it
 */
export function readStageFile(file: string): ReadStage {
	const { raw, fileOf } = readRawStage(file);
	const context = { file: path.basename(file), fileOf };
	const stage = parseStage(raw, context);
	const { move: _, ...declared } = raw;
	return { stage, declared: parseStage(declared, context), raw };
}

/** The text of a stage file, and what it and what it includes say, unchecked. @throws where one of them is not there or no YAML */
export function readRawStage(file: string): WholeStage & { text: string } {
	let text: string;
	try {
		text = readText(file);
	} catch (error) {
		const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
		throw new Error(
			`${isThere ? messageOf(error, file) : `${file} is not there`}; name a stack of this project, or its file: --stack STACK --config-file FILE`,
		);
	}
	const config = parseYaml(text, file)?.config ?? {};
	const prefix = `${namespace}:`;
	const given = Object.entries(config)
		.filter(([key]) => key.startsWith(prefix))
		.map(([key, value]) => [key.slice(prefix.length), withoutCiphers(value)] as const);
	return { text, ...includeFiles(Object.fromEntries(given), path.dirname(file), path.basename(file)) };
}

/** Text as Pulumi takes it. A switch writes it back, so that nothing of it may be read as something else. */
function readText(file: string): string {
	const found = statSync(file);
	if (!found.isFile() && !found.isDirectory()) throw new Error(`${file} is a pipe or a device, and a file is wanted`);
	if (found.size > mostBytes) {
		throw new Error(`${file} has ${found.size} bytes, more than a stage file takes; allowed: ${mostBytes}`);
	}
	const bytes = readFileSync(file);
	if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString("utf8");
	throw new Error(
		`${file} is no text in UTF-8, which Pulumi wants; save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8)`,
	);
}

/** @throws Error with the file, the line and what YAML does not allow there */
function parseYaml(text: string, file: string): { config?: Record<string, unknown> } | null {
	let whole: unknown;
	try {
		whole = parse(text);
	} catch (error) {
		throw new Error(`${file} is no YAML, as Pulumi writes a stage file: ${faultInYaml(error)}`);
	}
	if (typeof whole === "object" && !Array.isArray(whole)) return whole;
	throw new Error(`${file} is no stage file, as it is no block of keys; name Pulumi.STACK.yaml of the project`);
}

/** A block with a text in place of each encrypted value. */
function withoutCiphers(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(withoutCiphers);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value);
	if (entries.length === 1 && entries[0]?.[0] === "secure") return "encrypted";
	return Object.fromEntries(entries.map(([key, one]) => [key, withoutCiphers(one)]));
}
