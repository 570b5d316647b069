/** The night in a copy's report, from works and lines of a journal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNight, listNight } from "../../move/report-night.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 11, 5, 2, minute));
let seq = 0;
const line = (
	minute: number,
	step: JournalLine["step"],
	state: JournalLine["state"],
	evidence: JournalLine["evidence"] = {},
	more: Partial<JournalLine> = {},
): JournalLine => {
	seq += 1;
	const own = { run: "r2", database: "", part: "", holder: "0123456789ab", epoch: 1 };
	return { seq, at: at(minute).toISOString(), step, state, evidence, ...own, ...more };
};
const work = (run: string, command: string, from: number, ended?: number) => ({
	run,
	command,
	state: ended === undefined ? "taken" : "done",
	at: at(from),
	ended: ended === undefined ? null : at(ended),
});

test("a night begins with its last switch to frozen, and shows what has failed, what goes on, and nothing of the days before", () => {
	seq = 0;
	const lines = [
		line(0, "switch", "begin", { from: "prepare", phase: "frozen" }),
		line(1, "switch", "failed", { from: "prepare", phase: "frozen", reason: "refused" }),
		line(2, "switch", "begin", { from: "prepare", phase: "frozen" }),
		line(3, "switch", "done", { from: "prepare", phase: "frozen" }),
		line(5, "freeze", "done", { rows: "0", ms: 30_000 }, { run: "r3", part: "silence" }),
		line(8, "rows", "done", {}, { run: "r4", database: "main" }),
		line(9, "probe", "begin", { phase: "trial" }),
		line(10, "probe", "failed", { phase: "trial", items: 2, failed: 1 }),
		line(11, "switch", "begin", { from: "trial", phase: "live" }),
		line(13, "back", "begin", { phase: "live", accept: 0 }),
		line(14, "back", "done", {}, { part: "thaw" }),
		line(15, "back", "done"),
	];
	const works = [
		work("r1", "check", 0, 1),
		work("r3", "freeze", 4, 6),
		work("r4", "copy", 7, 9),
		work("r5", "verify", 12),
	];
	assert.deepEqual(describeNight(listNight(works, lines, at(7))).slice(2), [
		"| 02:02:00 | 02:03:00 | switch, phase prepare to frozen: every service on Aptible is stopped | done | 3 to 4 |",
		"| 02:04:00 | 02:06:00 | freeze (r3): MedStack's database is shut to all but the mover, and nobody writes there | done; 0 rows were written in 30 s of watching | 5 |",
		"| 02:07:00 | 02:09:00 | copy (r4): the data is copied, proven equal and put in its place | done | 6 |",
		"| 02:09:00 | 02:10:00 | probe: each domain is asked by its real name at Aptible, past DNS | failed; 2 asked, 1 failed | 7 to 8 |",
		"| 02:11:00 |  | switch, phase trial to live: every service on Aptible runs, and DNS leads users there | begun | 9 |",
		"| 02:12:00 |  | verify (r5): both sides are compared once more | taken |  |",
		"| 02:13:00 | 02:15:00 | back: Aptible is stopped, users are led to MedStack, and its database is opened again | done | 10 to 12 |",
	]);
});

test("without a switch in the journal a night begins with the freeze before its copy, or with the copy", () => {
	const works = [work("r1", "freeze", 0, 1), work("r2", "freeze", 3, 4), work("r3", "copy", 5, 6)];
	const commands = (from: number) => listNight(works.slice(from), [], at(5)).map(({ what }) => what.split(":")[0]);
	assert.deepEqual(commands(0), ["freeze (r2)", "copy (r3)"]);
	assert.deepEqual(commands(2), ["copy (r3)"]);
});
