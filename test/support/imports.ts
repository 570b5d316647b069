import { dirname, join, normalize } from "node:path";
import { filesOf, readText } from "./repository.ts";

/** One import of a file. */
export interface Import {
	/** Path from the root of the repository, or the name of a package. */
	target: string;
	/** `type` is gone when the program runs, `lazy` loads its file when it is reached, `static` before anything runs. */
	kind: "static" | "type" | "lazy";
}

const forms: readonly [Import["kind"] | undefined, RegExp][] = [
	[undefined, /^(?:import|export)\s(type\s)?[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm],
	["static", /^import\s*()["']([^"']+)["']/gm],
	["lazy", /\b(?:import|import\.meta\.resolve)\(\s*()["']([^"']+)["']/g],
];

/** What each file of code in the repository imports. */
export function readImports(): ReadonlyMap<string, readonly Import[]> {
	const files = filesOf(".ts", ".js", ".mjs");
	return new Map(files.map((file) => [file, importsIn(file, readText(file))]));
}

/** What the text of a file imports. */
export function importsIn(file: string, text: string): Import[] {
	return forms.flatMap(([kind, form]) =>
		[...text.matchAll(form)].map(([, type, specifier = ""]) => ({
			target: specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier,
			kind: kind ?? (type ? "type" : "static"),
		})),
	);
}

/** Groups of files that import each other, by whatever way; a file alone is none. */
export function circlesIn(imports: ReadonlyMap<string, readonly Import[]>): string[][] {
	const circles: string[][] = [];
	const order = new Map<string, number>();
	const lowest = new Map<string, number>();
	const open: string[] = [];
	const visit = (file: string): number => {
		const number = order.size;
		order.set(file, number);
		lowest.set(file, number);
		open.push(file);
		for (const { target } of imports.get(file) ?? []) {
			if (!imports.has(target)) continue;
			if (target === file) circles.push([file]);
			const reached = order.has(target) ? (open.includes(target) ? order.get(target) : undefined) : visit(target);
			if (reached !== undefined) lowest.set(file, Math.min(lowest.get(file) ?? number, reached));
		}
		const own = lowest.get(file) ?? number;
		if (own === number) {
			const group = open.splice(open.indexOf(file));
			if (group.length > 1) circles.push(group.sort());
		}
		return own;
	};
	for (const file of imports.keys()) if (!order.has(file)) visit(file);
	return circles;
}

/** All files and packages that are loaded with a file, by imports of these kinds. */
export function loadedBy(
	imports: ReadonlyMap<string, readonly Import[]>,
	entry: string,
	kinds: readonly Import["kind"][],
): Set<string> {
	const loaded = new Set<string>();
	const load = (file: string) => {
		if (loaded.has(file)) return;
		loaded.add(file);
		for (const { target, kind } of imports.get(file) ?? []) if (kinds.includes(kind)) load(target);
	};
	load(entry);
	return loaded;
}
