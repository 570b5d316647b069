import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeStage } from "../../compliance/report.ts";
import type { Draft } from "../../config/draft.ts";
import { parseStage } from "../../config/parse.ts";
import { stageWith } from "../config/stage-file.ts";

function judgeCopies(location: string, redundancy: string, phi: boolean) {
	const storage = {
		resourceGroup: { name: "acme-test-files" },
		account: "acmetestfiles",
		location,
		redundancy,
		logs: { workspace: "acme-test-logs" },
		containers: { documents: { name: "documents" } },
	};
	const raw = stageWith({ storage, "environment/phi": phi });
	const stage = parseStage(raw, { file: "Pulumi.test.yaml" });
	const seen = {
		stage,
		draft: raw as Draft,
		live: { unseen: "not looked at" },
		now: new Date("2026-12-01T10:00:00.000Z"),
	};
	const control = judgeStage("test", seen).controls.find(({ id }) => id === "storage-copies");
	return [control?.outcome, control?.rows[0]?.declared];
}

test("files in the three zones of a region without a pair hold, as phi allows them", () => {
	assert.deepEqual(judgeCopies("polandcentral", "ZRS", true), ["holds", "ZRS in polandcentral"]);
	assert.deepEqual(judgeCopies("polandcentral", "LRS", false), ["not required", "LRS in polandcentral"]);
	assert.deepEqual(judgeCopies("canadacentral", "ZRS", false), ["not required", "ZRS in canadacentral"]);
	assert.deepEqual(judgeCopies("canadacentral", "GZRS", true), ["holds", "GZRS in canadacentral"]);
});
