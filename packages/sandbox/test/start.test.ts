import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import { run } from "../run.ts";

const ROOT = path.join(import.meta.dirname, "../../..");
const SANDBOX = path.join(ROOT, "packages/sandbox");

let dir: string;
let env: Record<string, string>;

/** A checkout in which nothing is installed, with an npm and a node that note how they are called. */
beforeEach(async () => {
	dir = await mkdtemp(path.join(tmpdir(), "start-"));
	env = { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` };
	await mkdir(path.join(dir, "bin"));
	await writeFile(path.join(dir, "package-lock.json"), "{}");
	await writeTool("npm", 'echo "npm $*" >> log; mkdir node_modules; echo > node_modules/.package-lock.json');
	await writeTool("node", 'echo "node $*" >> log; exit 7');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("npm run sandbox begins with what this tests", async () => {
	const { scripts } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
	assert.equal(scripts.sandbox, "node packages/sandbox/start.mjs");
});

for (const word of ["--help", "-h", "help"]) {
	test(`${word} is answered before anything is installed`, async () => {
		const { code, stdout } = await start(word);
		assert.equal(code, 0);
		assert.equal(stdout, await readFile(path.join(SANDBOX, "help.txt"), "utf8"));
		await assert.rejects(readLog(), /ENOENT/);
	});
}

test("anything else waits for the setup, and its exit code is passed on", async () => {
	assert.equal((await start("cost", "it's --help")).code, 7);
	const main = path.join(SANDBOX, "main.ts");
	const ran = `npm ci --no-audit --no-fund\nnode --disable-warning=ExperimentalWarning ${main} cost it's --help\n`;
	assert.equal(await readLog(), ran);
});

test("nothing is run where the setup fails", async () => {
	await writeTool("npm", "exit 5");
	assert.equal((await start("drift")).code, 5);
	await assert.rejects(readLog(), /ENOENT/);
});

test("a signal ends what runs, in its own time", async () => {
	await writeTool("node", "trap 'sleep 0.3; echo ended >> log; exit 9' TERM; echo ready; while :; do sleep 0.1; done");
	const child = spawn(process.execPath, [path.join(SANDBOX, "start.mjs")], { cwd: dir, env });
	child.stdout.once("data", () => child.kill("SIGTERM"));
	assert.deepEqual(await once(child, "close"), [9, null]);
	assert.match(await readLog(), /ended/);
});

async function writeTool(name: string, script: string): Promise<void> {
	const file = path.join(dir, "bin", name);
	await writeFile(file, `#!/bin/sh\n${script}\n`);
	await chmod(file, 0o755);
}

function start(...args: string[]) {
	return run(process.execPath, [path.join(SANDBOX, "start.mjs"), ...args], { cwd: dir, env, inherit: false });
}

function readLog(): Promise<string> {
	return readFile(path.join(dir, "log"), "utf8");
}
