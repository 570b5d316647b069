import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fail, openStage } from "../support/stage.ts";

for (const version of ["20.20.2", "22.18.0"]) {
	test(`Node ${version} on PATH: one line says what is needed`, async (t) => {
		const stage = await openStage(t, "staging");
		const folder = join(stage.sandbox.dir, "old-node");
		await mkdir(folder);
		const disguise = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
		await writeFile(join(folder, "disguise.mjs"), disguise);
		// Node 20 cannot read TypeScript; one that can must not get as far.
		await writeFile(
			join(folder, "node"),
			`#!/bin/sh\nexec "${process.execPath}" --no-strip-types --import "${folder}/disguise.mjs" "$@"\n`,
		);
		await chmod(join(folder, "node"), 0o755);
		const text = await fail(stage.previewWith({ PATH: `${folder}${delimiter}${stage.sandbox.env.PATH}` }));
		const lines = text.split("\n").filter((line) => /^\s+error: /.test(line));
		assert.equal(lines.length, 1, text);
		assert.match(
			lines[0] ?? "",
			/^\s+error: Node 24 or newer is needed, and the `node` on PATH is [0-9.]+; the one that npm ci installed will do: PATH="\$PWD\/node_modules\/\.bin:\$PATH" pulumi up$/,
		);
		assert.ok(lines[0]?.includes(version));
		assert.doesNotMatch(text, /Unknown file extension|^\s+at .*:\d+/m);
	});
}
