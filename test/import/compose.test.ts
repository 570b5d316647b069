/** Compose's own rules: variables, files over files, extends, include, profiles. What they make is seen in the stage file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnvFile } from "../../import/compose/env-file.ts";
import { InterpolationError, interpolate } from "../../import/compose/interpolate.ts";
import { readMegabytes, readSeconds } from "../../import/compose/units.ts";
import { joinWords, splitWords } from "../../import/words.ts";
import { importTexts } from "./texts.ts";

test("variables are filled in as Compose does (12-interpolation.md)", () => {
	const variables = { SET: "x", EMPTY: "", INNER: "y" };
	const cases: [text: string, filled: string][] = [
		["$SET/${SET}", "x/x"],
		["${UNSET:-d}${EMPTY:-d}${EMPTY-d}", "dd"],
		["${UNSET-d}${SET:-d}", "dx"],
		["${UNSET:-${INNER}}", "y"],
		["${UNSET:-${GONE:-$INNER}}", "y"],
		["${SET:+on}${EMPTY:+on}${EMPTY+on}", "onon"],
		["$$SET $${SET} 5$ $1", "$SET ${SET} 5$ $1"],
		["${UNSET}|$GONE", "|"],
	];
	for (const [text, filled] of cases) assert.equal(interpolate(text, variables).text, filled, text);
	assert.deepEqual(interpolate("${A}$B${C:?say so}", {}).unset, ["A", "B", "C"]);
	assert.deepEqual(interpolate("${C:?say so}${D?}", {}).demands, ["say so", "D is not set"]);
	for (const text of ["${A", "${A/b/c}", "${}", "${-x}"])
		assert.throws(() => interpolate(text, {}), InterpolationError, text);
	assert.equal(interpolate("${constructor}", {}).text, "");
});

test("a file of variables is read as Compose does (05-services.md, env_file format)", () => {
	const text = [
		"# comment",
		"A=1 # note",
		"B=1# no note",
		'C="a # b\\n\\"q\\"" # note',
		"D='$A it\\'s'",
		'E="$A ${A}"',
		"export F=f",
		"G=",
		"H",
		"I = x",
		'J="two',
		'lines"',
	].join("\r\n");
	const { lines, wrong } = parseEnvFile(text, { H: "shell" });
	assert.deepEqual(
		lines.map(({ name, value, line }) => [name, value, line]),
		[
			["A", "1", 2],
			["B", "1# no note", 3],
			["C", 'a # b\n"q"', 4],
			["D", "$A it's", 5],
			["E", "1 1", 6],
			["F", "f", 7],
			["G", "", 8],
			["H", "shell", 9],
			["I", "x", 10],
			["J", "two\nlines", 11],
		],
	);
	assert.deepEqual(wrong, []);
	assert.deepEqual(parseEnvFile("A=$B 'x'\nno variable\n", {}, "raw").lines[0]?.value, "$B 'x'");
	assert.deepEqual(parseEnvFile("A=1\nno variable\nB=${x", {}).wrong, [2, 3]);
});

test("bytes and durations (11-extension.md)", () => {
	assert.deepEqual(["300m", "1gb", "1024k", "1.5G", "536870912", "512Mi", "x"].map(readMegabytes), [
		300,
		1024,
		1,
		1536,
		512,
		512,
		undefined,
	]);
	assert.deepEqual(["10s", "1m30s", "1h5m", "500ms", "90", "x"].map(readSeconds), [
		10,
		90,
		3900,
		1,
		undefined,
		undefined,
	]);
});

test("a command is split as Compose does, and a Procfile's line gives the same words back", () => {
	const words = ["sh", "-c", 'echo "hi $X" && exec a', "it's", "", "a b", "--x=1"];
	assert.deepEqual(splitWords(joinWords(words)), words);
	assert.deepEqual(splitWords(`a  "b c"d 'e f' g\\ h`), ["a", "b cd", "e f", "g h"]);
});

const web = "services:\n  web:\n    image: acme/web:1\n";

test("a later file counts, lists are joined, commands replaced, and each loss is said (13-merge.md)", () => {
	const { app, rows } = importTexts({
		"a.yml": `${web}    command: [a, b]\n    environment: [A=1, B=1]\n    ports: ["80:80"]\n    volumes: ["x:/data"]\n    deploy: { replicas: 2 }\n`,
		"b.yml":
			'services:\n  web:\n    command: c\n    environment: { B: "2", C: "3" }\n    ports: ["80:80", "8080:8080"]\n    volumes: ["y:/data"]\n    deploy: { resources: { limits: { memory: 1500m } } }\n',
	});
	assert.deepEqual(app("web").config, { A: "1", B: "2", C: "3" });
	assert.deepEqual(app("web").services, { web: { containers: 2, containerMb: 2048 } });
	assert.equal(rows("a.yml:4"), "dropped overridden by b.yml:3");
	assert.match(rows("a.yml:5", "[1]"), /^dropped overridden by b.yml:4/);
	assert.match(rows("a.yml:6", "[0]"), /^dropped overridden by b.yml:5/);
	assert.match(rows("a.yml:7", "[0]"), /^dropped overridden by b.yml:6/);
});

test("!reset takes away, !override replaces (13-merge.md)", () => {
	const { app } = importTexts({
		"a.yml": `${web}    environment: { A: "1" }\n    ports: ["80:80"]\n    command: x\n`,
		"b.yml":
			'services:\n  web:\n    environment: !override { B: "2" }\n    ports: !reset []\n    command: !reset null\n',
	});
	assert.deepEqual(app("web"), { image: "acme/web:1", config: { B: "2" }, services: { cmd: {} } });
});

test("a service that extends another has what that has, paths as its file has them (05-services.md, extends)", () => {
	const { app, rows } = importTexts({
		"a.yml": "services:\n  web:\n    extends: { file: common/base.yml, service: site }\n    environment: { B: own }\n",
		"common/base.yml":
			"services:\n  root:\n    image: acme/web:1\n    environment: { A: root, B: root }\n  site:\n    extends: root\n    env_file: site.env\n    stop_grace_period: 30s\n  unused:\n    image: acme/other:1\n",
		"common/site.env": "C=site\n",
	});
	assert.deepEqual(app("web").config, { C: "site", A: "root", B: "own" });
	assert.deepEqual(app("web").services, { cmd: { stopTimeoutSeconds: 30 } });
	assert.equal(rows("common/base.yml:10"), "dropped only what is extended is taken of this file");
});

test("what is included is added with its own paths, and a name that is there already counts (14-include.md)", () => {
	const { blocks, rows } = importTexts({
		"compose.yml": `include: [sub/more.yml, { path: [sub/two.yml] }]\n${web}`,
		"sub/more.yml":
			"services:\n  worker:\n    image: acme/worker:${TAG}\n    env_file: .env.worker\n  web:\n    image: other\n",
		"sub/.env": "TAG=7\n",
		"sub/.env.worker": "A=1\n",
		"sub/two.yml": "services:\n  cron: { image: acme/cron:2 }\n",
	});
	assert.deepEqual(Object.keys(blocks.apps ?? {}), ["web", "worker", "cron"]);
	assert.deepEqual(blocks.apps?.worker, { image: "acme/worker:7", config: { A: "1" }, services: { cmd: {} } });
	assert.match(rows("sub/more.yml:5"), /^decide compose.yml:3 has a service of this name too/);
});

test("a service of a profile is taken where that is asked for (15-profiles.md)", () => {
	const files = { "a.yml": `${web}  debug:\n    image: acme/debug:1\n    profiles: [debug]\n` };
	assert.deepEqual(Object.keys(importTexts(files).blocks.apps ?? {}), ["web"]);
	assert.match(importTexts(files).rows("a.yml:5"), /^dropped its profile is not active, .*--profile debug takes it/);
	assert.deepEqual(Object.keys(importTexts(files, { profiles: ["debug"] }).blocks.apps ?? {}), ["web", "debug"]);
});

test("the shell's variables count before an --env-file's, and that before .env", () => {
	const files = {
		"a.yml": "services:\n  web:\n    image: acme/${NAME}:${TAG}\n    environment: [TAG, OWN=$OWN]\n",
		".env": "NAME=env\nTAG=env\nOWN=env\n",
		"own.env": "TAG=own\nNAME=own\nOWN=own\n",
	};
	assert.equal(importTexts(files).app("web").image, "acme/env:env");
	const both = importTexts(files, { envFiles: ["own.env"], shell: { NAME: "shell" } }).app("web");
	assert.deepEqual([both.image, both.config], ["acme/shell:own", { TAG: "own", OWN: "own" }]);
});

test("what docker compose config prints is read as the file that it came from", () => {
	const printed = `name: site
services:
  web:
    command: [npm, start]
    depends_on: { db: { condition: service_started, required: true } }
    deploy: { replicas: 2, resources: { limits: { memory: "536870912" } } }
    environment: { COST: 5$$, DATABASE_URL: postgres://app:pw@db:5432/app }
    image: acme/web:1
    networks: { default: null }
    ports: [{ mode: ingress, target: 8080, published: "80", protocol: tcp }]
  db:
    image: postgres:16
    networks: { default: null }
networks: { default: { name: site_default } }
`;
	const { blocks, app, handle } = importTexts({ "config.yml": printed }, { handle: undefined });
	assert.equal(handle, "site");
	assert.deepEqual(app("web"), {
		image: "acme/web:1",
		config: { COST: "5$", DATABASE_URL: "${databases.db.url}" },
		services: { web: { containers: 2, containerMb: 512 } },
		endpoints: { web: { service: "web", kind: "https", defaultDomain: true, port: 8080 } },
	});
	assert.deepEqual(blocks.databases, { db: { type: "postgresql", version: "16" } });
	const json = JSON.stringify({ services: { web: { image: "acme/web:1" } } });
	assert.deepEqual(importTexts({ "config.json": json }).app("web"), { image: "acme/web:1", services: { cmd: {} } });
});

test("Windows line ends make no difference", () => {
	const text = `${web}    environment:\n      - A=b\n    command: x\n`;
	const [unix, windows] = [text, `\uFEFF${text.replaceAll("\n", "\r\n")}`].map((one) => importTexts({ "a.yml": one }));
	assert.deepEqual(windows?.blocks, unix?.blocks);
	assert.deepEqual(windows?.lines, unix?.lines);
});
