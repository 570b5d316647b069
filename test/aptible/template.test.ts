import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentKey, fillTemplate, parseTemplate, references, TemplateError } from "../../aptible/template.ts";

test("text and references are told apart, and $${ is a literal ${", () => {
	assert.deepEqual(parseTemplate("a${secrets.x}b${ databases.main.url }"), [
		"a",
		{ reference: "secrets.x" },
		"b",
		{ reference: "databases.main.url" },
	]);
	assert.deepEqual(parseTemplate("price $${10} $ {x}"), ["price ${10} $ {x}"]);
	assert.deepEqual(parseTemplate(""), []);
});

test("a reference that is never closed is refused", () => {
	assert.throws(() => parseTemplate("x ${secrets.x"), TemplateError);
});

test("filling replaces every reference and nothing in what it put there", () => {
	const filled = fillTemplate("${a}-$${a}-${b}", (reference) => (reference === "a" ? "${b}" : "2"));
	assert.equal(filled, "${b}-${a}-2");
	assert.deepEqual(references("${a}${b}${a}"), ["a", "b", "a"]);
});

test("a reference has one environment variable, with a name that any shell takes", () => {
	assert.equal(environmentKey("secrets.sessionKey"), "SECRETS_sessionKey");
	assert.equal(environmentKey("storage.documents.sasToken"), "STORAGE_documents_sasToken");
});
