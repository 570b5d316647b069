import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureSshKey } from "../../../aptible/cli/ssh-key.ts";

const moduleUrl = new URL("../../../aptible/cli/ssh-key.ts", import.meta.url).href;

async function configPath(t: TestContext): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "ssh-key-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	return folder;
}

/** Ensures the key in a process of its own, as each Command does, and gives the key that it then sees. */
function ensureInProcess(folder: string): Promise<string> {
	const script = `const { ensureSshKey } = await import(${JSON.stringify(moduleUrl)}); await ensureSshKey();
		const { readFileSync } = await import("node:fs");
		process.stdout.write(readFileSync(process.env.APTIBLE_CONFIG_PATH + "/ssh/id_rsa.pub", "utf8"));`;
	const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
		env: { ...process.env, APTIBLE_CONFIG_PATH: folder },
		stdio: ["ignore", "pipe", "inherit"],
	});
	let text = "";
	child.stdout.on("data", (chunk) => {
		text += chunk;
	});
	return new Promise((resolve, reject) =>
		child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`exit code ${code}`)))),
	);
}

test("eight Commands on a fresh machine all end up with one whole key pair", async (t) => {
	const folder = await configPath(t);
	const seen = await Promise.all(Array.from({ length: 8 }, () => ensureInProcess(folder)));
	assert.equal(new Set(seen).size, 1);
	assert.deepEqual((await readdir(join(folder, "ssh"))).sort(), ["id_rsa", "id_rsa.pub"]);
	assert.match(await readFile(join(folder, "ssh/id_rsa"), "utf8"), /PRIVATE KEY/);
});

test("half a pair, as a killed run leaves it, is made whole, past the lock that it left too", async (t) => {
	const folder = await configPath(t);
	await mkdir(join(folder, "ssh/medstack-to-aptible.lock"), { recursive: true });
	await utimes(join(folder, "ssh/medstack-to-aptible.lock"), 0, 0);
	await writeFile(join(folder, "ssh/id_rsa"), "half");
	await ensureInProcess(folder);
	assert.match(await readFile(join(folder, "ssh/id_rsa"), "utf8"), /PRIVATE KEY/);
	assert.deepEqual((await readdir(join(folder, "ssh"))).sort(), ["id_rsa", "id_rsa.pub"]);
});

test("a folder that cannot be written fails at once, with what to do", async (t) => {
	const folder = await configPath(t);
	await writeFile(join(folder, "ssh"), "");
	const { APTIBLE_CONFIG_PATH } = process.env;
	t.after(() => {
		if (APTIBLE_CONFIG_PATH === undefined) delete process.env.APTIBLE_CONFIG_PATH;
		else process.env.APTIBLE_CONFIG_PATH = APTIBLE_CONFIG_PATH;
	});
	process.env.APTIBLE_CONFIG_PATH = folder;
	const started = Date.now();
	await assert.rejects(ensureSshKey(), /^AptibleError: no SSH key for the aptible CLI in ".*ssh": .*EEXIST/);
	assert.ok(Date.now() - started < 5_000);
	await rm(join(folder, "ssh"));
	await mkdir(join(folder, "ssh"), { mode: 0o500 });
	// Who is root may write everywhere.
	if (process.getuid?.() === 0) return;
	await assert.rejects(ensureSshKey(), /cannot be written \(EACCES\); make it writable, or set APTIBLE_CONFIG_PATH/);
});

test("several processes that find a lock that was left take it over, one of them", async (t) => {
	const folder = await configPath(t);
	const lock = join(folder, "ssh/medstack-to-aptible.lock");
	// With something in it, as no other than this program's own would be: it goes whole.
	await mkdir(join(lock, "inside"), { recursive: true });
	await utimes(lock, 0, 0);
	const seen = await Promise.all(Array.from({ length: 4 }, () => ensureInProcess(folder)));
	assert.equal(new Set(seen).size, 1);
	assert.deepEqual((await readdir(join(folder, "ssh"))).sort(), ["id_rsa", "id_rsa.pub"]);
});
