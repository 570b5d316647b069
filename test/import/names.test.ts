/** Names that differ in the input and are alike on Aptible, and names by which Swarm finds services. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { problemsOf, renderFile } from "../../stage-file/file.ts";
import { importTexts } from "./texts.ts";

test("databases whose names differ by what no handle has are two", () => {
	const { blocks, app } = importTexts({
		"a.yml": `services:
  DB: { image: "postgres:16" }
  db: { image: "postgres:15" }
  db-: { image: "acme/web:1", environment: { A_URL: "postgres://DB/x", B_URL: "postgres://db/x" } }
`,
	});
	assert.deepEqual(blocks.databases, {
		db: { type: "postgresql", version: "16" },
		"db-2": { type: "postgresql", version: "15" },
	});
	assert.deepEqual(app("db-3").config, { A_URL: "${databases.db.url}", B_URL: "${databases.db-2.url}" });
});

test("services whose process types would be one are two lines of the Procfile", () => {
	const { blocks, procfiles } = importTexts({
		"a.yml": `services:
  web.1: { image: "acme/web:1", command: a }
  web-1: { image: "acme/web:1", command: b }
`,
	});
	assert.deepEqual(procfiles, { web: "web-1: a\nweb-1-2: b\n" });
	assert.deepEqual(blocks.apps?.web, { image: "acme/web:1", services: { "web-1": {}, "web-1-2": {} } });
});

test("a service is found by the names that Swarm has for it too", () => {
	const { app } = importTexts({
		"a.yml": `name: shop
services:
  db: { image: "postgres:16" }
  web: { image: "acme/web:1", environment: { DB_HOST: tasks.db, A_URL: "postgres://shop_db:5432/x" } }
`,
	});
	assert.deepEqual(app("web").config, { DB_HOST: "${databases.db.host}", A_URL: "${databases.db.url}" });
});

test("a file that names itself in extends is read once, and each of its keys is in one row", () => {
	const { app, lines } = importTexts({
		"a.yml": `services:
  base: { image: "acme/base:1", environment: { A: "1" } }
  web: { extends: { file: a.yml, service: base }, image: "acme/web:1" }
`,
	});
	assert.deepEqual(app("web").config, { A: "1" });
	assert.deepEqual(lines, [...new Set(lines)]);
	assert.ok(lines.every((line) => !line.includes("only what is extended")));
});

test("root in a URL is asked about as root in a variable is", () => {
	const { rows } = importTexts({
		"a.yml": `services:
  db: { image: "mysql:8.4", environment: { MYSQL_ROOT_PASSWORD: x, MYSQL_DATABASE: shop } }
  mongo: { image: "mongo:4.0", environment: { MONGO_INITDB_ROOT_USERNAME: root, MONGO_INITDB_ROOT_PASSWORD: x } }
  web:
    image: acme/web:1
    environment:
      A_URL: mysql://root:x@db:3306/shop
      B_URL: mongodb://root:x@mongo/shop
`,
	});
	assert.match(
		rows("a.yml:7"),
		/^decide URL of database db; it is root's, and Aptible gives the app a user of its own/,
	);
	assert.match(rows("a.yml:8"), /^mapped URL of database mongo/);
});

test("handles with dots and long ones pass the loader", () => {
	const { blocks } = importTexts({
		"a.yml": `services:
  my.db: { image: "mysql:8.4" }
  My_Web.App: { image: "acme/web:1", environment: { A_URL: "mysql://my.db/x", B: "http://My_Web.App:80" }, ports: ["80:80"] }
  ${"long-".repeat(20)}x: { image: "redis:7.2" }
  ${"long-".repeat(20)}y: { image: "redis:7.2" }
`,
	});
	assert.equal(Object.keys(blocks.databases ?? {}).length, 3);
	assert.deepEqual(problemsOf(blocks), []);
});

test("a stage file gives each value back, whatever is in it", () => {
	const values = ["0755", "1_000", "~", "on", "No", "1e3", "2026-01-01", "12:30:45", "=", "<<", ".5", "+1", "a\rb", "a\u0085b", "a\u2028b", "\ta", " a ", "#a", "a: b", "a #b", "- a", "%a", "@a", "`a", "|", "é", "😀", '"', "'", "\\", "{a", "[a", "!a", "&a", "*a", "?"]; // biome-ignore format: one value each
	const config = Object.fromEntries(values.map((value, index) => [`A${index}`, value]));
	const text = renderFile({ apps: { web: { config } } }, { head: [], former: {} });
	for (const version of ["1.1", "1.2"] as const)
		assert.deepEqual(parse(text, { version }).config["medstack-to-aptible:apps"].web.config, config, version);
});
