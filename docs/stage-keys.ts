/** The keys of a stage file as its documentation shows them, read from the schema. */
import { z } from "zod";
import { type KeyDoc, keyDocs } from "../config/key-docs.ts";
import { StageFile } from "../config/stage.ts";

/** One key, each cell in Markdown. */
export interface StageKey {
	/** Block that has the key, as a place in the file: `apps.NAME.registry`; `stage` for the blocks themselves. */
	readonly section: string;
	readonly key: string;
	readonly allowed: string;
	/** What applies where it is left out. */
	readonly otherwise: string;
	/** Empty where the schema says nothing of the key. */
	readonly description: string;
	/** Empty where the schema does not say it. */
	readonly inPlace: string;
}

/** Every key of a stage file, in the schema's order. */
export function readStageKeys(schema: z.ZodType = StageFile): StageKey[] {
	return readBlock(schema, "stage");
}

function readBlock(schema: z.ZodType, section: string): StageKey[] {
	const { core } = unwrap(schema);
	if (core instanceof z.ZodRecord) return readBlock(core.valueType as z.ZodType, `${section}.NAME`);
	if (core instanceof z.ZodDiscriminatedUnion) return mergeKinds(core.options as z.ZodObject[], section);
	if (!(core instanceof z.ZodObject)) return [];
	return Object.entries(core.shape).flatMap(([key, value]) => [
		readKey(section, key, value as z.ZodType),
		...readBlock(value as z.ZodType, section === "stage" ? key : `${section}.${key}`),
	]);
}

/** One list for all the kinds of a block: a key that only some of them have says which. */
function mergeKinds(options: readonly z.ZodObject[], section: string): StageKey[] {
	const keysByKind = options.map((option) => ({
		kinds: code(valuesOf(unwrap(option.shape.kind as z.ZodType).core)),
		keys: readBlock(option, section),
	}));
	const all = keysByKind.flatMap(({ keys }) => keys);
	const merged = [...new Set(all.map(({ key }) => key))].flatMap((name) => {
		const having = keysByKind.filter(({ keys }) => keys.some(({ key }) => key === name));
		const same = all.filter(({ key }) => key === name);
		const [first] = same;
		if (first === undefined) return [];
		const isCommon = having.length === options.length;
		const only = isCommon ? "" : `; ${having.map(({ kinds }) => kinds).join(", ")} only`;
		const distinct = (cell: "allowed" | "otherwise" | "description") => [...new Set(same.map((one) => one[cell]))];
		return {
			...first,
			allowed: distinct("allowed").join(", ") + only,
			otherwise: distinct("otherwise").join(" or "),
			description: distinct("description").join(", or "),
			isCommon,
		};
	});
	const rank = ({ key, isCommon }: (typeof merged)[number]) => (key === "kind" ? 0 : isCommon ? 2 : 1);
	return merged.toSorted((a, b) => rank(a) - rank(b)).map(({ isCommon, ...key }) => key);
}

function readKey(section: string, key: string, schema: z.ZodType): StageKey {
	const { layers, core } = unwrap(schema);
	const doc = layers.map((layer) => keyDocs.get(layer)).find((found) => found !== undefined);
	return {
		section,
		key,
		allowed: doc?.allowed ?? allowedIn(core),
		otherwise: doc?.otherwise ?? defaultOf(layers),
		description: doc?.description ?? "",
		inPlace: inPlace(doc, core),
	};
}

/** A schema within its defaults, optional keys and transforms, and all that is around it. */
function unwrap(schema: z.ZodType): { layers: z.ZodType[]; core: z.ZodType } {
	const layers = [schema];
	let core = schema;
	while (core instanceof z.ZodDefault || core instanceof z.ZodOptional || core instanceof z.ZodPipe) {
		core = (core instanceof z.ZodPipe ? core.in : core.unwrap()) as z.ZodType;
		layers.push(core);
	}
	return { layers, core };
}

function isBlock(core: z.ZodType): boolean {
	if (core instanceof z.ZodRecord) return isBlock(unwrap(core.valueType as z.ZodType).core);
	return core instanceof z.ZodObject || core instanceof z.ZodDiscriminatedUnion;
}

function inPlace(doc: KeyDoc | undefined, core: z.ZodType): string {
	return doc?.inPlace ?? (isBlock(core) ? "see its keys" : "");
}

function allowedIn(core: z.ZodType): string {
	if (core instanceof z.ZodBoolean) return code([true, false]);
	if (core instanceof z.ZodEnum || core instanceof z.ZodLiteral) return code(valuesOf(core));
	if (core instanceof z.ZodNumber) {
		const { minValue, maxValue } = core;
		return maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER
			? `${minValue} or more`
			: `${minValue} to ${maxValue}`;
	}
	if (isBlock(core)) return core instanceof z.ZodRecord ? "name: block" : "block";
	// What the loader says where it is missing.
	const message = core.safeParse(undefined).error?.issues[0]?.message ?? "";
	return markdown(message.replace(/^is missing; give /, "").replace(": for example ", ", such as "));
}

function valuesOf(core: z.ZodType): unknown[] {
	if (core instanceof z.ZodEnum) return core.options;
	return core instanceof z.ZodLiteral ? [...core.values] : [];
}

function defaultOf(layers: readonly z.ZodType[]): string {
	const filled = layers.find((layer) => layer instanceof z.ZodDefault);
	if (filled !== undefined) {
		const value: unknown = filled.def.defaultValue;
		return typeof value === "object" ? "none" : code([value]);
	}
	return layers.some((layer) => layer instanceof z.ZodOptional) ? "none" : "required";
}

function code(values: readonly unknown[]): string {
	return values.map((value) => `\`${value}\``).join(", ");
}

/** Plain text as Markdown, references as code. */
function markdown(text: string): string {
	return text.replace(/[*_<]/g, "\\$&").replace(/\$\{[^}]*\}/g, (reference) => `\`${reference.replaceAll("\\", "")}\``);
}
