import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Result, run } from "../run.ts";

const installing = "npm run setup: installing 600 packages, which takes about a minute\n";
const SETUP = path.join(import.meta.dirname, "../setup.mjs");

let dir: string;

beforeEach(async () => {
	dir = await mkdtemp(path.join(tmpdir(), "setup-"));
	await mkdir(path.join(dir, "bin"));
	await writeFile(path.join(dir, "package-lock.json"), "{}");
	const npm = path.join(dir, "bin/npm");
	await writeFile(
		npm,
		'#!/bin/sh\necho "$*" >> log\nsleep 0.5\nmkdir -p node_modules\necho > node_modules/.package-lock.json\n',
	);
	await chmod(npm, 0o755);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("two that start at once install once, and a later one installs nothing", async () => {
	const results = await Promise.all([setup(), setup()]);
	assert.deepEqual(
		results.map(({ code }) => code),
		[0, 0],
	);
	assert.equal((await setup()).code, 0);
	assert.equal(await log(), "ci --no-audit --no-fund\n");
});

test("the lock of one that was killed is taken over, and a failed install fails", async () => {
	await writeFile(path.join(dir, ".setup.lock"), "999999999");
	await writeFile(path.join(dir, "bin/npm"), "#!/bin/sh\necho once >> log\nexit 7\n");
	assert.equal((await setup()).code, 7);
	assert.equal(await log(), "once\n");
});

for (const [title, content, ageS] of [
	["its own process id, as in a container that was started again", "own", 0],
	["nothing in it, as after a kill while it was made", "", 10],
] as const) {
	test(`a lock with ${title} is taken over`, { timeout: 20_000 }, async () => {
		const lock = path.join(dir, ".setup.lock");
		await writeFile(lock, content);
		const time = Date.now() / 1000 - ageS;
		await utimes(lock, time, time);
		const own = `data:text/javascript,import{writeFileSync}from'node:fs';writeFileSync('.setup.lock',String(process.pid))`;
		const { code, stderr } = await setup(...(content === "own" ? ["--import", own] : []));
		assert.deepEqual([code, stderr], [0, installing]);
		assert.equal(await log(), "ci --no-audit --no-fund\n");
	});
}

test("one that waits says for whom, once, and how to get on", async () => {
	await writeFile(path.join(dir, ".setup.lock"), String(process.pid));
	const waiting = setup();
	await sleep(1500);
	await rm(path.join(dir, ".setup.lock"));
	const { code, stderr } = await waiting;
	assert.deepEqual(
		[code, stderr],
		[
			0,
			`npm run setup: waiting for process ${process.pid}; remove .setup.lock if that is no other npm run setup\n${installing}`,
		],
	);
});

test("of several that find the lock of one that was killed, one installs", async () => {
	for (let round = 0; round < 3; round += 1) {
		await rm(path.join(dir, "node_modules"), { recursive: true, force: true });
		await rm(path.join(dir, "log"), { force: true });
		await writeFile(path.join(dir, ".setup.lock"), "999999999");
		const results = await Promise.all([setup(), setup(), setup(), setup()]);
		assert.deepEqual([...new Set(results.map(({ code }) => code))], [0]);
		assert.equal(await log(), "ci --no-audit --no-fund\n");
		assert.deepEqual(
			(await readdir(dir)).filter((name) => name.startsWith(".setup.lock")),
			[],
		);
	}
});

test("Windows is told where it runs, in one line, before anything is installed", async () => {
	const windows = "data:text/javascript,Object.defineProperty(process,'platform',{value:'win32'})";
	const { code, stderr } = await setup("--import", windows);
	assert.equal(code, 1);
	assert.match(stderr, /^medstack-to-aptible runs on Linux and macOS\. On Windows, use WSL: \S+\n$/);
	await assert.rejects(log(), /ENOENT/);
});

function setup(...options: string[]): Promise<Result> {
	const env = { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` };
	return run(process.execPath, [...options, SETUP], { cwd: dir, env, inherit: false });
}

function log(): Promise<string> {
	return readFile(path.join(dir, "log"), "utf8");
}
