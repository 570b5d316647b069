/** Services that look like what they are not: clients of databases in their images, what does not run, builds that differ by an argument. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importTexts } from "./texts.ts";

test("a service that runs a client from a database's image is no database", () => {
	const { blocks, procfiles, rows } = importTexts({
		"a.yml": `services:
  db: { image: "postgres:16", command: postgres -c max_connections=200, restart: "no" }
  own: { image: "postgres:15", entrypoint: /entry.sh, volumes: ["data:/var/lib/postgresql/data"] }
  cache: { image: "redis:7.2", command: sh -c "exec redis-server --requirepass $$PW" }
  plain: { image: "redis:7.2", command: --appendonly yes }
  seed: { image: "postgres:16", command: psql -f /seed.sql, environment: { PGHOST: db } }
  backup: { image: "postgres:16", entrypoint: /backup.sh, environment: { PGHOST: db } }
  awaited: { image: "postgres:16" }
  web: { image: "acme/web:1", depends_on: { awaited: { condition: service_completed_successfully } } }
`,
	});
	assert.deepEqual(Object.keys(blocks.databases ?? {}), ["db", "own", "cache", "plain"]);
	assert.deepEqual(Object.keys(blocks.apps ?? {}), ["postgres", "web"]);
	assert.deepEqual(procfiles, {
		postgres: "seed: psql -f /seed.sql\nbackup: /backup.sh\nawaited: THE-COMMAND-OF-THE-IMAGE\n",
	});
	assert.match(rows("a.yml:2", "command"), /^decide settings of a server of your own/);
});

test("what has no containers is called by nobody", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  job: { image: "acme/job:1", restart: "no", expose: [8080] }
  off: { image: "acme/off:1", deploy: { replicas: 0 } }
  web: { image: "acme/web:1", environment: { A: "http://job:8080", B: "tcp://off:9123" } }
`,
	});
	assert.equal(app("web").config, undefined);
	for (const name of ["job", "off"]) assert.equal(app(name).endpoints, undefined);
	assert.match(rows("a.yml:4", "A"), /^decide it names job, which has 0 containers and so no endpoint/);
	assert.match(rows("a.yml:4", "B"), /^decide it names off, which has 0 containers/);
});

test("builds that differ by an argument are two images", () => {
	const { blocks } = importTexts({
		"a.yml": `services:
  a: { build: { context: ., args: { APP: a } }, command: x }
  b: { build: { context: ., args: { APP: b } }, command: y }
  c: { build: { context: ., args: { APP: b } }, command: z }
  d: { build: . , command: x }
  e: { build: { context: "." }, command: y }
`,
	});
	assert.deepEqual(
		Object.values(blocks.apps ?? {}).map((app) => Object.keys((app as { services: object }).services)),
		[["a"], ["b", "c"], ["d", "e"]],
	);
});

test("a dollar sign right before a name is no reference that is written as text", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  db: { image: "postgres:16" }
  web: { image: "acme/web:1", environment: { A: "x$$db:5432" } }
`,
	});
	assert.equal(app("web").config, undefined);
	assert.match(rows("a.yml:3", "A"), /^decide a \$ stands right before db/);
});
