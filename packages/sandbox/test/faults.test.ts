/** A folder that the sandbox cannot use is named with what to do, and keeps nobody waiting. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { describeFault } from "../faults.ts";
import { makeFolder } from "../make-folder.ts";

const FAULTS = pathToFileURL(path.join(import.meta.dirname, "../faults.ts")).href;

function faultOf(act: () => void): string {
	try {
		act();
	} catch (error) {
		return describeFault(error, "/the/sandbox");
	}
	return assert.fail("it does not fail");
}

test("a folder is made with those above it, and one that cannot be is named with the variable that moves it", (t) => {
	const parent = mkdtempSync(path.join(os.tmpdir(), "faults-"));
	t.after(() => rmSync(parent, { recursive: true, force: true }));
	const deep = path.join(parent, "a/b/c");
	makeFolder(deep);
	makeFolder(deep);
	assert.ok(existsSync(deep));
	writeFileSync(path.join(parent, "file"), "");
	for (const [place, says] of [
		// Made with Node's `recursive`, it is tried for ever.
		["/proc/no-such-folder/in", /^\/proc.* cannot be used \((ENOENT|EROFS)\); .* set SANDBOX_DIR to another one$/],
		[path.join(parent, "file/in"), /file\/in cannot be used \(ENOTDIR\)/],
	] as const) {
		assert.match(
			faultOf(() => makeFolder(place)),
			says,
		);
	}
	assert.match(
		faultOf(() => readFileSync(path.join(parent, "none"))),
		/^ENOENT: no such file/,
		"of a file that is read it says what Node says",
	);
});

test("a disk that is full ends the process with what to do, and another error with where it is from", () => {
	const run = (act: string) =>
		spawnSync(
			process.execPath,
			[
				"--input-type=module",
				"--eval",
				`import { endWhereFull } from "${FAULTS}"; endWhereFull("/the/sandbox"); ${act}`,
			],
			{ encoding: "utf8" },
		);
	const full = run(
		`setTimeout(() => { throw Object.assign(new Error("write"), { code: "ENOSPC" }); }); setTimeout(() => {}, 60_000);`,
	);
	assert.equal(full.status, 1);
	assert.match(full.stderr, /^sandbox: the disk of \/the\/sandbox is full \(ENOSPC\); make room there .*\n$/);
	const other = run(`setTimeout(() => { throw new Error("other"); });`);
	assert.equal(other.status, 1);
	assert.match(other.stderr, /Error: other\n\s+at /);
});
