/**
 * What was read, with the place of each key, and what becomes of it. A key is one place of one file: an anchor that ten services take
 * is one, and what becomes of it in each of them is joined.
 */

/** What becomes of a key. */
export type Outcome = "decide" | "mapped" | "dropped";

/** A file of the input. */
export interface InputFile {
	/** As messages name it. */
	name: string;
	/** Folder from which its paths count. */
	folder: string;
}

/** One key, or one entry of a list, where it stands. */
export class Source {
	readonly file: InputFile;
	readonly line: number;
	/** `services.web.ports[0]`. */
	readonly path: string;
	/** Of an entry of a list that stands for a key, such as a variable, the key. */
	stands: string | undefined;
	readonly parent: Source | undefined;
	/** What is missing of its value: variables that have none. */
	open: string | undefined;
	readonly #said = new Map<Outcome, Set<string>>();

	constructor(file: InputFile, line: number, path: string, parent: Source | undefined) {
		this.file = file;
		this.line = line;
		this.path = path;
		this.parent = parent;
	}

	get place(): string {
		return `${this.file.name}:${this.line}`;
	}

	say(outcome: Outcome, says: string): void {
		const said = this.#said.get(outcome) ?? new Set();
		this.#said.set(outcome, said.add(says));
	}

	/** Whether something was said of itself. */
	get isSaid(): boolean {
		return this.#said.size > 0;
	}

	/** What becomes of it: what asks a person counts before what is done, and that before what is dropped; undefined where nobody said. */
	get outcome(): { outcome: Outcome; says: string } | undefined {
		for (const outcome of ["decide", "mapped", "dropped"] as const) {
			const said = this.#said.get(outcome);
			if (said !== undefined) return { outcome, says: [...said].join("; ") };
		}
		return this.parent?.outcome;
	}
}

/** A text, number, boolean or nothing. */
export interface Scalar {
	kind: "scalar";
	/** With its variables filled in. */
	value: string | number | boolean | null;
	/** Variables without a value and without a default. */
	unset: readonly string[];
	/** As it stands in the file. */
	written: string;
	/** Values in it of variables whose names say that they are secrets. */
	secrets?: readonly string[];
}

export interface Mapping {
	kind: "map";
	fields: ReadonlyMap<string, Field>;
}

export interface List {
	kind: "list";
	items: readonly Field[];
}

export type Value = Scalar | Mapping | List;

/** A value under a key, after merging: blocks that several files give have a source in each. */
export interface Field {
	sources: readonly Source[];
	value: Value;
	/** What Compose's own tags ask for (compose-spec 13-merge.md, reset value and replace value). */
	tag?: "reset" | "override";
}

/** Says what is missing of each value that counts, unless what becomes of it has made that good. */
export function sayOpen(keys: readonly Source[]): void {
	for (const key of keys) {
		if (key.open !== undefined && key.outcome?.outcome !== "dropped") key.say("decide", key.open);
	}
}

/** Says what becomes of a field, and of everything in it of which nothing else is said. */
export function say(field: Field, outcome: Outcome, says: string): void {
	for (const source of field.sources) source.say(outcome, says);
}

/** Says it of a field and of everything in it, which may be other files' too. */
export function sayDeep(field: Field, outcome: Outcome, says: string): void {
	say(field, outcome, says);
	const { value } = field;
	const inner = value.kind === "map" ? value.fields.values() : value.kind === "list" ? value.items : [];
	for (const one of inner) sayDeep(one, outcome, says);
}

/** Where a field stands; of several places the last, which counts. */
export function placeOf(field: Field): string {
	return field.sources.at(-1)?.place ?? "";
}

const none: ReadonlyMap<string, Field> = new Map();

/** Its entries; none where it is no block. */
export function fieldsOf(field: Field | undefined): ReadonlyMap<string, Field> {
	return field?.value.kind === "map" ? field.value.fields : none;
}

/** The field under a path of keys. */
export function fieldAt(field: Field | undefined, ...keys: readonly string[]): Field | undefined {
	return keys.reduce<Field | undefined>((at, key) => fieldsOf(at).get(key), field);
}

/** Its entries; a single value counts as a list of one (compose-spec: `string_or_list`). */
export function itemsOf(field: Field | undefined): readonly Field[] {
	if (field === undefined || field.value.kind === "map") return [];
	if (field.value.kind === "list") return field.value.items;
	return field.value.value === null ? [] : [field];
}

/** Values in it of variables whose names say that they are secrets. */
export function secretsIn(field: Field): readonly string[] {
	return field.value.kind === "scalar" ? (field.value.secrets ?? []) : itemsOf(field).flatMap(secretsIn);
}

/** Its text; undefined where it is a block, a list or nothing. */
export function textOf(field: Field | undefined): string | undefined {
	if (field?.value.kind !== "scalar" || field.value.value === null) return undefined;
	return String(field.value.value);
}

/** A value that is a part of another one, at its place. @param part of the text as it stands in the file */
export function scalarAt(from: Field, value: string | null, part: (written: string) => string): Field {
	const {
		unset,
		written,
		secrets = [],
	}: Scalar = from.value.kind === "scalar" ? from.value : { kind: "scalar", value: null, unset: [], written: "" };
	return { sources: from.sources, value: { kind: "scalar", value, unset, written: part(written), secrets } };
}
