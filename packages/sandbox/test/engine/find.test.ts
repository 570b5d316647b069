import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { buildEngine } from "../../engine/build.ts";
import { readPinnedModule } from "../../engine/cache.ts";
import { findEngine } from "../../engine/find.ts";
import { isAtLeast } from "../../engine/version.ts";

const ENGINE_FOLDER = path.join(import.meta.dirname, "../../engine");
const { PATH, MEDSTACK_TO_APTIBLE_CACHE } = process.env;

let dir: string;
let lines: string[];
const report = (line: string) => lines.push(line);

beforeEach(async () => {
	dir = await mkdtemp(path.join(tmpdir(), "find-engine-"));
	lines = [];
	process.env.PATH = `${path.join(dir, "bin")}:/usr/bin:/bin`;
	process.env.MEDSTACK_TO_APTIBLE_CACHE = path.join(dir, "cache");
});
afterEach(async () => {
	Object.assign(process.env, { PATH, MEDSTACK_TO_APTIBLE_CACHE });
	if (MEDSTACK_TO_APTIBLE_CACHE === undefined) {
		delete process.env.MEDSTACK_TO_APTIBLE_CACHE;
	}
	await rm(dir, { recursive: true, force: true });
});

describe("findEngine", () => {
	it("takes pulumi on PATH when it is new enough", async () => {
		const binary = await program("bin/pulumi", "echo v3.260.1");
		assert.deepEqual(await findEngine(report), { binary, version: "3.260.1", released: true });
		assert.deepEqual(lines, ["engine: pulumi v3.260.1, from PATH"]);
	});

	it("passes over one that is too old, and takes the released one in the cache before the built one", async () => {
		const { version, key } = await readPinnedModule(ENGINE_FOLDER);
		await program("bin/pulumi", "echo v3.99.0");
		const built = await program(`cache/engine/${key}/pulumi`, "");
		assert.deepEqual(await findEngine(report), { binary: built, version, released: false });
		assert.deepEqual(lines, [
			"engine: pulumi v3.99.0 on PATH is too old and is passed over; 3.245.0 or newer is needed",
			`engine: pulumi v${version} (Go module build, cached)`,
		]);
		const binary = await program(`cache/engine/v${version}-released/bin/pulumi`, "");
		assert.deepEqual(await findEngine(report), { binary, version, released: true });
	});
});

describe("buildEngine", () => {
	const module = { version: "3.259.0", goVersion: "1.25.11", key: "k" };
	const build = () => buildEngine({ folder: dir, module, binary: path.join(dir, "cache/k/pulumi"), report });
	const frequency = 'func init() {\n\tLists["Passwords"] = read(passwordsFilePath, "Passwords")\n}\n';
	const matching = "func init() {\n\tloadFrequencyList()\n}\nfor n, list := range frequency.Lists {\n";
	/** A go that has the module with lists of passwords, and builds as it is told. */
	const goThatBuilds = (script: string) =>
		program(
			"bin/go",
			`case $1 in version) echo go version go1.26.0;; mod) echo '{"Dir":"${path.join(dir, "lists")}"}';; *) ${script};; esac`,
		);

	beforeEach(async () => {
		for (const [name, text] of Object.entries({
			"go.mod": "module engine\n",
			"go.sum": "",
			"lists/frequency/frequency.go": frequency,
			"lists/matching/matching.go": matching,
		})) {
			await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
			await writeFile(path.join(dir, name), text, { mode: 0o444 });
		}
	});

	it("builds once when two ask at the same time", async () => {
		const log = path.join(dir, "log");
		await goThatBuilds(`echo "$@" >> ${log}; sleep 0.3; echo x > $3`);
		await Promise.all([build(), build()]);
		assert.equal((await readFile(log, "utf8")).match(/^build /gm)?.length, 1);
		assert.deepEqual(await readdir(path.join(dir, "cache/k")), ["pulumi"]);
	});

	it("takes over the lock of a build that died", async () => {
		await goThatBuilds("echo x > $3");
		await mkdir(path.join(dir, "cache/k"), { recursive: true });
		await writeFile(path.join(dir, "cache/k/pulumi.lock"), "999999999");
		await build();
		assert.deepEqual(await readdir(path.join(dir, "cache/k")), ["pulumi"]);
	});

	it("says what to install when Go is too old or not there", async () => {
		await program("bin/go", "echo go version go1.24.9");
		await assert.rejects(
			build(),
			/Go 1\.24\.9 is too old to build it from source\. Install the Pulumi CLI .* or Go 1\.25\.11/,
		);
		process.env.PATH = "/nowhere";
		await assert.rejects(build(), /Go is not installed to build it from source/);
	});

	it("shows the end of what a failed build says, and leaves nothing", async () => {
		await goThatBuilds("echo no module >&2; exit 1");
		await assert.rejects(build(), /failed:\nno module$/);
		assert.deepEqual(await readdir(path.join(dir, "cache/k")), []);
	});

	it("has the engine read its lists of passwords where it needs one, and says where their module is another", async () => {
		const built = path.join(dir, "cache/k/pulumi");
		await goThatBuilds("{ cat $5; cd ${5%/*}; cat */frequency/*.go */matching/*.go; } > $3");
		await build();
		const text = await readFile(built, "utf8");
		assert.match(text, /^module engine\n\nreplace github\.com\/nbutton23\/zxcvbn-go => ".*"\nreplace .*ccojocar/);
		const load =
			'func Load() map[string]List {\n\tLists["Passwords"] = read(passwordsFilePath, "Passwords")\n\treturn Lists\n}\n';
		const loop = "for n, list := range frequency.Load() {\n";
		assert.ok(text.endsWith(`${load}${load}${loop}${loop}`), text);
		await rm(built);
		await rm(path.join(dir, "lists/matching/matching.go"));
		await writeFile(path.join(dir, "lists/matching/matching.go"), "package matching\n");
		await assert.rejects(build(), /matching\/matching\.go .* is not in it once; adapt the change there/);
	});
});

describe("isAtLeast", () => {
	const cases: [string, string, boolean][] = [
		["3.245.0", "3.245.0", true],
		["3.246.0", "3.245.9", true],
		["3.99.0", "3.245.0", false],
		["4.0.0", "3.245.0", true],
		["3.245.0-alpha.1", "3.245.0", true],
		["1.26", "1.25.11", true],
	];
	for (const [version, oldest, expected] of cases) {
		it(`${version} is ${expected ? "" : "not "}at least ${oldest}`, () =>
			assert.equal(isAtLeast(version, oldest), expected));
	}
});

async function program(name: string, body: string): Promise<string> {
	const file = path.join(dir, name);
	await mkdir(path.dirname(file), { recursive: true });
	await writeFile(file, `#!/bin/sh\n${body}\n`);
	await chmod(file, 0o755);
	return file;
}
