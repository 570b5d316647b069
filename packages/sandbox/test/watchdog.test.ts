/** Whoever starts servers and is killed leaves none of them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const PROGRAM = path.join(import.meta.dirname, "killed.ts");
const MOST_MS = 30_000;

/** Whether a process runs: one that has ended and is not yet collected by whoever adopts it does not. */
function runs(pid: number): boolean {
	try {
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}

test("what a killed process has started ends: servers, instances of services, commands", {
	timeout: 120_000,
}, async () => {
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const pids: number[] = [];
	for await (const line of createInterface(child.stdout)) {
		const pid = /^pid (\d+)$/.exec(line)?.[1];
		if (pid !== undefined) pids.push(Number(pid));
		if (pids.length === 4) break;
	}
	assert.equal(pids.filter(runs).length, 4);
	const ended = once(child, "exit");
	child.kill("SIGKILL");
	await ended;
	const deadline = Date.now() + MOST_MS;
	while (pids.some(runs) && Date.now() < deadline) await sleep(100);
	assert.deepEqual(pids.filter(runs), []);
});
