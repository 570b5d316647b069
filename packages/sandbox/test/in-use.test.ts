/** Two sandboxes in one folder: the second one is refused, and a killed one is in nobody's way. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { usePart } from "../in-use.ts";

const PROGRAM = path.join(import.meta.dirname, "using.ts");

/** A process that uses the part `night`, and has a child that outlives it for a while. */
async function startUser(dir: string) {
	const argv = ["--disable-warning=ExperimentalWarning", PROGRAM, dir];
	const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
	await once(child.stdout, "data");
	return {
		pid: child.pid,
		exited: once(child, "exit"),
		/** Until the last one that holds its output is gone. */
		closed: once(child, "close"),
		kill: () => child.kill("SIGKILL"),
	};
}

test("of two that use the same part one is refused with the other's process, and a killed one's children are waited for", async (t) => {
	const parent = mkdtempSync(path.join(os.tmpdir(), "in-use-"));
	process.env.MEDSTACK_TO_APTIBLE_CACHE = path.join(parent, "cache");
	t.after(() => rmSync(parent, { recursive: true, force: true }));
	const dir = path.join(parent, "sandbox");
	const user = await startUser(dir);
	await assert.rejects(
		usePart(dir, "night"),
		new RegExp(
			`sandbox/night is in use by process ${user.pid}; wait until that has ended, end it \\(kill ${user.pid}\\), or use another folder: SANDBOX_DIR=FOLDER npm run sandbox -- `,
		),
	);
	(await usePart(dir, "move"))();
	(await usePart(path.join(parent, "another"), "night"))();
	let isClosed = false;
	void user.closed.then(() => {
		isClosed = true;
	});
	user.kill();
	await user.exited;
	const release = await usePart(dir, "night");
	await setImmediate();
	assert.ok(isClosed, "a child of the killed one runs still");
	release();
	(await usePart(dir, "night"))();
});

test("what may be shared keeps only those out who want it alone", async (t) => {
	const parent = mkdtempSync(path.join(os.tmpdir(), "in-use-"));
	process.env.MEDSTACK_TO_APTIBLE_CACHE = path.join(parent, "cache");
	t.after(() => rmSync(parent, { recursive: true, force: true }));
	const dir = path.join(parent, "sandbox");
	const first = await usePart(dir, "stages", { isShared: true });
	const second = await usePart(dir, "stages", { isShared: true });
	await assert.rejects(usePart(dir, "stages"), new RegExp(`sandbox is in use by process ${process.pid}; wait`));
	first();
	second();
	const alone = await usePart(dir, "stages");
	await assert.rejects(usePart(dir, "stages", { isShared: true }), /is in use by process/);
	alone();
});
