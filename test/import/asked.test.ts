/** What a person has to decide though the input has no key for it, or one that says nothing of Aptible. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importTexts } from "./texts.ts";

test("a redis:// URL that becomes rediss:// says what Celery asks for", () => {
	const files = {
		"a.yml": `services:
  web: { image: "acme/web:1", environment: { BROKER: "redis://cache:6379/0", OTHER: "rediss://cache:6379/1" } }
  cache: { image: "redis:7.2" }
`,
	};
	const { app, rows } = importTexts(files, { phi: true });
	assert.deepEqual(app("web").config, {
		BROKER: "${databases.cache.urls.redis+ssl}/0",
		OTHER: "${databases.cache.urls.redis+ssl}/1",
	});
	assert.match(
		rows("a.yml:2", "BROKER"),
		/^decide URL of database cache.*rediss:\/\/.*Celery.*\?ssl_cert_reqs=CERT_REQUIRED/,
	);
	assert.match(rows("a.yml:2", "OTHER"), /^mapped URL of database cache$/);
	assert.match(importTexts(files).rows("a.yml:2", "BROKER"), /^mapped /);
});
