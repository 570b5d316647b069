/**
 * JSON Schemas for editors: of a whole `Pulumi.<stage>.yaml`, and of a file that it includes. They say what one value shows by itself;
 * what takes two values to see, and references, the loader alone judges. Draft 7, which every language server reads.
 */
import { z } from "zod";
import { databaseTypes } from "../config/catalogue.ts";
import { fieldMarks } from "../config/fields.ts";
import { type KeyDoc, keyDocs } from "../config/key-docs.ts";
import { nameForms } from "../config/names.ts";
import { namespace } from "../config/namespaces.ts";
import { containerSizesMb } from "../config/sizes.ts";
import { blockNames, StageFile } from "../config/stage.ts";

/** A JSON Schema, as far as it is read or changed here. */
interface Schema {
	[keyword: string]: unknown;
	properties?: Record<string, Schema>;
	additionalProperties?: Schema | boolean;
}

/** File of the schema of a stage file, beside `Pulumi.yaml`. */
const stageSchemaFile = "stage.schema.json";

const draft = "http://json-schema.org/draft-07/schema#";
const onlyHere = ["secrets", "include"];

/** The schema of `Pulumi.<stage>.yaml`, with a definition for each block. */
function stageSchema(): Schema {
	const config = Object.fromEntries(blockNames.map((name) => [`${namespace}:${name}`, definition(name)]));
	const anyBlock = blockNames.join("|");
	return {
		$schema: draft,
		title: "Stage file: Pulumi.<stage>.yaml",
		type: "object",
		required: ["config"],
		properties: {
			config: {
				description: `blocks of the stage, each under ${namespace}:, and settings of providers`,
				type: "object",
				properties: config,
				patternProperties: {
					// Pulumi puts the project's name before a key that has none.
					...Object.fromEntries(blockNames.map((name) => [`^${name}$`, definition(name)])),
					[`^(?:${namespace}:)?(?!(?:${anyBlock})$)[^:]*$`]: false,
				},
				// An included file may hold the environment.
				anyOf: ["environment", "include"].flatMap((name) =>
					[`${namespace}:${name}`, name].map((key) => ({ required: [key] })),
				),
			},
			secretsprovider: { type: "string", description: "Pulumi's: what encrypts the secrets of this file" },
			encryptedkey: { type: "string", description: "Pulumi's: key of a secrets provider in a cloud" },
			encryptionsalt: { type: "string", description: "Pulumi's: salt of a passphrase" },
			environment: { type: ["array", "object"], description: "Pulumi's: environments of Pulumi ESC" },
		},
		definitions: blocks(),
	};
}

/** The schema of a file that `include` names. */
function includedSchema(): Schema {
	const names = blockNames.filter((name) => !onlyHere.includes(name));
	return {
		$schema: draft,
		title: "Blocks of a stage that include names",
		type: "object",
		minProperties: 1,
		properties: Object.fromEntries(names.map((name) => [name, { $ref: `${stageSchemaFile}#/definitions/${name}` }])),
		additionalProperties: false,
	};
}

/** Files of the schemas, beside `Pulumi.yaml`, with the text of each. */
export function schemaFiles(): ReadonlyMap<string, string> {
	const render = (schema: Schema) => `${JSON.stringify(schema, null, "\t")}\n`;
	return new Map([
		[stageSchemaFile, render(stageSchema())],
		["included.schema.json", render(includedSchema())],
	]);
}

function definition(name: string): Schema {
	return { $ref: `#/definitions/${name}` };
}

/** What rules say of one value or name, by its place. */
function refinements(): [place: string, keywords: Schema][] {
	const names = Object.entries(nameForms).map(([place, { pattern, what, allowed, not = [] }]): [string, Schema] => {
		const others = not.length === 0 ? "" : ", and no name that Aptible sets or has given up";
		return [
			place,
			{
				propertyNames: {
					pattern: except(not, pattern.source),
					patternErrorMessage: `is not ${what}; allowed: ${allowed}${others}`,
				},
			},
		];
	});
	return [
		...names,
		["databases.NAME.type", { enum: Object.keys(databaseTypes) }],
		["databases.NAME.containerMb", { enum: containerSizesMb.m }],
		["apps.NAME.services.NAME.containerMb", { enum: containerSizesMb.m }],
	];
}

function blocks(): Record<string, Schema> {
	const whole = z.toJSONSchema(StageFile, {
		metadata: keyDocs,
		io: "input",
		target: "draft-7",
		override: ({ zodSchema, jsonSchema }) => fit(zodSchema, jsonSchema as Schema),
	}) as Schema;
	for (const [place, keywords] of refinements()) Object.assign(find(whole, place), keywords);
	const { properties = {} } = whole;
	const encrypted = {
		type: "object",
		properties: { secure: { type: "string", description: "written by pulumi config set --secret --path" } },
		required: ["secure"],
		additionalProperties: false,
	};
	const asOneText = { type: ["string", "object"], description: "all secrets, encrypted as one text" };
	Object.assign(find(whole, "secrets"), {
		additionalProperties: encrypted,
		patternProperties: { "^secure$": asOneText },
	});
	return properties;
}

function find(schema: Schema, place: string): Schema {
	return place.split(".").reduce((at, part) => {
		const next = part === "NAME" ? at.additionalProperties : at.properties?.[part];
		if (typeof next !== "object") throw new Error(`the schema has no ${place}`);
		return next;
	}, schema);
}

/** Gives a schema of zod's what zod leaves out, and what is said of the key as one text. */
function fit(zod: unknown, schema: Schema): void {
	const { description, allowed, inPlace, otherwise } = schema as Partial<KeyDoc>;
	for (const own of ["allowed", "inPlace", "otherwise"]) delete schema[own];
	if (description !== undefined) {
		const says = [
			description,
			...(allowed === undefined ? [] : [`Allowed: ${allowed}`]),
			...(otherwise === undefined ? [] : [`Default: ${otherwise}`]),
			...(inPlace === undefined ? [] : [`Changes in place: ${inPlace}`]),
		];
		schema.description = says.join("\n\n").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
	}
	if (zod instanceof z.ZodRecord) delete schema.propertyNames;
	if (zod instanceof z.ZodString) fitText(zod, schema);
}

const reference = /^[\s\S]*\$\{/;

/** Text: no reference where none may stand, patterns of any case, and the loader's words for a wrong one. */
function fitText(zod: z.ZodString, schema: Schema): void {
	const formats = (zod.def.checks ?? []).map((check) => check._zod.def);
	const own = formats.flatMap((format) =>
		"pattern" in format && format.pattern instanceof RegExp ? [format.pattern] : [],
	)[0];
	const isTemplate = fieldMarks.get(zod)?.isTemplate === true;
	if (own === undefined && isTemplate) return;
	const source = own?.flags.includes("i") ? anyCase(own.source) : (own?.source ?? "");
	schema.pattern = isTemplate ? source : except([reference], source);
	const wrong = zod.safeParse(own === undefined ? "${" : "\n").error?.issues[0];
	if (wrong !== undefined) schema.patternErrorMessage = wrong.message;
}

/** A pattern less what other ones match; each of these begins with `^`. */
function except(others: readonly RegExp[], source: string): string {
	return others.length === 0 ? source : `^${others.map((one) => `(?!${one.source.slice(1)})`).join("")}(?:${source})`;
}

/** A pattern without flags for one that ignores case. */
function anyCase(source: string): string {
	return source.replace(/\\.|\[[^\]]*\]|[a-z]/gi, (part) =>
		/^[a-z]$/i.test(part) ? `[${part.toLowerCase()}${part.toUpperCase()}]` : part,
	);
}
