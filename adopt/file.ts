/** The text of the stage file that an adoption writes. */
import { Document, visit } from "yaml";
import { mapValues } from "../config/map-values.ts";
import { mostBytes } from "../config/text-rules.ts";
import type { Block, Notes } from "./notes.ts";

const namespace = "medstack-to-aptible:";
/** Which schema an editor judges the file by (yaml-language-server); it is written beside `Pulumi.yaml`. */
const schemaLine = "# yaml-language-server: $schema=./stage.schema.json";

/**
 * A stage file with comments: what it leaves out, and how to set its secrets.
 *
 * @param former what is kept of the file that was there
 * @param problems what is wrong with it as it stands
 */
export function renderStageFile(
	blocks: Readonly<Record<string, Block>>,
	notes: Notes,
	{
		former,
		stack,
		encrypted,
		problems,
	}: { former: Block; stack: string; encrypted: boolean; problems: readonly string[] },
): string {
	const config = Object.entries(blocks).filter(([, block]) => Object.keys(block).length > 0);
	const secrets = notes.secrets.entries();
	const head = [
		`Environment "${String(blocks.environment?.handle)}" as \`npm run adopt\` found it. Everything in it is taken over as it is: \`pulumi`,
		"preview` says so of each object, and `pulumi up` changes nothing. After that, `adopt` can be removed.",
		...section("Wrong with this file until it is changed by hand:", problems),
		...section("Too large to be handed to a program on Linux:", sizeProblem(Object.fromEntries(config))),
		...section("Left out, or not the same afterwards:", notes.lines()),
		...(encrypted || secrets.length === 0
			? []
			: [
					"",
					`Secrets that it refers to. After \`pulumi stack init ${stack}\`, each of these asks for the value:`,
					...secrets.flatMap(([name, { place }]) => [`  # ${place}`, `  ${secretCommand(name, stack)}`]),
				]),
	];
	const comment = head.map((line) => (line === "" ? "#" : `# ${line}`)).join("\n");
	const file = {
		...former,
		config: Object.fromEntries(config.map(([name, block]) => [`${namespace}${name}`, block])),
	};
	return `${schemaLine}\n${comment}\n${writeYaml(file)}`;
}

/** All config of a stack reaches the program as JSON in one variable, each block as text within. */
function sizeProblem(config: Readonly<Record<string, Block>>): string[] {
	const handed = JSON.stringify(mapValues(config, (block) => JSON.stringify(block)));
	if (Buffer.byteLength(handed) < mostBytes * 0.9) return [];
	return ["its apps have to move into files of their own: docs/configuration/README.md#several-files"];
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
	return `${namespace}secrets.${name}`;
}

function secretCommand(name: string, stack: string): string {
	return `pulumi config set --secret --path '${secretPath(name)}' --stack ${stack}`;
}

function section(title: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
