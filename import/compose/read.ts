/** A Compose file as fields with their places. */
import {
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	LineCounter,
	type Scalar as Node,
	type Pair,
	parseDocument,
	type YAMLMap,
	type YAMLSeq,
} from "yaml";
import { InterpolationError, interpolate, type Variables } from "./interpolate.ts";
import { type Field, type InputFile, placeOf, type Scalar, Source, say, type Value } from "./source.ts";

/** The input cannot be read at all. */
export class InputError extends Error {
	override name = "InputError";
}

/** More than anybody writes, and than a machine writes of a product that one stage file could hold. */
export const mostBytes = 1024 * 1024;
/** Entries once every alias is followed: a file of a few lines can stand for millions. */
const mostEntries = 100_000;

/** Reads what YAML and JSON files hold. */
export interface ReadOptions {
	/** @default variables stay as they are written */
	variables?: Variables;
	/** Gets every key of the file. */
	known: Source[];
}

/**
 * Reads a file of YAML 1.2, with merge keys (compose-spec 10-fragments.md) and variables filled in.
 *
 * @throws InputError where it is no YAML, too large, or its aliases run in a circle
 */
export function readFields(text: string, file: InputFile, options: ReadOptions): Field {
	const bytes = Buffer.byteLength(text);
	if (bytes > mostBytes) {
		throw new InputError(`${file.name}: is ${bytes} bytes long; allowed: ${mostBytes}`);
	}
	const lines = new LineCounter();
	const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, uniqueKeys: false });
	const [error] = document.errors;
	if (error !== undefined) {
		const place = `${file.name}:${lines.linePos(error.pos[0]).line}`;
		if (error.code === "MULTIPLE_DOCS") {
			throw new InputError(
				`${place}: has a second document; put it into a file of its own, and name both in their order`,
			);
		}
		// What yaml adds after the first line is the file's own text, in which a secret may be.
		const [says = ""] = error.message.split(/\n| at line /);
		const isTooDeep = says.startsWith("Maximum call stack");
		throw new InputError(
			`${place}: is not YAML: ${isTooDeep ? "its blocks and lists stand too deep in each other" : says}`,
		);
	}
	return new Reader(document, file, lines, options).root();
}

class Reader {
	readonly #document: Document;
	readonly #file: InputFile;
	readonly #lines: LineCounter;
	readonly #options: ReadOptions;
	/** What an anchor stands for, read once; undefined while it is being read. */
	readonly #read = new Map<unknown, Value | undefined>();
	readonly #sizes = new Map<Value, number>();

	constructor(document: Document, file: InputFile, lines: LineCounter, options: ReadOptions) {
		this.#document = document;
		this.#file = file;
		this.#lines = lines;
		this.#options = options;
	}

