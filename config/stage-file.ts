/** A stage file as commands beside Pulumi read it. They ask for no passphrase: a secret's value is none of theirs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { faultInYaml, messageOf } from "../aptible/client/system-error.ts";
import { includeFiles, type WholeStage } from "./include.ts";
import { namespace } from "./namespaces.ts";
import { parseStage } from "./parse.ts";
import type { Stage } from "./stage.ts";

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
		text = readFileSync(file, "utf8");
	} catch (error) {
		const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
		throw new Error(
			`${isThere ? messageOf(error, file) : `${file} is not there`}; name a stack of this project, or its file: --stack STACK --config-file FILE`,
		);
	}
	const config = (parseYaml(text, file) as { config?: Record<string, unknown> } | null)?.config ?? {};
	const prefix = `${namespace}:`;
	const given = Object.entries(config)
		.filter(([key]) => key.startsWith(prefix))
		.map(([key, value]) => [key.slice(prefix.length), withoutCiphers(value)] as const);
	return { text, ...includeFiles(Object.fromEntries(given), path.dirname(file), path.basename(file)) };
}

/** @throws Error with the file, the line and what YAML does not allow there */
function parseYaml(text: string, file: string): unknown {
	try {
		return parse(text);
	} catch (error) {
		throw new Error(`${file} is no YAML, as Pulumi writes a stage file: ${faultInYaml(error)}`);
	}
}

/** A block with a text in place of each encrypted value. */
function withoutCiphers(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(withoutCiphers);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value);
	if (entries.length === 1 && entries[0]?.[0] === "secure") return "encrypted";
	return Object.fromEntries(entries.map(([key, one]) => [key, withoutCiphers(one)]));
}
