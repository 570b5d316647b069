import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PROPERTIES } from "@medstack-to-aptible/sandbox/azure/properties.ts";
import { ARM_FUNCTIONS, ARM_TYPES } from "@medstack-to-aptible/sandbox/azure/resource-types.ts";
import { shapeOf } from "./full-properties.ts";

// The stand-in knows of each type only what it needs. What it knows is compared with the released package, in the version that
// package.json pins, so that an upgrade which asks for more fails here and not in a live preview.

const folder = new URL("../../node_modules/@pulumi/azure-native/", import.meta.url);

/** File of a token, without its ending: `storage/storageAccount`. */
function fileOf(token: string): string {
	const [, module = "", name = ""] = token.split(":");
	return `${module}/${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}

/** Properties of an interface of the package, each with whether it has to be given. */
function propertiesOf(file: string, name: string): Map<string, boolean> {
	const text = readFileSync(new URL(`${file}.d.ts`, folder), "utf8");
	const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1];
	assert.ok(body !== undefined, `${file} has no ${name}`);
	const properties = body.matchAll(/^ {4}(\w+)(\??): /gm);
	return new Map([...properties].map(([, property = "", optional]) => [property, optional === ""]));
}

function requiredOf(properties: Map<string, boolean>): string[] {
	return [...properties].flatMap(([property, required]) => (required ? [property] : [])).sort();
}

for (const [token, type] of Object.entries(ARM_TYPES)) {
	const name = token.split(":")[2];

	test(`the package has ${token}, and the same inputs are required`, () => {
		const source = readFileSync(new URL(`${fileOf(token)}.js`, folder), "utf8");
		assert.ok(source.includes(`__pulumiType = '${token}'`));
		const properties = propertiesOf(fileOf(token), `${name}Args`);
		assert.deepEqual([...type.required].sort(), requiredOf(properties));
		for (const property of [type.name, ...type.replaces, ...Object.keys(type.defaults ?? {})])
			assert.ok(properties.has(property), property);
	});

	test(`the package has the properties of ${token} that the stand-in sends on, and no other`, () => {
		assert.equal(PROPERTIES[token]?.trim().replaceAll(/\s+/g, " "), shapeOf(fileOf(token)));
	});

	test(`what the stand-in answers for ${token} are outputs of the package`, () => {
		const text = readFileSync(new URL(`${fileOf(token)}.d.ts`, folder), "utf8");
		const outputs = new Set(
			[...text.matchAll(/^ {4}readonly (\w+): pulumi\.Output</gm)].map(([, property]) => property),
		);
		const store = { keys: () => ({ key1: "", key2: "", created: "" }), setting: () => undefined };
		for (const property of Object.keys(type.outputs({}, { blobUrl: "", store: store as never }))) {
			assert.ok(outputs.has(property), property);
		}
	});
}

for (const [token, required] of Object.entries(ARM_FUNCTIONS)) {
	test(`the package has ${token}, and the same arguments are required`, () => {
		const source = readFileSync(new URL(`${fileOf(token)}.js`, folder), "utf8");
		assert.ok(source.includes(`invokeOutput("${token}"`));
		const name = token.split(":")[2] ?? "";
		const properties = propertiesOf(fileOf(token), `${name.charAt(0).toUpperCase()}${name.slice(1)}Args`);
		assert.deepEqual([...required].sort(), requiredOf(properties));
	});
}

test("the stand-in's version is the one that package.json pins", () => {
	const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
	const provider = readFileSync(new URL("../../packages/sandbox/azure/provider.ts", import.meta.url), "utf8");
	assert.ok(provider.includes(`version: "${dependencies["@pulumi/azure-native"]}"`));
});
