import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "./refused.ts";
import { stageWith } from "./stage-file.ts";

test("the handle of a database may have dots", () => {
	const change = {
		"databases/main.v2": { type: "redis", version: "8.2" },
		"apps/portal/config/URL": "${databases.main.v2.url}",
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});
