/** One included file: YAML with blocks of a stage, in which nothing may mean something else than in the stage file. */
import {
	type Document,
	isAlias,
	isMap,
	isNode,
	isScalar,
	LineCounter,
	type ParsedNode,
	parseAllDocuments,
	visit,
} from "yaml";
import { unknownKey } from "./fields.ts";
import { namespace } from "./namespaces.ts";
import { blockNames } from "./stage.ts";

type Block = Record<string, unknown>;

/** Blocks that an included file may hold. */
const includable = blockNames.filter((name) => name !== "secrets" && name !== "include");

/**
 * Reads the blocks of an included file.
 *
 * @throws Unreadable with one line for each thing that is wrong
 */
export function readBlocks(bytes: Uint8Array): Block {
	const lines = new LineCounter();
	const documents = parseAllDocuments(decode(bytes), { stringKeys: true, lineCounter: lines });
	const [document] = documents;
	if (document === undefined || (documents.length === 1 && document.contents === null)) {
		throw new Unreadable(["is empty; give it blocks of a stage, such as apps:, or remove it from include"]);
	}
	if (documents.length > 1) {
		throw new Unreadable([`holds ${documents.length} documents; allowed: one, without a --- in between`]);
	}
	const [mistake] = [...document.errors, ...document.warnings];
	if (mistake !== undefined) {
		// Its message quotes what stands there.
		const what = mistake.code.toLowerCase().replaceAll("_", " ");
		const { line, col } = lines.linePos(mistake.pos[0]);
		throw new Unreadable([`is not YAML that can be read: ${what} at line ${line}, column ${col}`]);
	}
	const { contents } = document;
	const keys = isMap(contents) ? contents.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
	for (const problems of [wrongIn(keys, wrongName), strangeIn(document, lines)]) {
		if (problems.length > 0) throw new Unreadable(problems);
	}
	if (!isMap(contents)) throw new Unreadable([`is not a block; allowed: ${includable.join(", ")}`]);
	const blocks = document.toJS() as Block;
	const wrong = wrongIn(Object.keys(blocks), (key) =>
		isBlock(blocks[key]) ? undefined : "is not a block; allowed: one name to a line",
	);
	if (wrong.length > 0) throw new Unreadable(wrong);
	return blocks;
}

/** An included file that cannot be read; each problem is a predicate about it. */
export class Unreadable extends Error {
	readonly problems: readonly string[];

	constructor(problems: readonly string[]) {
		super(problems.join("\n"));
		this.problems = problems;
	}
}

function decode(bytes: Uint8Array): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		throw new Unreadable(["is not UTF-8 text"]);
	}
}

/** What the YAML of the stage file, which is Pulumi's, reads otherwise or writes out. */
function strangeIn(document: Document.Parsed<ParsedNode>, lines: LineCounter): string[] {
	if (document.directives.yaml.explicit) return ["holds a %YAML line; remove it"];
	const found: string[] = [];
	// Never with what stands there: it may be a secret that has no quotes.
	const say = (node: unknown, says: string) => {
		const [start = 0] = (isNode(node) && node.range) || [];
		found.push(`line ${lines.linePos(start).line}: ${says}`);
	};
	const writtenOut = "which an included file may not have; write out what it stands for";
	visit(document, {
		Node: (_, node) => {
			if (isAlias(node)) say(node, `an alias, ${writtenOut}, or a text that begins with * in quotes`);
			else if (node.anchor !== undefined) {
				say(node, `an anchor, ${writtenOut}, or a text that begins with & in quotes`);
			}
			if (isScalar(node) && typeof node.value === "number" && /^[-+]?0[0-9]/.test(node.source ?? "")) {
				const says = "a number with a zero in front, which Pulumi's YAML reads as octal";
				say(node, `${says}; write it without the zero, or in quotes`);
			}
		},
		Pair: (_, { key }) => {
			if (isScalar(key) && key.value === "<<") say(key, `<< is a merge key, ${writtenOut}`);
		},
	});
	return found;
}

function wrongIn(keys: readonly string[], judge: (key: string) => string | undefined): string[] {
	return keys.flatMap((key) => {
		const says = judge(key);
		return says === undefined ? [] : [`${key}: ${says}`];
	});
}

function wrongName(key: string): string | undefined {
	if (key === "secrets") {
		return `is not for an included file, as only Pulumi encrypts; run: pulumi config set --secret --path '${namespace}:secrets.NAME'`;
	}
	if (key === "include") return "is for the stage file alone; name the files there";
	const name = key.startsWith(`${namespace}:`) ? key.slice(namespace.length + 1) : undefined;
	if (name !== undefined) return `has a namespace, which an included file has not; write ${name}`;
	return includable.includes(key) ? undefined : unknownKey(key, includable);
}

function isBlock(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
