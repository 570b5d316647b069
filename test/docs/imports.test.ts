import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { test } from "node:test";
import { circlesIn, importsIn, loadedBy, readImports } from "../support/imports.ts";

const page = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
const imports = readImports();

/** A row of the table of rooms: folders or files, the rooms that they may import, and the packages. */
interface Room {
	places: string[];
	rooms: string[];
	packages: string[];
}

const table =
	page
		.slice(page.indexOf("## Rooms"))
		.split("\n\n")
		.find((part) => part.startsWith("| Room |")) ?? "";
const rooms: Room[] = table
	.split("\n")
	.slice(2)
	.map((row) => {
		const [places = [], , imported = [], packages = []] = row
			.split("|")
			.slice(1, -1)
			.map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
		return { places, rooms: imported, packages };
	});

/** Whether a place of the table is a file, or a folder that it is in, however deep. */
const holds = (place: string, file: string) => (place.endsWith("/") ? file.startsWith(place) : file === place);

/** The room of a file: the one with the longest place that holds it. */
function roomOf(file: string): string | undefined {
	const places = rooms.flatMap((room) => room.places).filter((place) => holds(place, file));
	return places.sort((a, b) => b.length - a.length)[0];
}

function rulesOf(file: string): Room | undefined {
	const place = roomOf(file);
	return rooms.find(({ places }) => place !== undefined && places.includes(place));
}

const ofNode = (name: string) => name.startsWith("node:") || builtinModules.includes(name);
const isFile = (target: string) => imports.has(target);

test("every file of code is in a room of docs/architecture.md, and every room has files", () => {
	assert.ok(rooms.length > 15, table);
	assert.deepEqual(
		[...imports.keys()].filter((file) => rulesOf(file) === undefined),
		[],
	);
	const empty = rooms
		.flatMap(({ places }) => places)
		.filter((place) => ![...imports.keys()].some((file) => holds(place, file)));
	assert.deepEqual(empty, []);
});

test("a room imports only the rooms that docs/architecture.md allows it", () => {
	const broken = [...imports].flatMap(([file, targets]) =>
		targets.flatMap(({ target }) => {
			if (!isFile(target)) return [];
			const [own, other] = [rulesOf(file), roomOf(target)];
			const isAllowed =
				other !== undefined && (own?.places.includes(other) || own?.rooms.includes(other) || own?.rooms.includes("*"));
			return isAllowed ? [] : [`${file} -> ${target}`];
		}),
	);
	assert.deepEqual(broken, []);
});

test("a room imports only the packages that docs/architecture.md allows it", () => {
	const broken = [...imports].flatMap(([file, targets]) =>
		targets.flatMap(({ target }) => {
			if (isFile(target) || ofNode(target)) return [];
			const isAllowed = rulesOf(file)?.packages.some((name) => target === name || target.startsWith(`${name}/`));
			return isAllowed ? [] : [`${file} -> ${target}`];
		}),
	);
	assert.deepEqual(broken, []);
});

test("the table allows nothing that no file does", () => {
	const unused = rooms.flatMap(({ places, rooms: allowed, packages }) => {
		const targets = [...imports].filter(([file]) => places.includes(roomOf(file) ?? "")).flatMap(([, each]) => each);
		return [
			...allowed.filter(
				(room) => room !== "*" && !targets.some(({ target }) => isFile(target) && roomOf(target) === room),
			),
			...packages.filter((name) => !targets.some(({ target }) => `${target}/`.startsWith(`${name}/`))),
		].map((name) => `${places.join(", ")} -> ${name}`);
	});
	assert.deepEqual(unused, []);
});

test("no import runs in a circle, types included", () => {
	assert.deepEqual(circlesIn(imports), []);
});

test("what a Command runs never loads Pulumi, the components or the stage file's schema", () => {
	const loaded = [...loadedBy(imports, "aptible/main.ts", ["static", "lazy"])];
	assert.ok(loaded.includes("aptible/endpoint/endpoint.ts"));
	assert.deepEqual(
		loaded.filter((file) => !/^(aptible|wire)\//.test(file) && !ofNode(file) && file !== "zod"),
		[],
	);
});

test("the sandbox takes nothing of the program, nor the program of the sandbox", () => {
	const isSandbox = (file: string) =>
		file.startsWith("packages/sandbox/") || file.startsWith("@medstack-to-aptible/sandbox/");
	const isJudge = (file: string) => /^(test|bench|packages\/mover\/test)\//.test(file);
	const crossing = [...imports].flatMap(([file, targets]) =>
		targets
			.filter(({ target }) => isSandbox(file) !== isSandbox(target) && (isFile(target) || isSandbox(target)))
			.filter(() => !isJudge(file))
			.map(({ target }) => `${file} -> ${target}`),
	);
	assert.deepEqual(crossing, []);
});

test("the reading of imports tells the forms apart, and a circle from none", () => {
	const text = [
		'import type { A } from "./a.ts";',
		'import { type B, b } from "../b.ts";',
		'import "node:fs";',
		// In two parts, or this file would import it itself.
		`const c = await import${'("./c.ts")'};`,
		'export { d } from "zod";',
		"import {",
		"\te,",
		'} from "./e.ts";',
	].join("\n");
	assert.deepEqual(importsIn("room/file.ts", text), [
		{ target: "room/a.ts", kind: "type" },
		{ target: "b.ts", kind: "static" },
		{ target: "zod", kind: "static" },
		{ target: "room/e.ts", kind: "static" },
		{ target: "node:fs", kind: "static" },
		{ target: "room/c.ts", kind: "lazy" },
	]);
	const to = (target: string) => [{ target, kind: "type" as const }];
	const graph = new Map([
		["a", to("b")],
		["b", to("c")],
		["c", to("b")],
	]);
	assert.deepEqual(circlesIn(graph), [["b", "c"]]);
	assert.deepEqual(
		circlesIn(
			new Map([
				["a", to("b")],
				["b", []],
			]),
		),
		[],
	);
});
