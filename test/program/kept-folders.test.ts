import assert from "node:assert/strict";
import { test } from "node:test";
import { loadedBy, readImports } from "../support/imports.ts";
import { readText } from "../support/repository.ts";
import { keptFolders } from "../support/stage.ts";

/**
 * What a module may have at its top and another run could find changed: variables, and collections that begin empty. What a WeakMap holds, it
 * holds for an object of one run.
 */
const STATE =
	/^(?:export )?(?:let|var) .*|^(?:export )?const .*= (?:await .*|(?:new (?:Map|Set)\b.*\(\)|\[\]|\{\});)$/m;

test("what stays loaded from one run of a test to the next holds no state", () => {
	const imports = readImports();
	// What is started is loaded anew, wherever it is.
	const started = ["index.ts", "aptible/main.ts"];
	const loaded = new Set(started.flatMap((file) => [...loadedBy(imports, file, ["static", "lazy"])]));
	const kept = [...loaded].filter(
		(file) => !started.includes(file) && keptFolders.some((folder) => file.startsWith(`${folder}/`)),
	);
	assert.ok(kept.length > 50);
	for (const entry of kept) {
		for (const file of loadedBy(imports, entry, ["static"])) {
			if (imports.has(file)) assert.equal(STATE.exec(readText(file))?.[0], undefined, `${file}, by ${entry}`);
		}
	}
});

test("that test knows state where it is", () => {
	for (const file of ["components/effects.ts", "drift/drift.ts", "drift/recorded.ts"])
		assert.match(readText(file), STATE);
});
