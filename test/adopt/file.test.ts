import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { renderStageFile } from "../../adopt/file.ts";
import { Notes } from "../../adopt/notes.ts";

test("a file that is more than Linux hands to a program says so", () => {
	const apps = Object.fromEntries(
		Array.from({ length: 100 }, (_, index) => [`app-${index}`, { config: { TEXT: "x".repeat(1_200) } }]),
	);
	const options = { former: {}, stack: "acme", encrypted: false, problems: [] };
	const text = renderStageFile({ environment: { handle: "acme" }, apps }, new Notes(), options);
	assert.match(
		text,
		/^# {3}its apps have to move into files of their own: docs\/configuration\/README\.md#several-files$/m,
	);
	assert.doesNotMatch(renderStageFile({ environment: { handle: "acme" } }, new Notes(), options), /include/);
});

test("text that Pulumi's YAML takes for something else stands in quotes", () => {
	const values = [
		"2023-10-16",
		"2026-12-01 03:00:00",
		"2023-10-16T00:00:00Z",
		"0027",
		"0x1F",
		"0X1F",
		"-0b11",
		"0o17",
		"1_000",
		"1.10",
		"1e3",
		"yes",
		"TRUE",
		"<<",
		"~",
		".inf",
	];
	const config = Object.fromEntries(values.map((value, index) => [`KEY_${index}`, value]));
	const options = { former: {}, stack: "acme", encrypted: false, problems: [] };
	const blocks = { environment: { handle: "acme" }, apps: { portal: { config: { ...config, PLAIN: "a-b" } } } };
	const text = renderStageFile(blocks, new Notes(), options);
	for (const [key, value] of Object.entries(config)) assert.ok(text.includes(`${key}: "${value}"\n`), value);
	assert.match(text, /PLAIN: a-b\n/);
	assert.deepEqual(parse(text).config["medstack-to-aptible:apps"], blocks.apps);
});
