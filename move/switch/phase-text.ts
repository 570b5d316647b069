/** The one scalar `move.phase` in the text of a stage: every other byte of its file stays. */
import {
	accessSync,
	chmodSync,
	constants,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, isAlias, isMap, isScalar, type Node, parseDocument } from "yaml";
import { includeFiles } from "../../config/include.ts";
import { namespace } from "../../config/namespaces.ts";
import { stageFile } from "../../config/stage-file.ts";
import { type MovePhase, movePhases } from "../../wire/move.ts";
import type { MoveStage } from "../stage.ts";

const BLOCK = `${namespace}:move`;

/** Of the line, on each side of the phase: a whole file may be one line. */
const MOST_CHARACTERS = 60;

/** Where the phase of a stage stands. */
export interface PhaseText {
	/** Path as a person writes it. */
	file: string;
	phase: MovePhase;
	/** Line of the scalar, from 1. */
	line: number;
	/** The line with another phase. */
	lineWith(phase: MovePhase): string;
	/** Writes the file with another phase, whole or not at all. @throws where somebody else has changed it since it was read */
	write(phase: MovePhase): void;
}

/** Of a stage file: its block, or the file that is included for it. */
interface Place {
	file: string;
	keys: readonly string[];
}

/** @throws where the phase cannot be changed by its scalar alone, with what to write instead */
export function readPhaseText(moved: MoveStage): PhaseText {
	const { file, keys } = findPlace(moved);
	const shown = showPath(file);
	const refuse = (says: string): never => {
		throw new Error(`${shown}: move.phase ${says}`);
	};
	const target = realpathSync(file);
	const bytes = readFileSync(target);
	const text = bytes.toString("utf8");
	if (!Buffer.from(text).equals(bytes))
		return refuse("cannot be changed, as the file is not UTF-8 text; save it as UTF-8");
	const { start, end, phase, quote } = findScalar(parse(text), text, keys, refuse);
	const { line, before, after } = lineOf(text, start, end);
	const withPhase = (other: MovePhase) => `${text.slice(0, start)}${quote}${other}${quote}${text.slice(end)}`;
	let current = text;
	return {
		file: shown,
		phase,
		line,
		lineWith: (other) => `${before}${quote}${other}${quote}${after}`,
		write(other) {
			const changed = withPhase(other);
			if (changed === current) return;
			refuseOtherMeaning(text, changed, keys, other, refuse);
			writeWhole(target, { from: current, to: changed }, refuse);
			current = changed;
		},
	};
}

/** `-` and `+` lines of the change, under the file's name. */
export function describeDiff(place: PhaseText, to: MovePhase): string[] {
	const { file, line, phase } = place;
	return [`${file}, line ${line}:`, `-${place.lineWith(phase)}`, `+${place.lineWith(to)}`];
}

/** A path as it may be typed: from here where it is below. */
export function showPath(file: string): string {
	const relative = path.relative(process.cwd(), file);
	return relative.startsWith("..") ? file : relative;
}

function parse(text: string): Document {
	return parseDocument(text, { stringKeys: true });
}

function findPlace(moved: MoveStage): Place {
	const { folder } = moved;
	const file = stageFile(moved);
	const config =
		(parse(readFileSync(file, "utf8")).toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
	if (Object.hasOwn(config, BLOCK)) return { file, keys: ["config", BLOCK, "phase"] };
	const include = config[`${namespace}:include`];
	const included = includeFiles({ include }, folder, path.basename(file)).fileOf(["move"]);
	if (included !== undefined) return { file: path.join(folder, included), keys: ["move", "phase"] };
	throw new Error(`${showPath(file)} has no block move; add one with phase: prepare, then: pulumi up --stack STACK`);
}

interface Scalar {
	start: number;
	end: number;
	phase: MovePhase;
	/** The quotes around it. */
	quote: "" | "'" | '"';
}

function findScalar(
	document: Document,
	text: string,
	keys: readonly string[],
	refuse: (says: string) => never,
): Scalar {
	const [mistake] = document.errors;
	if (mistake !== undefined)
		refuse(`cannot be found, as the file is not YAML: ${mistake.code}, line ${mistake.linePos?.[0].line}`);
	let node: unknown = document.contents;
	for (const key of keys) {
		if (isAlias(node)) refuse(`stands behind the alias *${node.source}; write the block move out`);
		if (!isMap(node)) refuse("is not there as a line of its own; write the block move with phase: PHASE");
		else node = node.get(key, true);
	}
	if (isAlias(node))
		refuse(`is the alias *${node.source}; write the phase out: phase: ${String(node.resolve(document) ?? "prepare")}`);
	if (!isScalar(node)) return refuse("is missing; write it out: phase: prepare");
	if (node.anchor !== undefined)
		refuse(`has the anchor &${node.anchor}, on which other values stand; remove the anchor and write those out`);
	const phase = movePhases.find((one) => one === node.value);
	if (phase === undefined) return refuse(`is none of ${movePhases.join(", ")}`);
	const [start = 0, end = 0] = (node as Node).range ?? [];
	const source = text.slice(start, end);
	const quote = (["", "'", '"'] as const).find((one) => source === `${one}${phase}${one}`);
	if (quote === undefined) return refuse(`is not written in one word; write it so: phase: ${phase}`);
	return { start, end, phase, quote };
}

function lineOf(text: string, start: number, end: number): { line: number; before: string; after: string } {
	const from = text.lastIndexOf("\n", start - 1) + 1;
	const to = text.indexOf("\n", end);
	const after = text.slice(end, to === -1 ? undefined : to).replace(/\r$/, "");
	return {
		line: text.slice(0, start).split("\n").length,
		before:
			from < start - MOST_CHARACTERS ? `...${text.slice(start - MOST_CHARACTERS, start)}` : text.slice(from, start),
		after: after.length > MOST_CHARACTERS ? `${after.slice(0, MOST_CHARACTERS)}...` : after,
	};
}

/** A block that others take by an alias or a merge would change with it. */
function refuseOtherMeaning(
	before: string,
	after: string,
	keys: readonly string[],
	phase: MovePhase,
	refuse: (says: string) => never,
): void {
	const wanted = parse(before).toJS() as Record<string, unknown>;
	let block = wanted;
	for (const key of keys.slice(0, -1)) {
		block[key] = { ...(block[key] as Record<string, unknown>) };
		block = block[key] as Record<string, unknown>;
	}
	block[keys.at(-1) ?? ""] = phase;
	if (isDeepStrictEqual(parse(after).toJS(), wanted)) return;
	refuse("is part of a block that other values take by an alias; write those out");
}

function writeWhole(file: string, { from, to }: { from: string; to: string }, refuse: (says: string) => never): void {
	const partial = `${file}.${process.pid}`;
	let isOurs = false;
	try {
		accessSync(file, constants.W_OK);
		isOurs = readFileSync(file, "utf8") === from;
		if (isOurs) {
			writeFileSync(partial, to);
			chmodSync(partial, statSync(file).mode);
			renameSync(partial, file);
		}
	} catch (error) {
		rmSync(partial, { force: true });
		const { code, message } = error as NodeJS.ErrnoException;
		refuse(
			`cannot be changed: ${code ?? message}; make the file and its folder writable, or change the phase there by hand and run it again`,
		);
	}
	if (!isOurs) refuse("is not written, as somebody else has changed the file meanwhile; look at it, and run it again");
}
