/** The text of a stage file that a command writes: comments at its head, and the blocks. */
import { Document, visit } from "yaml";
import { mapValues } from "../config/map-values.ts";
import { namespace } from "../config/namespaces.ts";
import { parseStage, StageError } from "../config/parse.ts";
import { mostBytes } from "../config/text-rules.ts";
import type { Block } from "./block.ts";

/** Which schema an editor judges the file by (yaml-language-server); it is written beside `Pulumi.yaml`. */
const schemaLine = "# yaml-language-server: $schema=./stage.schema.json";

/** Blocks of a stage, by their names. */
export type Blocks = Readonly<Record<string, Block>>;

/**
 * A stage file.
 *
 * @param head lines of the comment in front of it
 * @param former what is kept of the file that was there
 */
export function renderFile(blocks: Blocks, { head, former }: { head: readonly string[]; former: Block }): string {
	const comment = head.map((line) => (line === "" ? "#" : `# ${line}`)).join("\n");
	const config = Object.entries(blocks).map(([name, block]) => [`${namespace}:${name}`, block]);
	return `${schemaLine}\n${comment}\n${writeYaml({ ...former, config: Object.fromEntries(config) })}`;
}

/** The blocks that have something in them. */
export function filledBlocks(blocks: Blocks): Blocks {
	return Object.fromEntries(Object.entries(blocks).filter(([, block]) => Object.keys(block).length > 0));
}

/** A part of the head, with its title; nothing where it has no lines. */
export function section(title: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

/** All config of a stack reaches the program as JSON in one variable, each block as text within. */
export function sizeProblem(config: Blocks): string[] {
	const handed = JSON.stringify(mapValues(config, (block) => JSON.stringify(block)));
	if (Buffer.byteLength(handed) < mostBytes * 0.9) return [];
	return ["its apps have to move into files of their own: docs/configuration/README.md#several-files"];
}

/** What the loader says of a stage as it stands, a line each: what is found elsewhere may be what no stage file allows. */
export function problemsOf(raw: unknown): readonly string[] {
	try {
		parseStage(raw, { file: "this file" });
		return [];
	} catch (error) {
		if (error instanceof StageError) return error.problems;
		throw error;
	}
}

/** YAML in which text stays text to Pulumi, whose YAML knows dates and more forms of numbers (go-yaml v3, resolve.go). */
function writeYaml(file: object): string {
	const document = new Document(file, { compat: "yaml-1.1" });
	visit(document, {
		Scalar: (_, node) => {
			if (typeof node.value === "string" && /^[-+]?0[a-z]/i.test(node.value)) node.type = "QUOTE_DOUBLE";
		},
	});
	return document.toString({ lineWidth: 0 });
}

/** The place of a secret in the stage's config. */
export function secretPath(name: string): string {
	return `${namespace}:secrets.${name}`;
}

/** The command that asks for the value of a secret. */
export function secretCommand(name: string, stack: string): string {
	return `pulumi config set --secret --path '${secretPath(name)}' --stack ${stack}`;
}
