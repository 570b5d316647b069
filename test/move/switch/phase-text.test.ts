/** The phase in the text of a stage file: one word changes, and every other byte stays. */
import assert from "node:assert/strict";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { MoveStage } from "../../../move/stage.ts";
import { describeDiff, readPhaseText } from "../../../move/switch/phase-text.ts";

let folder: string;
before(() => {
	folder = mkdtempSync(path.join(tmpdir(), "phase-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const file = () => path.join(folder, "Pulumi.prod.yaml");
// Only its place is looked at.
const moved = () => ({ name: "prod", folder, configFile: undefined }) as MoveStage;

function write(text: string | Buffer, name = "Pulumi.prod.yaml"): void {
	writeFileSync(path.join(folder, name), text);
}

const texts: Record<string, [before: string, after: string]> = {
	"a block, with comments and odd spaces": [
		"# ours\nconfig:\n  medstack-to-aptible:move:   # the move\n    phase:   prepare   # next: frozen\n    from: { addresses: [203.0.113.9] }\nother: [1,  2]\n",
		"# ours\nconfig:\n  medstack-to-aptible:move:   # the move\n    phase:   frozen   # next: frozen\n    from: { addresses: [203.0.113.9] }\nother: [1,  2]\n",
	],
	"a flow mapping on one line, without an end of line": [
		"config:\n  medstack-to-aptible:move: {phase: prepare, from: {addresses: [203.0.113.9]}}",
		"config:\n  medstack-to-aptible:move: {phase: frozen, from: {addresses: [203.0.113.9]}}",
	],
	"quotes of both kinds": [
		'config:\n  \'medstack-to-aptible:move\':\n    "phase": "prepare"\n',
		'config:\n  \'medstack-to-aptible:move\':\n    "phase": "frozen"\n',
	],
	"single quotes": [
		"config:\n  medstack-to-aptible:move: { phase: 'prepare' }\n",
		"config:\n  medstack-to-aptible:move: { phase: 'frozen' }\n",
	],
	"JSON, tabs and all": [
		'{\n\t"config": { "medstack-to-aptible:move": { "phase": "prepare" } }\n}\n',
		'{\n\t"config": { "medstack-to-aptible:move": { "phase": "frozen" } }\n}\n',
	],
	"CRLF, a BOM, and text of several bytes before it": [
		"\uFEFF# Spital Zürich 🏥\r\nconfig:\r\n  medstack-to-aptible:move:\r\n    phase: prepare\r\n    idle: []\r\n",
		"\uFEFF# Spital Zürich 🏥\r\nconfig:\r\n  medstack-to-aptible:move:\r\n    phase: frozen\r\n    idle: []\r\n",
	],
	"anchors and aliases elsewhere, and a cipher": [
		"base: &base { a: 1 }\nconfig:\n  x: *base\n  medstack-to-aptible:secrets: { k: { secure: v1:abc= } }\n  medstack-to-aptible:move:\n    databases: &d { main: {} }\n    phase: prepare\n    again: *d\n",
		"base: &base { a: 1 }\nconfig:\n  x: *base\n  medstack-to-aptible:secrets: { k: { secure: v1:abc= } }\n  medstack-to-aptible:move:\n    databases: &d { main: {} }\n    phase: frozen\n    again: *d\n",
	],
};

for (const [what, [former, wanted]] of Object.entries(texts)) {
	test(`one word changes, and goes back: ${what}`, () => {
		write(former);
		const place = readPhaseText(moved());
		assert.equal(place.phase, "prepare");
		place.write("frozen");
		assert.equal(readFileSync(file(), "utf8"), wanted);
		place.write("prepare");
		assert.deepEqual(readFileSync(file()), Buffer.from(former));
	});
}

test("the diff is of that line, with the file and the line's number", () => {
	write(texts["a block, with comments and odd spaces"]?.[0] ?? "");
	const [head, ...lines] = describeDiff(readPhaseText(moved()), "frozen");
	assert.match(head ?? "", /Pulumi\.prod\.yaml, line 4:$/);
	assert.deepEqual(lines, ["-    phase:   prepare   # next: frozen", "+    phase:   frozen   # next: frozen"]);
});

test("of a long line the diff has what is next to the phase", () => {
	write(
		`{"config":{"x":"${"a".repeat(100)}","medstack-to-aptible:move":{"phase":"prepare"},"y":"${"b".repeat(100)}"}}`,
	);
	const [, line] = describeDiff(readPhaseText(moved()), "frozen");
	assert.match(line ?? "", /^-\.\.\.a+","medstack-to-aptible:move":\{"phase":"prepare"\},"y":"b+\.\.\.$/);
	assert.equal(line?.length, 1 + 3 + 60 + '"prepare"'.length + 60 + 3);
});

test("an included file is changed where the block stands there, through a link, with its mode", () => {
	write('config:\n  medstack-to-aptible:include: ["parts/*.yaml"]\n');
	rmSync(path.join(folder, "parts"), { recursive: true, force: true });
	write("move: { phase: trial }\n", "real.yaml");
	const parts = path.join(folder, "parts");
	mkdirSync(parts);
	symlinkSync("../real.yaml", path.join(parts, "move.yaml"));
	const { mode } = statSync(path.join(folder, "real.yaml"));
	const place = readPhaseText(moved());
	assert.match(place.file, /parts\/move\.yaml$/);
	place.write("live");
	assert.equal(readFileSync(path.join(folder, "real.yaml"), "utf8"), "move: { phase: live }\n");
	assert.equal(statSync(path.join(folder, "real.yaml")).mode, mode);
	assert.equal(readFileSync(file(), "utf8"), 'config:\n  medstack-to-aptible:include: ["parts/*.yaml"]\n');
});

test("a file that cannot be written says why, and leaves nothing beside it", () => {
	write("config:\n  medstack-to-aptible:move: { phase: frozen }\n");
	const place = readPhaseText(moved());
	rmSync(file());
	assert.throws(
		() => place.write("trial"),
		/move\.phase cannot be changed: ENOENT; make the file and its folder writable/,
	);
	assert.ok(!readdirSync(folder).some((name) => name.startsWith("Pulumi.prod.yaml")));
});

const refused: Record<string, [text: string | Buffer, says: RegExp]> = {
	"an alias": [
		"p: &p frozen\nconfig:\n  medstack-to-aptible:move: { phase: *p }\n",
		/move\.phase is the alias \*p; write the phase out: phase: frozen$/,
	],
	"an anchor": [
		"config:\n  medstack-to-aptible:move: { phase: &p frozen }\n  x: *p\n",
		/has the anchor &p, on which other values stand; remove the anchor/,
	],
	"the whole block an alias": [
		"m: &m { phase: frozen }\nconfig:\n  medstack-to-aptible:move: *m\n",
		/stands behind the alias \*m; write the block move out$/,
	],
	"a block that another value takes too": [
		"config:\n  medstack-to-aptible:move: &m { phase: frozen }\n  x: *m\n",
		/is part of a block that other values take by an alias/,
	],
	"no phase": [
		"config:\n  medstack-to-aptible:move: { from: {} }\n",
		/move\.phase is missing; write it out: phase: prepare$/,
	],
	"no block": ["config: {}\n", /has no block move; add one with phase: prepare, then: pulumi up --stack STACK$/],
	"an encrypted block": ["config:\n  medstack-to-aptible:move:\n    secure: v1:abc\n", /move\.phase is missing/],
	"another word": [
		"config:\n  medstack-to-aptible:move: { phase: frosen }\n",
		/is none of prepare, frozen, trial, live, cancelled$/,
	],
	"a folded text": [
		"config:\n  medstack-to-aptible:move:\n    phase: >-\n      frozen\n",
		/is not written in one word; write it so: phase: frozen$/,
	],
	"a key that stands twice": [
		"config:\n  medstack-to-aptible:move:\n    phase: frozen\n    phase: trial\n",
		/is not YAML: DUPLICATE_KEY, line 4$/,
	],
	"bytes that are no UTF-8": [
		Buffer.concat([
			Buffer.from("# "),
			Buffer.from([0xe4]),
			Buffer.from("\nconfig:\n  medstack-to-aptible:move: { phase: frozen }\n"),
		]),
		/is not UTF-8 text; save it as UTF-8$/,
	],
};

for (const [what, [text, says]] of Object.entries(refused)) {
	test(`refused, with what to write instead, and nothing is changed: ${what}`, () => {
		write(text);
		assert.throws(
			() => readPhaseText(moved()).write("trial"),
			(error: Error) => says.test(error.message) || assert.fail(error.message),
		);
		assert.deepEqual(readFileSync(file()), Buffer.from(text));
	});
}
