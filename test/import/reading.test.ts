/** How files are read: their bytes, their numbers, what does not end, and what would take for ever. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnvFile } from "../../import/compose/env-file.ts";
import { InputError } from "../../import/compose/read.ts";
import { importTexts } from "./texts.ts";

const web = "services:\n  web:\n    image: acme/web:1\n";

test("a number is the text that Compose makes of it (go-yaml v3, resolve.go)", () => {
	const numbers: [written: string, text: string][] = [
		["123456789012345678", "123456789012345678"],
		["9007199254740993", "9007199254740993"],
		["0755", "493"],
		["0899", "899"],
		["0o17", "15"],
		["0x1F", "31"],
		["0b101", "5"],
		["1_000", "1000"],
		["-5", "-5"],
		["1.10", "1.1"],
		["1e3", "1000"],
		["22:22", "22:22"],
		["2026-01-01", "2026-01-01"],
		["True", "true"],
		["yes", "yes"],
		['"0755"', "0755"],
		["'1_000'", "1_000"],
	];
	for (const [written, text] of numbers) {
		const { app } = importTexts({ "a.yml": `${web}    environment: { A: ${written} }\n` });
		assert.deepEqual(app("web").config, { A: text }, written);
	}
});

test("a file in UTF-16, as PowerShell writes one, is read, and one that is in no Unicode is refused", () => {
	const text = `${web}    environment: { A: é }\n`;
	const utf16 = Buffer.from(`\uFEFF${text}`, "utf16le");
	for (const bytes of [utf16, Buffer.from(utf16).swap16()])
		assert.deepEqual(importTexts({ "a.yml": bytes }).app("web").config, { A: "é" });
	assert.throws(
		() => importTexts({ "a.yml": Buffer.from(text, "latin1") }),
		(error) => error instanceof InputError && /^"a\.yml" is not UTF-8; save it as UTF-8$/.test(error.message),
	);
	const { app, rows } = importTexts({ "a.yml": `${web}    env_file: x.env\n`, "x.env": Buffer.from("A=é", "latin1") });
	assert.equal(app("web").config, undefined);
	assert.match(rows("a.yml:4"), /^decide the file "x\.env" is not UTF-8/);
});

test("a second document in a file is not passed over in silence", () => {
	assert.throws(
		() => importTexts({ "a.yml": `${web}---\nservices: { b: { image: "acme/b:1" } }\n` }),
		/^InputError: a\.yml:4: has a second document; put it into a file of its own, and name both in their order$/,
	);
});

test("a value whose quotes do not end takes nothing of the next lines", () => {
	const { lines, wrong } = parseEnvFile("A=\"b\nB=2\nC='c\nD=its\n", {});
	assert.deepEqual(
		[lines.map(({ name, value }) => [name, value]), wrong],
		[
			[
				["B", "2"],
				["D", "its"],
			],
			[1, 3],
		],
	);
	const { rows } = importTexts({ "a.yml": `${web}    env_file: x.env\n`, "x.env": 'A="b\nB=2\n' });
	assert.match(rows("x.env:1"), /^decide is no variable; write NAME=value/);
});

test("a variable without a value is asked for wherever an alias takes it", () => {
	const { app, rows } = importTexts({
		"a.yml": `x-image: &image acme/web:\${TAG}\nservices:\n  web:\n    image: *image\n`,
	});
	assert.match(rows("a.yml:4"), /^decide .*TAG has no value here/);
	assert.equal(app("web").image, "acme/web:latest");
});

test("what does not have the form of its key is asked about, and is not said to be mapped", () => {
	const { rows } = importTexts({
		"a.yml": `include: b/b.yml
services:
  web:
    image: acme/web:1
    env_file: { path: x.env }
    depends_on: db
    command: { a: b }
    environment:
      - PASSWORD: hunter2
      - A=1
      - A=2
  nothing:
  text: some
`,
	});
	const included = importTexts({
		"a.yml": "include: [{ path: b/b.yml, env_file: gone.env }]\n",
		"b/b.yml": "services: {}\n",
	});
	assert.match(
		included.rows("a.yml:1", "env_file"),
		/^decide "gone\.env" is not there; its variables are missing here$/,
	);
	for (const line of [1, 5, 6, 7])
		assert.match(rows(`a.yml:${line}`), /^decide is no .*nothing of it was read/, `${line}`);
	assert.match(rows("a.yml:9", "[0]"), /^decide is no text/);
	assert.match(rows("a.yml:9", "PASSWORD"), /^decide is no text/);
	assert.match(rows("a.yml:10"), /^dropped overridden by a\.yml:11$/);
	assert.match(rows("a.yml:12"), /^decide is no block/);
	assert.match(rows("a.yml:13"), /^decide is no block/);
});

test("of two keys that say the same the one that does not count is asked about", () => {
	const { app, rows } = importTexts({
		"a.yml": `${web}    scale: 2
    mem_limit: 1g
    deploy: { replicas: 3, resources: { limits: { memory: 2g } } }
`,
	});
	assert.deepEqual(app("web").services, { cmd: { containers: 3, containerMb: 2048 } });
	assert.match(rows("a.yml:4"), /^decide a\.yml:6 says it too, and counts$/);
	assert.match(rows("a.yml:5"), /^decide a\.yml:6 says it too, and counts$/);
});

test("profiles and the project's name are taken from Compose's own variables too", () => {
	const files = {
		"a.yml": `${web}  debug: { image: "acme/debug:1", profiles: [debug, more] }\n`,
		".env": "COMPOSE_PROFILES=other,debug\nCOMPOSE_PROJECT_NAME=Shop\n",
	};
	const { blocks, handle } = importTexts(files, { handle: undefined });
	assert.deepEqual([Object.keys(blocks.apps ?? {}), handle], [["web", "debug"], "shop"]);
	assert.deepEqual(Object.keys(importTexts({ "a.yml": files["a.yml"] }, { profiles: ["*"] }).blocks.apps ?? {}), [
		"web",
		"debug",
	]);
});

/** Texts on which a careless reader spends minutes, of a size that is allowed. */
const size = 400_000;
const slow: Record<string, Record<string, string>> = {
	"quotes that do not end": { "a.yml": `${web}    env_file: x.env\n`, "x.env": `A="b\n${"B=1\n".repeat(size / 4)}` },
	"variables in variables": {
		"a.yml": `${web}    labels: { a: "${"${A:-".repeat(size / 6)}${"}".repeat(size / 6)}" }\n`,
	},
	"a port of a thousand dots": { "a.yml": `${web}    ports: ["${"1.".repeat(size / 2)}"]\n` },
	"hosts in hosts": { "a.yml": `${web}    labels: { traefik.http.routers.a.rule: "${"Host(".repeat(size / 5)}" }\n` },
	"a duration of digits": { "a.yml": `${web}    stop_grace_period: "${"1".repeat(size)}x"\n` },
	"all ports": { "a.yml": `${web}    ports: ["1-65535:1-65535", "1-65535:1-65535/udp"]\n` },
	"keys by the ten thousand": {
		"a.yml": `${web}    environment:\n${Array.from({ length: 30_000 }, (_, index) => `      A${index}: x\n`).join("")}`,
	},
	"secrets by the ten thousand": {
		"a.yml": `${web}    environment:\n${Array.from({ length: 20_000 }, (_, index) => `      P${index}_KEY: x-${index}\n`).join("")}`,
	},
};
for (const [name, files] of Object.entries(slow)) {
	test(`${name} take no minutes`, () => {
		const started = process.cpuUsage();
		importTexts(files);
		const { user, system } = process.cpuUsage(started);
		assert.ok(user + system < 10_000_000, `${(user + system) / 1000} ms`);
	});
}

test("what would fill the memory is refused", () => {
	assert.throws(
		() => importTexts({ "a.yml": `${web}    ports:\n${"      - 1-65535:1-65535/udp\n".repeat(50)}` }),
		/^InputError: a\.yml:\d+: has more than 200000 ports/,
	);
	assert.throws(
		() => importTexts({ "a.yml": `${web}    x-a: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n` }),
		/^InputError: a\.yml:4: is not YAML: its blocks and lists stand too deep in each other$/,
	);
});
