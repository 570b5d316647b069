/** What a person has to decide though the input has no key for it, or one that says nothing of Aptible. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "../../stage-file/file.ts";
import { importTexts } from "./texts.ts";

const syslog = (address: string, more = "") =>
	`logging: { driver: syslog, options: { syslog-address: "${address}"${more} } }`;

test("a syslog address with TLS that all apps log to is a log drain", () => {
	const { blocks, rows } = importTexts({
		"a.yml": `services:
  web: { image: "acme/web:1", ${syslog("tcp+tls://logs.acme.example:6514", ', tag: "web"')} }
  worker: { image: "acme/worker:1", ${syslog("tcp+tls://logs.acme.example:6514")} }
  db: { image: "postgres:16" }
`,
	});
	assert.deepEqual(blocks.logDrains, {
		syslog: {
			kind: "syslog",
			host: "logs.acme.example",
			port: 6514,
			databases: false,
			ephemeralSessions: false,
			proxies: false,
		},
	});
	assert.deepEqual(problemsOf(blocks), []);
	assert.match(rows("a.yml:2", "logging"), /^mapped log drain syslog.*drains\.md/);
	assert.match(rows("a.yml:2", "syslog-address"), /^mapped log drain syslog/);
	assert.match(rows("a.yml:2", "tag"), /^dropped /);
});

test("a log drain that takes more than the file sends is asked about, and databases' logs are in it where they were", () => {
	const { blocks, rows } = importTexts({
		"a.yml": `services:
  web: { image: "acme/web:1", ${syslog("tcp+tls://logs.acme.example")} }
  worker: { image: "acme/worker:1" }
  db: { image: "postgres:16", ${syslog("tcp+tls://logs.acme.example")} }
  far: { image: "acme/far:1", ${syslog("tcp+tls://other.acme.example:7000")} }
`,
	});
	assert.deepEqual(blocks.logDrains, {
		syslog: { kind: "syslog", host: "logs.acme.example", port: 514, ephemeralSessions: false, proxies: false },
		"syslog-2": {
			kind: "syslog",
			host: "other.acme.example",
			port: 7000,
			databases: false,
			ephemeralSessions: false,
			proxies: false,
		},
	});
	assert.deepEqual(problemsOf(blocks), []);
	assert.match(rows("a.yml:2", "logging"), /^decide log drain syslog.*worker, far.*whole environment/);
	assert.match(rows("a.yml:5", "logging"), /^decide log drain syslog-2.*web, worker/);
});

test("where Aptible has no drain as it is, the report asks, and repeats no address", () => {
	const { blocks, rows, lines } = importTexts({
		"a.yml": `services:
  udp: { image: "acme/a:1", ${syslog("udp://logs.acme.example:514")} }
  tcp: { image: "acme/b:1", ${syslog("tcp://logs.acme.example:601")} }
  here: { image: "acme/c:1", ${syslog("tcp+tls://localhost:6514")} }
  own: { image: "acme/d:1", ${syslog("tcp+tls://logs.acme.example:6514", ", syslog-tls-ca-cert: /etc/ca.pem")} }
  host: { image: "acme/e:1", logging: { driver: syslog } }
  splunk: { image: "acme/f:1", logging: { driver: splunk, options: { splunk-url: "https://splunk.acme.example", splunk-token: hunter2-hunter2 } } }
  open: { image: "acme/g:1", logging: { driver: syslog, options: { syslog-address: "\${WHERE}" } } }
  plain: { image: "acme/h:1", logging: { driver: json-file, options: { max-size: 10m } } }
  none: { image: "acme/i:1", logging: { driver: none } }
  unsaid: { image: "acme/j:1", logging: { options: { max-size: 10m } } }
`,
	});
	assert.equal(Object.keys(blocks.logDrains ?? {}).length, 0);
	assert.match(
		rows("a.yml:2", "logging"),
		/^decide .*TCP with TLS alone.*kind: syslog, host: logs\.acme\.example, port: PORT/,
	);
	assert.match(rows("a.yml:3", "logging"), /^decide .*TCP with TLS alone/);
	for (const line of [4, 6, 8]) assert.match(rows(`a.yml:${line}`, "logging"), /^decide .*log drain.*drains\.md/);
	assert.match(rows("a.yml:5", "logging"), /^decide .*authority/);
	assert.match(rows("a.yml:7", "logging"), /^decide Aptible has no drain for splunk.*https/);
	for (const line of [9, 10, 11]) assert.match(rows(`a.yml:${line}`, "logging"), /^dropped /);
	assert.doesNotMatch(lines.join("\n"), /hunter2|splunk\.acme/);
});

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

test("what a schedule starts leads to the way that Aptible has for it", () => {
	const { blocks, rows } = importTexts({
		"a.yml": `services:
  ofelia: { image: "mcuadros/ofelia:0.3" }
  web:
    image: "acme/web:1"
    labels:
      ofelia.enabled: "true"
      ofelia.job-exec.nightly.schedule: "@daily"
      other: x
  job: { image: "acme/job:1", restart: "no", deploy: { labels: ["swarm.cronjob.schedule=0 3 * * *"] } }
`,
	});
	assert.deepEqual(Object.keys(blocks.apps ?? {}), ["web", "job"]);
	assert.match(rows("a.yml:2", "image"), /^decide .*supercronic.*apps\.md#scheduled-jobs/);
	for (const line of [6, 7]) assert.match(rows(`a.yml:${line}`), /^decide .*apps\.md#scheduled-jobs/);
	assert.match(rows("a.yml:8"), /^dropped /);
	assert.match(rows("a.yml:9", "restart"), /^decide it runs once.*apps\.md#scheduled-jobs/);
	assert.match(rows("a.yml:9", "labels[0]"), /^decide .*apps\.md#scheduled-jobs/);
});