	root(): Field {
		const source = new Source(this.#file, 1, "", undefined);
		return { sources: [source], value: this.#value(this.#document.contents, source) };
	}

	/** @param source of the key that it stands under */
	#value(node: unknown, source: Source): Value {
		const target = isAlias(node) ? node.resolve(this.#document) : node;
		// What a variable lacks is said at each place.
		if (!isMap(target) && !isSeq(target)) return this.#scalar(target, source);
		if (this.#read.has(target)) {
			const value = this.#read.get(target);
			if (value === undefined) throw new InputError(`${source.place}: ${source.path}: holds itself, by an alias`);
			return value;
		}
		this.#read.set(target, undefined);
		const value = this.#fresh(target, source);
		this.#read.set(target, value);
		this.#measure(value, source);
		return value;
	}

	#fresh(node: YAMLMap<unknown, unknown> | YAMLSeq<unknown>, source: Source): Value {
		if (isMap(node)) return { kind: "map", fields: this.#fields(node.items, source) };
		const items = node.items.map((item, index) => this.#field(item, `${source.path}[${index}]`, item, source));
		return { kind: "list", items };
	}

	#fields(pairs: readonly Pair[], source: Source): ReadonlyMap<string, Field> {
		const fields = new Map<string, Field>();
		const merged: Field[] = [];
		for (const { key, value } of pairs) {
			const name = isScalar(key) ? String(key.value) : undefined;
			if (name === undefined) throw new InputError(`${source.place}: ${source.path}: has a key that is no text`);
			const field = this.#field(value, source.path === "" ? name : `${source.path}.${name}`, key, source);
			if (name !== "<<" && fields.has(name)) {
				throw new InputError(`${placeOf(field)}: is not YAML: Map keys must be unique`);
			}
			if (name === "<<") merged.push(field);
			else fields.set(name, field);
		}
		for (const field of merged) {
			say(field, "mapped", "its keys count where it stands");
			for (const from of field.value.kind === "list" ? field.value.items : [field]) {
				if (from.value.kind !== "map") throw new InputError(`${source.place}: ${source.path}: << takes blocks alone`);
				for (const [name, one] of from.value.fields) if (!fields.has(name)) fields.set(name, one);
			}
		}
		return fields;
	}

	#field(node: unknown, path: string, placed: unknown, parent: Source): Field {
		const range = (placed as { range?: [number] } | null)?.range;
		const line = range === undefined ? parent.line : this.#lines.linePos(range[0]).line;
		const source = new Source(this.#file, line, path, parent);
		this.#options.known.push(source);
		const tag = (node as { tag?: string } | null)?.tag;
		const sources = [source];
		if (tag === "!reset")
			return { sources, value: { kind: "scalar", value: null, unset: [], written: "" }, tag: "reset" };
		const value = this.#value(node, source);
		return tag === "!override" ? { sources, value, tag: "override" } : { sources, value };
	}

	#scalar(node: unknown, source: Source): Scalar {
		const raw = isScalar(node) ? textOfNumber(node) : null;
		const value = raw === null || typeof raw === "number" || typeof raw === "boolean" ? raw : String(raw);
		const written = value === null ? "" : String(value);
		const { variables } = this.#options;
		if (typeof value !== "string" || variables === undefined) return { kind: "scalar", value, unset: [], written };
		try {
			const { text, unset, demands, secrets } = interpolate(value, variables);
			if (unset.length > 0) source.open = tellOpen(unset, demands);
			return { kind: "scalar", value: text, unset, written, secrets };
		} catch (error) {
			if (!(error instanceof InterpolationError)) throw error;
			source.say("decide", error.message);
			return { kind: "scalar", value: null, unset: [], written: "" };
		}
	}

	#measure(value: Value, source: Source): void {
		const inner = value.kind === "map" ? [...value.fields.values()] : value.kind === "list" ? value.items : [];
		const size = inner.reduce((sum, one) => sum + (this.#sizes.get(one.value) ?? 1), 1);
		if (size > mostEntries)
			throw new InputError(`${source.place}: has more than ${mostEntries} entries once its aliases are followed`);
		this.#sizes.set(value, size);
	}
}

/** A number as the text that Compose makes of it (go-yaml v3, resolve.go); any other value as it is. */
function textOfNumber({ value, type, tag, source = "" }: Node): unknown {
	if (type !== "PLAIN" || tag !== undefined || !/^[-+]?\d[\w]*$/.test(source)) return value;
	const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(source.replaceAll("_", "")) ?? [];
	const isWhole = /^(\d+|0b[01]+|0o[0-7]+|0x[\da-f]+)$/i.test(digits);
	if (!isWhole) return value;
	const based = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
	return `${sign === "-" ? "-" : ""}${BigInt(based)}`;
}

function tellOpen(unset: readonly string[], demands: readonly string[]): string {
	const says = demands.length === 0 ? "" : ` (${demands.join(", ")})`;
	return `${unset.join(", ")} has no value here${says}; give an --env-file that has one, or write it into the stage file`;
}
