/** Input that is wrong: what cannot be read at all is refused with its line, and of everything else the rest is imported. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "@medstack-to-aptible/sandbox/run.ts";
import { InputError } from "../../import/compose/read.ts";
import { runImport } from "./cases.ts";
import { importTexts } from "./texts.ts";

function refuse(files: Record<string, string>, says: RegExp): void {
	assert.throws(
		() => importTexts(files),
		(error) => error instanceof InputError && says.test(error.message),
		String(says),
	);
}

const web = "services:\n  web:\n    image: acme/web:1\n";

test("what is no YAML is refused with its line, and nothing of its text", () => {
	const text = `${web}    environment:\n      PASSWORD: 'hunter2\n`;
	refuse({ "a.yml": text }, /^a\.yml:\d+: is not YAML: /);
	assert.throws(
		() => importTexts({ "a.yml": text }),
		(error: Error) => !error.message.includes("hunter2"),
	);
	refuse({ "a.yml": `${web}${web}` }, /^a\.yml:4: is not YAML: Map keys must be unique/);
	refuse({ "a.yml": "\u0000\u0001binary" }, /^a\.yml/);
});

test("what is no Compose file is refused, and says what one is", () => {
	refuse({ "a.yml": "- a\n- b\n" }, /^a\.yml: is no Compose file: it is no block/);
	refuse({ "a.yml": "" }, /^a\.yml: is no Compose file/);
	refuse(
		{ "a.yml": "kind: Deployment\nspec: {}\n" },
		/^a\.yml: is no Compose file: it has no services; give a Compose file, a stack file/,
	);
	refuse(
		{ "a.yml": "web:\n  image: acme/web:1\n" },
		/it has no services; put them under services:, as a file of version 1/,
	);
	refuse({ "a.yml": "services: [web]\n" }, /^a\.yml:1: services is a list/);
});

test("a file of 10 MB is refused before it is parsed, as is one whose aliases stand for millions", () => {
	const started = Date.now();
	refuse({ "a.yml": `${web}#${"x".repeat(10_000_000)}` }, /"a\.yml" is 10000040 bytes long; allowed: 1048576/);
	assert.ok(Date.now() - started < 2_000);
	const levels = Array.from(
		{ length: 9 },
		(_, level) => `x-${level + 1}: &a${level + 1} [${Array.from({ length: 9 }, () => `*a${level}`).join(", ")}]`,
	);
	refuse(
		{ "a.yml": `x-0: &a0 [1]\n${levels.join("\n")}\n${web}` },
		/^a\.yml:\d+: has more than 100000 entries once its aliases are followed/,
	);
	refuse({ "a.yml": `x-a: &a { b: *a }\n${web}` }, /a\.yml:1: .*(holds itself, by an alias|is not YAML)/);
});

test("extends and include that run in a circle are refused with the circle", () => {
	refuse(
		{ "a.yml": "services:\n  a: { extends: b }\n  b: { extends: { service: a } }\n" },
		/^extends runs in a circle: a\.yml: a -> a\.yml: b -> a\.yml: a$/,
	);
	refuse(
		{
			"a.yml": "services:\n  a: { extends: { file: sub/b.yml, service: b } }\n",
			"sub/b.yml": "services:\n  b: { extends: { file: ../a.yml, service: a } }\n",
		},
		/^extends runs in a circle: /,
	);
	refuse(
		{ "a.yml": `include: [b/b.yml]\n${web}`, "b/b.yml": "include: [b.yml]\nservices: {}\n" },
		/^include runs in a circle: b\/b\.yml -> b\/b\.yml$/,
	);
});

test("a file that is missing is a decision, and the rest is imported", () => {
	const { app, rows } = importTexts({
		"a.yml": `include: [gone.yml]\n${web}    env_file: [gone.env, { path: also.env, required: false }]\n    extends: { file: gone.yml, service: x }\n  other:\n    extends: nobody\n    image: acme/other:1\n`,
	});
	assert.equal(app("web").image, "acme/web:1");
	assert.equal(app("other").image, "acme/other:1");
	assert.match(rows("a.yml:1", "include[0]"), /^decide "gone\.yml" is not there/);
	assert.match(
		rows("a.yml:5", "env_file[0]"),
		/^decide the file "gone\.env" is not there; its variables are missing here/,
	);
	assert.match(rows("a.yml:5", "env_file[1]"), /^dropped .* it is not required/);
	assert.match(rows("a.yml:6"), /^decide the file "gone\.yml" is not there/);
	assert.match(rows("a.yml:8"), /^decide no service "nobody" is in a\.yml/);
});

test("a path that leads out of the folder is not read, by a link neither", () => {
	const folder = mkdtempSync(join(tmpdir(), "outside-"));
	try {
		mkdirSync(join(folder, "project"));
		writeFileSync(join(folder, "outside.env"), "OUTSIDE=1\n");
		symlinkSync(join(folder, "outside.env"), join(folder, "project/linked.env"));
		const text = `${web}    env_file: [../outside.env, linked.env, /etc/hostname, ../gone.env]\n`;
		const from = (root: string | undefined) =>
			importTexts({ "a.yml": text, "linked.env": "" }, { root, from: join(folder, "project"), files: ["a.yml"] });
		writeFileSync(join(folder, "project/a.yml"), text);
		const { app, rows } = from(undefined);
		assert.equal(app("web").config, undefined);
		for (const index of [0, 1, 2, 3]) {
			assert.match(
				rows("a.yml:4", `[${index}]`),
				/^decide .*leads out of the folder of the first Compose file.*--root FOLDER/,
				String(index),
			);
		}
		assert.deepEqual(from(folder).app("web").config, { OUTSIDE: "1" });
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("a key that nobody knows is a decision at each level, and so is one that is of the wrong kind", () => {
	const { rows, app } = importTexts({
		"a.yml": `${web}    imagee: x\n    ports: { a: b }\n    environment: text\n    deploy: { replica: 2, replicas: many }\n    command: 5\nvolums: {}\nx-own: { a: 1 }\n`,
	});
	for (const place of ["a.yml:4", "a.yml:9"])
		assert.match(rows(place), /^decide is no key of Compose's that this import knows/, place);
	assert.match(rows("a.yml:7", "replica"), /^decide is no key of Compose's/);
	assert.match(rows("a.yml:7", "replicas"), /^decide /);
	assert.match(rows("a.yml:5"), /^decide /);
	assert.match(rows("a.yml:6"), /^decide /);
	assert.match(rows("a.yml:10"), /^dropped an extension/);
	assert.equal(app("web").image, "acme/web:1");
});

test("a value that cannot be interpolated is a decision", () => {
	const { rows } = importTexts({
		"a.yml": `${web}    environment:\n      A: "\${A/b/c}"\n      B: "\${B"\n    labels: { a: b }\n`,
	});
	assert.match(rows("a.yml:5"), /^decide /);
	assert.match(rows("a.yml:6"), /^decide .*does not end; write \$\$/);
});

test("the command says what is wrong in a line, and writes nothing", async () => {
	const folder = mkdtempSync(join(tmpdir(), "refused-"));
	try {
		writeFileSync(join(folder, "a.yml"), "services: [");
		writeFileSync(join(folder, "b.yml"), web);
		mkdirSync(join(folder, "folder"));
		for (const [args, says] of [
			[["compose", "a.yml"], /^a\.yml:1: is not YAML/],
			[["compose", "gone.yml"], /^"gone\.yml" is not there\n$/],
			[["compose"], /^usage: /],
			[["helm", "a.yml"], /^usage: /],
			[["compose", "a.yml", "--phi", "maybe"], /^usage: /],
			[["compose", "a.yml", "--nothing"], /--nothing[\s\S]*usage: /],
			[
				["compose", "b.yml", "--image", "wbe=acme/web:2"],
				/^--image wbe=\.\.\.: is not a service of the input; declared: web; did you mean "web"\?\n$/,
			],
			[["compose", "b.yml", "--stack", "../x"], /^"\.\.\/x" is no name of a Pulumi stack/],
			[["compose", "b.yml", "--stack", ".."], /^"\.\." is no name of a Pulumi stack/],
			[["compose", "b.yml", "--environment", "."], /^"\." is no name of a Pulumi stack/],
			[["compose", "b.yml", "--image", "web="], /^usage: /],
			[["compose", "gone/a.yml"], /^folder "\S*gone" is not there\n$/],
			[["compose", "b.yml", "--root", "gone"], /^folder "gone" is not there\n$/],
			[["compose", "."], /^"\." is no file\n$/],
			[["medstack", "."], /^"\." is no file\n$/],
			[["medstack", "gone.json"], /^"gone\.json" is not there\n$/],
			[["medstack", "b.yml", "--profile", "x"], /^--profile is an option of compose\n/],
			[["compose", "b.yml", "--output", "folder"], /^\S*folder is a folder, and a file is wanted; name a file\n$/],
			[["compose", "b.yml", "--output", "b.yml/x.yaml"], /^a part of \S*b\.yml\/\S+ is a file/],
		] as const) {
			const run = await runImport(folder, args);
			assert.equal(run.code, 1, args.join(" "));
			assert.match(run.stderr, says);
			assert.doesNotMatch(run.stderr, /\n {4}at /);
			assert.equal(run.files.size, 0);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("the script runs the command, and ends with its exit code", async () => {
	const folder = mkdtempSync(join(tmpdir(), "script-"));
	try {
		writeFileSync(join(folder, "a.yml"), web);
		const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
		const main = join(import.meta.dirname, "../../import/main.ts");
		const start = (...args: string[]) =>
			run(process.execPath, [main, ...args], { cwd: folder, env: { PATH, NODE_COMPILE_CACHE }, inherit: false });
		const { code, stdout } = await start("compose", "a.yml", "--environment", "acme-staging");
		assert.equal(code, 0);
		assert.match(
			stdout,
			/^Pulumi\.acme-staging\.yaml is written\n.*\n3 keys: 3 mapped, .* Read imported\/acme-staging\/report\.md first\.\n$/s,
		);
		assert.equal((await start("compose", "gone.yml")).code, 1);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("what the loader refuses of the result is in the report, each with its line in the stage file", async () => {
	const folder = mkdtempSync(join(tmpdir(), "loader-"));
	try {
		writeFileSync(join(folder, "a.yml"), "services:\n  web:\n    build: .\n    ports: ['80:80']\n");
		const { code, files } = await runImport(folder, ["compose", "a.yml", "--environment", "acme"]);
		assert.equal(code, 0);
		const report = files.get("imported/acme/report.md") ?? "";
		const stage = (files.get("Pulumi.acme.yaml") ?? "").split("\n");
		const problems = [...report.matchAll(/^- Pulumi\.acme\.yaml:(\d+): (\S+): is missing/gm)];
		assert.deepEqual(
			problems.map(([, line, place]) => `${place} at ${stage[Number(line) - 1]?.trim()}`),
			[
				"environment.stack at medstack-to-aptible:environment:",
				"environment.phi at medstack-to-aptible:environment:",
				"apps.web.image at web:",
			],
		);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("names that every object of JavaScript has are keys like others", () => {
	const names = ["constructor", "toString", "__proto__"];
	const under = (indent: string) => names.map((name) => `${indent}${name}: [x]\n`).join("");
	const { rows, app } = importTexts({
		"a.yml": `${under("")}services:\n  constructor:\n    image: acme/web:1\n${under("    ")}    environment: { toString: a, __proto__: b }\n    deploy: { constructor: [x] }\n`,
		"b.yml": `services:\n  constructor:\n${under("    ")}`,
	});
	assert.deepEqual(
		app("constructor").config,
		Object.fromEntries([
			["toString", "a"],
			["__proto__", "b"],
		]),
	);
	for (const line of [1, 2, 3, 7, 8, 9])
		assert.match(rows(`a.yml:${line}`), /^decide is no key of Compose's/, String(line));
});
