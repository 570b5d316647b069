/**
 * A value for every property of a resource that the SDK has, nested ones too, read from its own types: what Azure may have is more than
 * what the program knows of, and a new version of the SDK brings its new properties along.
 */
import { readFileSync } from "node:fs";
import type { PropertyMap, PropertyValue } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";

const folder = new URL("../../node_modules/@pulumi/azure-native/", import.meta.url);
const files = new Map<string, string>();

function read(file: string): string {
	const text = files.get(file) ?? readFileSync(new URL(file, folder), "utf8");
	files.set(file, text);
	return text;
}

/** Properties of an interface in a text, each with its type as it is written there. */
function propertiesOf(text: string, name: string, indent: string): Map<string, string> {
	const body = new RegExp(`^${indent}(?:export )?interface ${name} \\{\\n([\\s\\S]*?)\\n${indent}\\}`, "m").exec(
		text,
	)?.[1];
	if (body === undefined) throw new Error(`the SDK has no ${name}`);
	const found = body.matchAll(new RegExp(`^${indent}    (\\w+)\\??: ([\\s\\S]*?);$`, "gm"));
	return new Map([...found].map(([, property = "", type = ""]) => [property, type]));
}

/** Names of all properties of a resource (`storage/storageAccount`), and of those below the given ones: `changeFeed.enabled`. */
export function namesOf(resource: string, below: readonly string[] = []): string[] {
	const own = argumentsOf(resource);
	return [...own].flatMap(([name, type]) => {
		const nested = /inputs\.(\w+)\.(\w+)/.exec(type);
		if (!below.includes(name) || nested === null) return [name];
		return [...nestedOf(nested[1] ?? "", nested[2] ?? "").keys()].map((inner) => `${name}.${inner}`);
	});
}

/** Paths of all values of a resource that have no properties of their own (`encryption.services.blob.enabled`). */
export function leavesOf(resource: string): string[] {
	return [...argumentsOf(resource)].flatMap(([name, type]) => leavesBelow(name, type));
}

function leavesBelow(path: string, type: string): string[] {
	const nested = /inputs\.(\w+)\.(\w+)/.exec(type);
	if (nested === null || /\[\](?: \| undefined)?>$/.test(type)) return [path];
	const properties = nestedOf(nested[1] ?? "", nested[2] ?? "");
	return [...properties].flatMap(([inner, innerType]) => leavesBelow(`${path}.${inner}`, innerType));
}

/** Every property of a resource with some value; what has to be right, `given` says. */
export function fullProperties(resource: string, given: PropertyMap): PropertyMap {
	const all = [...argumentsOf(resource)].map(([name, type]) => [name, valueFor(name, type)] as const);
	return { ...Object.fromEntries(all), ...given };
}

/** All properties of a resource as the stand-in writes them down: `ttl targetResource(id)`. */
export function shapeOf(resource: string): string {
	return shapeOfAll(argumentsOf(resource));
}

function shapeOfAll(properties: ReadonlyMap<string, string>): string {
	const names = [...properties].map(([name, type]) => {
		const [, module, nested] = /inputs\.(\w+)\.(\w+)/.exec(type) ?? [];
		return module === undefined || nested === undefined ? name : `${name}(${shapeOfAll(nestedOf(module, nested))})`;
	});
	return names.sort().join(" ");
}

function argumentsOf(resource: string): Map<string, string> {
	const name = resource.split("/")[1] ?? "";
	return propertiesOf(read(`${resource}.d.ts`), `${name.charAt(0).toUpperCase()}${name.slice(1)}Args`, "");
}

function nestedOf(module: string, name: string): Map<string, string> {
	const namespace = new RegExp(`^export declare namespace ${module} \\{\\n([\\s\\S]*?)\\n\\}`, "m");
	return propertiesOf(namespace.exec(read("types/input.d.ts"))?.[1] ?? "", name, "    ");
}

function valueFor(name: string, type: string): PropertyValue {
	if (/\[key: string\]/.test(type)) return { some: `some-${name}` };
	const one = oneOf(name, type);
	return /\[\](?: \| undefined)?>$/.test(type) ? [one] : one;
}

function oneOf(name: string, type: string): PropertyValue {
	const nested = /inputs\.(\w+)\.(\w+)/.exec(type);
	if (nested !== null) {
		const properties = nestedOf(nested[1] ?? "", nested[2] ?? "");
		return Object.fromEntries([...properties].map(([inner, innerType]) => [inner, valueFor(inner, innerType)]));
	}
	const choice = /enums\.(\w+)\.(\w+)/.exec(type);
	if (choice !== null) return firstChoice(choice[1] ?? "", choice[2] ?? "");
	if (type.includes("boolean")) return true;
	return type.includes("number") ? 7 : `some-${name}`;
}

function firstChoice(module: string, name: string): string {
	const text = read(`types/enums/${module}/index.d.ts`);
	return new RegExp(`const ${name}: \\{\\n\\s+readonly \\w+: "([^"]*)"`).exec(text)?.[1] ?? "";
}
