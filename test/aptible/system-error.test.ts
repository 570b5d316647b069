/** What the system refuses reaches a person with the file or host, and what to do. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { messageOf } from "../../aptible/client/system-error.ts";

function failureOf(act: () => unknown): string {
	try {
		act();
	} catch (error) {
		return messageOf(error);
	}
	return assert.fail("it does not fail");
}

test("a file, a program or a host that fails is named, with what to do", async (t) => {
	const folder = mkdtempSync(path.join(tmpdir(), "system-error-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const file = path.join(folder, "file");
	writeFileSync(file, "");
	assert.match(
		failureOf(() => readFileSync(path.join(folder, "none"))),
		/\/none is not there; correct the path$/,
	);
	assert.match(
		failureOf(() => writeFileSync(path.join(folder, "no/file"), "")),
		/^folder .*\/no is not there; correct the path, or make it$/,
	);
	assert.match(
		failureOf(() => mkdirSync(path.join(file, "in"), { recursive: true })),
		/file.* is a file, and a folder is wanted; name another/,
	);
	assert.match(
		failureOf(() => mkdirSync(file)),
		/\/file is there already; move it away/,
	);
	const [missing] = await once(spawn("no-such-program"), "error");
	assert.match(messageOf(missing), /^the program no-such-program is not on PATH; install it/);
	const [refused] = await once(connect(1, "127.0.0.1"), "error");
	assert.match(
		messageOf(refused),
		/^127\.0\.0\.1:1 refuses the connection; is it the right address and port, .* \(ECONNREFUSED\)$/,
	);
	// As Node tells it of a name with two addresses: without a word.
	assert.equal(messageOf(new AggregateError([refused])), messageOf(refused));
	assert.equal(messageOf(new Error("own words")), "own words");
	const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
	assert.equal(messageOf(full), "a disk of this machine is full; make room: df -h; then run it again");
	assert.equal(messageOf(full, "/a/file"), "the disk of /a/file is full; make room: df -h");
});
