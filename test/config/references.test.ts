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

test("parts are named by the type of their credentials, and after jdbc: stands what a driver takes", () => {
	const change = {
		"databases/queue": { type: "mysql", version: "8.4" },
		"databases/bus": { type: "rabbitmq", version: "4.2" },
		"apps/portal/config/A": "${databases.bus.management.port} ${databases.bus.amqps.name}",
		"apps/portal/config/B": "${databases.queue.urls.other.user} ${databases.queue.mysql+nossl.user}",
		"apps/portal/config/C": "jdbc:${databases.queue.url} ${databases.queue.jdbcUrl}",
		"apps/portal/config/D": "jdbc:postgresql://${databases.main.host}:${databases.main.port}/${databases.main.name}",
		"apps/portal/config/E": "jdbc:${secrets.sessionKey}",
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});
