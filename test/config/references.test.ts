import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "./refused.ts";
import { stageWith } from "./stage-file.ts";

test("the handle of a database may have dots", () => {
	const change = {
		"databases/main.v2": { type: "postgresql", version: "17" },
		"apps/portal/config/URL": "${databases.main.v2.url}",
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});

test("credentials are named by their type; which ones there are is known of some types only", () => {
	const change = {
		"databases/queue": { type: "mysql", version: "8.4" },
		"apps/portal/config/CACHE_URL": "${databases.cache.urls.redis+ssl}",
		"apps/portal/config/QUEUE_URL": "${databases.queue.urls.mysql+nossl}",
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});
