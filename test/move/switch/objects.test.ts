import assert from "node:assert/strict";
import { test } from "node:test";
import type { MoveStage } from "../../../move/stage.ts";
import { warnOfObjects } from "../../../move/switch/objects.ts";
import type { JournalLine } from "../../../packages/mover/journal/line.ts";

const moved = { stage: { move: { objects: ["documents"] } } } as unknown as MoveStage;
const line = (seq: number, step: JournalLine["step"], evidence: JournalLine["evidence"] = {}): JournalLine => ({
	seq,
	at: "2026-12-05T02:00:00Z",
	run: "r7",
	database: step === "objects" ? "storage.documents" : "main",
	step,
	part: "",
	state: step === "objects" ? "done" : "note",
	holder: "0123456789ab",
	epoch: 1,
	evidence,
});
const [live, last] = [line(1, "objects", { live: true }), line(2, "objects", { live: false })];

test("before apps start, a missing last pass over the objects is said", () => {
	for (const lines of [[], [live], [live, last, line(3, "thaw", { undone: true })]]) {
		assert.match(
			warnOfObjects(moved, lines).join("\n"),
			/^objects of documents: no pass in the phase frozen is finished.*move -- objects/,
		);
	}
	assert.deepEqual(warnOfObjects(moved, [live, last]), []);
	assert.deepEqual(warnOfObjects({ stage: { move: { objects: [] } } } as unknown as MoveStage, []), []);
});
