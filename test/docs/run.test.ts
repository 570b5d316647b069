/** `npm test` (test/run.ts): no half of it may fail unseen. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { definedVariables, run } from "@medstack-to-aptible/sandbox/run.ts";

/** Runs all of a checkout that has these test files. */
async function runAll(t: TestContext, files: Readonly<Record<string, string>>) {
	const cwd = mkdtempSync(path.join(tmpdir(), "run-"));
	t.after(() => rmSync(cwd, { recursive: true, force: true }));
	for (const [name, body] of Object.entries(files)) {
		const file = path.join(cwd, `${name}.test.ts`);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, `import { beforeEach, test } from "node:test";\n${body}\n`);
	}
	// What says to a test runner that it runs in one.
	const { NODE_TEST_CONTEXT: _, ...env } = definedVariables(process.env);
	return run(process.execPath, [path.join(import.meta.dirname, "../run.ts")], { cwd, env, inherit: false });
}

const PASSES = 'test("passes", () => {});';
const FAILS = 'test("fails", () => { throw new Error("broken"); });';

test("a failure fails the whole and is shown, in a shared process as in a file's own; all are counted", async (t) => {
	const shared = await runAll(t, {
		"test/aptible/app/one": FAILS,
		"test/config/two": PASSES,
		"packages/a/test/three": PASSES,
	});
	assert.equal(shared.code, 1, shared.stdout);
	assert.match(shared.stdout, /✖ fails .*broken.*all 3 files: tests 3, suites 2, pass 2, fail 1, /s);
	const alone = await runAll(t, { "test/wire/one": PASSES, "test/program/two": FAILS });
	assert.equal(alone.code, 1, alone.stdout);
	assert.match(alone.stdout, /✖ fails .*broken.*all 2 files: tests 2, suites 1, pass 1, fail 1, /s);
});

test("the hooks of a file are of its own tests, and a file that cannot be loaded fails the whole", async (t) => {
	const hook = 'beforeEach(({ name }) => { if (name !== "own") throw new Error("for its own tests alone"); });';
	const hooked = await runAll(t, { "test/config/one": `${hook} test("own", () => {});`, "test/config/two": PASSES });
	assert.equal(hooked.code, 0, hooked.stdout);
	assert.match(hooked.stdout, /all 2 files: .*fail 0, /);
	const changed = await runAll(t, {
		"test/config/one": `process.env.LEFT = "here"; ${PASSES}`,
		"test/config/two":
			'test("sees none of it", () => { if (process.env.LEFT !== undefined) throw new Error("left"); });',
	});
	assert.equal(changed.code, 0, changed.stdout);
	const broken = await runAll(t, { "test/aptible/one": 'import "./nowhere.ts";', "test/aptible/two": PASSES });
	assert.equal(broken.code, 1, broken.stdout);
});

test("a file of which no test has run fails the whole, in a shared process as in its own", async (t) => {
	for (const [first, second] of [
		["test/config/one", "test/config/two"],
		["test/program/one", "test/wire/two"],
	] as const) {
		const { code, stdout } = await runAll(t, { [first]: "", [second]: PASSES });
		assert.equal(code, 1, stdout);
		assert.match(stdout, new RegExp(`^no test has run of ${first}\\.test\\.ts$`, "m"));
		assert.doesNotMatch(stdout, new RegExp(`no test has run of ${second}`));
	}
});
