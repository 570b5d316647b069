import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../support/processes.ts";

const root = join(import.meta.dirname, "../../..");

/** A process that runs a fake CLI, which starts a child of its own, as the real one starts `ssh`. */
async function start(t: TestContext, seconds: number) {
	const dir = await mkdtemp(join(tmpdir(), "watchdog-"));
	t.after(() => rm(dir, { recursive: true, force: true }));
	await writeFile(join(dir, "aptible"), `#!/bin/sh\nsleep ${seconds} &\necho $$ $! > '${dir}/pids'\nwait\n`);
	await chmod(join(dir, "aptible"), 0o755);
	const program = `
		import { runCli } from ${JSON.stringify(join(root, "aptible/cli/run.ts"))};
		import { Redactor } from ${JSON.stringify(join(root, "aptible/client/redact.ts"))};
		await runCli(["deploy"], { timeoutMs: 60_000, redactor: new Redactor() });`;
	const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
		env: { PATH: `${dir}:/usr/bin:/bin` },
		stdio: "inherit",
	});
	const ended = once(child, "exit");
	const pids = async () => (await readFile(join(dir, "pids"), "utf8").catch(() => "")).trim().split(" ").map(Number);
	while ((await pids()).length < 2) await sleep(20);
	return { child, ended, pids: await pids() };
}

test("a CLI and what it has started die with the process that runs it", async (t) => {
	const { child, ended, pids } = await start(t, 60);
	assert.ok(pids.every(isAlive));
	child.kill("SIGKILL");
	await ended;
	for (let waited = 0; pids.some(isAlive); waited += 20) {
		assert.ok(waited < 5000, `alive: ${pids.filter(isAlive).join(", ")}`);
		await sleep(20);
	}
});

test("a CLI that ends keeps nothing alive", async (t) => {
	const { ended } = await start(t, 0.2);
	const [code] = await ended;
	assert.equal(code, 0);
});
