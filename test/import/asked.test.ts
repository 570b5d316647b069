/** What a person has to decide though the input has no key for it, or one that says nothing of Aptible. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { problemsOf } from "../../stage-file/file.ts";
import { runImport } from "./cases.ts";
import { importTexts } from "./texts.ts";

test("an image whose registry may ask for a login asks for credentials, once an app", () => {
	const { rows } = importTexts({
		"a.yml": `services:
  web: { image: "registry.acme.example/portal:1", command: serve }
  worker: { image: "registry.acme.example/portal:1", command: work }
  files: { image: "acme.azurecr.io/files:1" }
  own: { image: "acme/own:1" }
  hub: { image: "docker.io/acme/hub:1" }
  plain: { image: "nginx:1.27" }
  open: { image: "mcr.microsoft.com/dotnet/samples:1" }
  db: { image: "registry.acme.example/postgres:16" }
`,
	});
	assert.match(
		rows("a.yml:2", "image"),
		/^decide image of app portal, .*; registry\.acme\.example .*registry: \{ username: NAME, password: "\$\{secrets\.registryPassword\}" \}.*private-registries/,
	);
	assert.match(rows("a.yml:3", "image"), /^mapped image of app portal/);
	assert.match(rows("a.yml:4", "image"), /^decide image of app files; acme\.azurecr\.io /);
	for (const line of [5, 6]) assert.match(rows(`a.yml:${line}`, "image"), /^mapped .*private on Docker Hub.*registry/);
	for (const line of [7, 8]) assert.match(rows(`a.yml:${line}`, "image"), /^mapped image of app \w+$/);
	assert.match(rows("a.yml:9", "image"), /^mapped database/);
});

test("an image that is named for the import asks for credentials too", () => {
	const images = new Map([
		["web", "registry.acme.example/web:1"],
		["built", "ghcr.io/acme/built:1"],
	]);
	const { rows } = importTexts(
		{ "a.yml": `services:\n  web: { image: "nginx:1.27" }\n  built: { build: . }\n` },
		{ images },
	);
	assert.match(rows("a.yml:2", "image"), /^decide image of app web; registry\.acme\.example /);
	assert.match(rows("a.yml:3", "build"), /^decide the image is ghcr\.io\/acme\/built:1; .*; ghcr\.io may ask/);
});

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

test("an address of a log drain with a secret in it is not written", () => {
	const { blocks, rows, lines } = importTexts({
		".env": "LOG_TOKEN=hunter2x\n",
		"a.yml": `services:\n  web: { image: "acme/a:1", ${syslog("tcp+tls://${LOG_TOKEN}.acme.example:6514")} }\n  udp: { image: "acme/b:1", ${syslog("udp://${LOG_TOKEN}.acme.example:514")} }\n`,
	});
	for (const line of [2, 3]) assert.match(rows(`a.yml:${line}`, "logging"), /^decide .*log drain/);
	assert.doesNotMatch(JSON.stringify([blocks, lines]), /hunter2x/);
});

test("how long backups are kept is asked wherever there is a database, and is counted", async () => {
	const folder = mkdtempSync(join(tmpdir(), "asked-"));
	try {
		writeFileSync(
			join(folder, "a.yml"),
			`name: clinic\nservices:\n  db: { image: "postgres:16" }\n  web: { image: "nginx:1" }\n`,
		);
		const run = await runImport(folder, ["compose", "a.yml", "--phi", "true", "--aptible-stack", "acme-prod-ca"]);
		assert.match(run.stdout, /7 keys: 6 mapped, 1 need a decision, 0 dropped/);
		const report = run.files.get("imported/clinic/report.md") ?? "";
		assert.match(report, /^7 keys: 6 mapped, 1 need a decision, 0 dropped/m);
		assert.match(
			report,
			/## Needs a decision\n\n[\s\S]*^\| Pulumi\.clinic\.yaml:5 \| `environment\.backups` \| .*daily: 30.*keepFinal.*backup-retention/m,
		);
	} finally {
		rmSync(folder, { recursive: true });
	}
	assert.deepEqual(importTexts({ "a.yml": `services: { web: { image: "nginx:1" } }\n` }).decisions, []);
});

test("a service that gets the variables of others is told of, and of secrets it is asked about", () => {
	const { rows } = importTexts({
		"a.yml": `services:
  api: { image: "acme/portal:1", command: api, environment: { A: "1", AZURE_STORAGE_KEY: abcdef, DATABASE_URL: "postgres://db/postgres" } }
  worker: { image: "acme/portal:1", command: work, environment: { A: "1", DATABASE_URL: "postgres://db/postgres" } }
  daily: { image: "acme/portal:1", command: daily, environment: { A: "1", B: "2", AZURE_STORAGE_KEY: abcdef } }
  db: { image: "postgres:16" }
  one: { image: "acme/other:1", command: one, environment: { A: "1" } }
  two: { image: "acme/other:1", command: two, environment: { A: "1" } }
`,
	});
	assert.match(rows("a.yml:2", "api"), /^mapped it gets B of the app's other services too; service api of app portal$/);
	assert.match(
		rows("a.yml:3", "worker"),
		/^decide service worker of app portal gets AZURE_STORAGE_KEY, with a secret or a way to data, and B, which it did not have.*services-of-one-image/,
	);
	assert.match(rows("a.yml:4", "daily"), /^decide service daily of app portal gets DATABASE_URL, with a secret/);
	for (const line of [6, 7]) assert.match(rows(`a.yml:${line}`), /^mapped service \w+ of app other$/);
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
