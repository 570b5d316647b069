import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { withTables } from "../../docs/write-tables.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("the tables of the page are the program's own; `npm run docs` writes them", () => {
	assert.equal(withTables(page), page);
});

test("a table that the page has lost is an error, not a page without it", () => {
	assert.throws(
		() => withTables(page.replace("#### What `phi: true` forbids", "#### Elsewhere")),
		/has no table after/,
	);
});
