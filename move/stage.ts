/** What the move's commands need of a stage file. They run beside Pulumi and ask for no passphrase: a secret's value is none of theirs. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { faultInYaml, messageOf } from "../aptible/client/system-error.ts";
import { includeFiles, type WholeStage } from "../config/include.ts";
import { moveRecordName } from "../config/move-record.ts";
import { namespace } from "../config/namespaces.ts";
import { parseStage } from "../config/parse.ts";
import type { Stage } from "../config/stage.ts";

/** Four times what Linux hands to the program, as comments stay behind; the reader of YAML takes minutes for ten times more. */
const MOST_BYTES = 512 * 1024;

const root = path.join(import.meta.dirname, "..");

/** A stage of the move's commands. */
export interface MoveStage {
	/** Name of the stack. */
	name: string;
	/** Folder of the stage file, in which the journal's file and the hand-over are. */
	folder: string;
	/** Path of the stage file as it was given, where it is another than the stack's own. */
	configFile: string | undefined;
	/** As its phase makes it. */
	stage: Stage;
	/** As it is without the block `move`. */
	declared: Stage;
}

/**
 * Reads `Pulumi.STACK.yaml` and what it includes.
 *
 * @param configFile path of the stage file where it is another
 * @throws Error that says what is wrong in it
 */
export function readMoveStage(name: string, configFile?: string): MoveStage {
	const file = stageFile({ name, folder: root, configFile });
	const { raw, fileOf } = readRawStage(file);
	const context = { file: path.basename(file), fileOf };
	const stage = parseStage(raw, context);
	const { move: _, ...declared } = raw;
	return { name, folder: path.dirname(file), configFile, stage, declared: parseStage(declared, context) };
}

/** Path of the stage file. */
export function stageFile({ name, folder, configFile }: Pick<MoveStage, "name" | "folder" | "configFile">): string {
	return path.resolve(configFile ?? path.join(folder, `Pulumi.${name}.yaml`));
}

/** A sum of what an update reads of a stage: its file, what that includes, and the record of its move. */
export function hashStage({ name, folder, configFile }: Pick<MoveStage, "name" | "folder" | "configFile">): string {
	const { text, raw } = readRawStage(stageFile({ name, folder, configFile }));
	const record = path.join(folder, moveRecordName(name));
	const parts = [text, raw, existsSync(record) ? readFileSync(record, "utf8") : undefined];
	return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
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
	if (found.size > MOST_BYTES) {
		throw new Error(`${file} has ${found.size} bytes, more than a stage file takes; allowed: ${MOST_BYTES}`);
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
