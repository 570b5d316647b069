import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { argumentsOf, caseNames, caseOrigins, casesFolder, runImport, tableOfCases, withImport } from "./cases.ts";

/** With UPDATE_GOLDEN=1 the files are written again; read the difference before it is committed. */
const isUpdate = process.env.UPDATE_GOLDEN === "1";

/** Values of the cases that are nobody's business. */
const secretValues =
	/keeper-of-resources|birch-(root|chart|steward)|cedar-(pw|root)|willow-(pw|cache)|0f9c3f1e|BJu1|it's a secret|flow-(pw|user)\b|SomeLarchKey|larch-(pw|root)/;

for (const name of caseNames) {
	test(`an import of ${name} is what stands in expected/, and a second one changes nothing`, async () => {
		await withImport(name, async ({ code, stdout, stderr, files, folder }) => {
			assert.equal(code, 0, stderr);
			const expected = join(casesFolder, name, "expected");
			if (isUpdate) {
				rmSync(expected, { recursive: true, force: true });
				for (const [path, text] of files) {
					mkdirSync(dirname(join(expected, path)), { recursive: true });
					writeFileSync(join(expected, path), text);
				}
			}
			const known = readdirSync(expected, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
			assert.equal(files.size, known.length);
			for (const [path, text] of files) assert.equal(text, readFileSync(join(expected, path), "utf8"), path);
			assert.doesNotMatch([...files.values(), stdout, stderr].join(), secretValues);

			const again = await runImport(folder, argumentsOf(name));
			assert.equal(again.code, 0, again.stderr);
			assert.deepEqual([...again.files], [...files]);
			assert.doesNotMatch(again.stdout, / is written/);
		});
	});

	test(`each key of ${name} is in one row of its report`, () => {
		const { report, inputs } = readExpected(name);
		const rows = [...report.matchAll(/^\| (\S+):(\d+) \| `([^`]+)` \|/gm)].map(
			([, file, line, path]) => `${file}:${line} ${path}`,
		);
		assert.deepEqual(
			rows.filter((row, index) => rows.indexOf(row) !== index),
			[],
		);
		for (const [file, text] of inputs) {
			const own = rows.filter((row) => row.startsWith(`${file}:`));
			const missing = keysIn(text).filter(
				({ line, key }) => !own.some((row) => row.startsWith(`${file}:${line} `) && row.includes(key)),
			);
			assert.deepEqual(missing, [], file);
		}
	});
}

function readExpected(name: string): { report: string; inputs: [file: string, text: string][] } {
	const folder = join(casesFolder, name);
	const found = readdirSync(join(folder, "expected"), { recursive: true, encoding: "utf8" }).find((one) =>
		one.endsWith("report.md"),
	);
	const inputs = readdirSync(folder).filter((file) => /\.ya?ml$|^\.env/.test(file));
	return {
		report: readFileSync(join(folder, "expected", found ?? ""), "utf8"),
		inputs: inputs.map((file) => [file, readFileSync(join(folder, file), "utf8")]),
	};
}

/** Keys of a file by their lines, as a person finds them who reads it. */
function keysIn(text: string): { line: number; key: string }[] {
	const keys: { line: number; key: string }[] = [];
	let script: number | undefined;
	for (const [index, line] of text.split("\n").entries()) {
		const indent = line.search(/\S/);
		if (script !== undefined && (indent < 0 || indent > script)) continue;
		script = undefined;
		const [, key] = /^\s*(?:- )?([A-Za-z_<][\w.<-]*)(?::(?:\s|$)|=)/.exec(line) ?? [];
		if (key !== undefined) keys.push({ line: index + 1, key });
		if (/[|>]-?$/.test(line)) script = indent;
	}
	return keys;
}

test("each case says whose shape it has", () => assert.deepEqual(Object.keys(caseOrigins), caseNames));

test("the table of what was mapped, asked and dropped in docs/import.md is the cases'", () => {
	const page = join(import.meta.dirname, "../../docs/import.md");
	const text = readFileSync(page, "utf8");
	const written = text.replace(
		/(<!-- cases -->\n\n)[\s\S]*?(\n<!-- end -->)/,
		(_, start, end) => `${start}${tableOfCases()}${end}`,
	);
	if (isUpdate) writeFileSync(page, written);
	assert.equal(readFileSync(page, "utf8"), written);
	assert.ok(caseNames.length >= 8);
});
