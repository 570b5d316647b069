/** Switches of the phase, as a journal has them: what is open, and where the stage may be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineState } from "../../journal/line.ts";
import { mayServe, readSwitches } from "../../journal/switches.ts";
import type { Evidence } from "../../steps.ts";

const line = (state: LineState, evidence: Evidence) => ({ step: "switch" as const, state, evidence });
const begin = (from: string, phase: string) => line("begin", { from, phase });
const note = (from: string, phase: string) => line("note", { from, phase });
const done = (from: string, phase: string) => line("done", { from, phase });
const failed = (from: string, phase: string) => line("failed", { from, phase, reason: "failed" });
const refused = (from: string, phase: string) => line("failed", { from, phase, reason: "refused" });
const frozen = [begin("prepare", "frozen"), note("prepare", "frozen"), done("prepare", "frozen")];
const trial = [...frozen, begin("frozen", "trial"), note("frozen", "trial")];

test("a switch is open until it is done or given up, and one that was given up leaves the one before it open", () => {
	assert.deepEqual(readSwitches([]), { open: undefined, updating: undefined, done: undefined });
	const opened = { phase: "trial", from: "frozen", hasUpdate: true };
	assert.deepEqual(readSwitches([...trial, failed("frozen", "trial")]).open, opened);
	assert.deepEqual(readSwitches([...trial, begin("frozen", "trial")]).open, opened, "taken up again");
	assert.deepEqual(readSwitches([...trial, done("frozen", "trial")]), {
		open: undefined,
		updating: undefined,
		done: "trial",
	});
	for (const from of ["trial", "frozen"]) {
		const begun = [...trial, begin(from, "cancelled")];
		const wayBack = { phase: "cancelled", from, hasUpdate: false };
		assert.deepEqual(readSwitches(begun), { open: wayBack, updating: opened, done: "frozen" });
		assert.deepEqual(readSwitches([...begun, begin(from, "frozen"), refused(from, "frozen")]).open, wayBack);
		assert.deepEqual(readSwitches([...begun, refused(from, "cancelled")]).open, opened);
	}
	const refusedLate = [...trial, refused("frozen", "trial")];
	assert.deepEqual(readSwitches(refusedLate).updating, opened, "what an update has begun, no answer takes back");
});

test("apps may serve from a switch to trial or live on, until another phase is done", () => {
	assert.ok(!mayServe([]));
	assert.ok(!mayServe(frozen));
	assert.ok(!mayServe([...frozen, begin("frozen", "trial")]), "nobody has agreed to its update");
	assert.ok(!mayServe([...frozen, begin("frozen", "trial"), refused("frozen", "trial")]));
	for (const lines of [
		trial,
		[...trial, failed("frozen", "trial")],
		[...trial, begin("trial", "frozen")],
		[...trial, begin("frozen", "cancelled"), refused("frozen", "cancelled")],
		[...trial, begin("trial", "frozen"), note("trial", "frozen"), failed("trial", "frozen")],
		[...trial, done("frozen", "trial")],
		[...trial, done("frozen", "trial"), begin("trial", "frozen"), refused("trial", "frozen")],
	]) {
		assert.ok(mayServe(lines), JSON.stringify(lines));
	}
	assert.ok(!mayServe([...trial, begin("trial", "frozen"), note("trial", "frozen"), done("trial", "frozen")]));
});
