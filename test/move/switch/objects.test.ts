import assert from "node:assert/strict";
import { test } from "node:test";
import type { MoveStage } from "../../../move/stage.ts";
import { warnOfObjects } from "../../../move/switch/objects.ts";
import type { JournalLine } from "../../../packages/mover/journal/line.ts";

const moved = { stage: { move: { databases: { main: {} }, objects: ["documents"] } } } as unknown as MoveStage;
const line = (
	seq: number,
	step: JournalLine["step"],
	state: JournalLine["state"],
	evidence: JournalLine["evidence"] = {},
): JournalLine => ({
	seq,
	at: "2026-12-05T02:00:00Z",
	run: step === "objects" ? `r${evidence.live === true ? 6 : 7}` : "r5",
	database: step === "objects" ? "storage.documents" : "main",
	step,
	part: "",
	state,
	holder: "0123456789ab",
	epoch: 1,
	evidence,
});
const passAt = (seq: number, live: boolean) => [
	line(seq, "objects", "begin", { live }),
	line(seq + 1, "objects", "done", { live }),
];
const freezeAt = (seq: number, blockers = 0) => line(seq, "freeze", "note", { blockers });

test("before apps start, a missing last pass over the objects since the freeze is said", () => {
	const missing = [
		[],
		passAt(1, true),
		// No freeze, one that failed, and one that came after.
		passAt(1, false),
		[freezeAt(1, 2), ...passAt(3, false)],
		[...passAt(1, false), freezeAt(3)],
		[line(1, "objects", "begin", { live: false }), freezeAt(2), line(3, "objects", "done", { live: false })],
		[freezeAt(1), ...passAt(2, false), line(5, "thaw", "note", { undone: true })],
		[freezeAt(1), ...passAt(2, true)],
	];
	for (const lines of missing) {
		assert.match(
			warnOfObjects(moved, lines).join("\n"),
			/^objects of documents: no pass that began after the freeze is finished.*move -- objects/,
			JSON.stringify(lines),
		);
	}
	assert.deepEqual(warnOfObjects(moved, [freezeAt(1), ...passAt(2, false)]), []);
	assert.deepEqual(warnOfObjects({ stage: { move: { objects: [] } } } as unknown as MoveStage, []), []);
});
