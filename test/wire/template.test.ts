import assert from "node:assert/strict";
import { test } from "node:test";
import {
	environmentKey,
	fillTemplate,
	parseTemplate,
	references,
	replaceReferences,
	TemplateError,
} from "../../wire/template.ts";

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

test("a replaced reference is plain text, whatever is in it, and what is not replaced stays as it is written", () => {
	const replace = (reference: string) => (reference === "a" ? "${b}$&" : undefined);
	assert.equal(replaceReferences("x$${c}-${a}-${ d }$", replace), "x$${c}-$${b}$&-${d}$");
	assert.equal(
		fillTemplate(replaceReferences("$$${c}${a}", replace), () => ""),
		"$${c}${b}$&",
	);
	for (const same of ["${ b }$${a}", "", "plain $ {a}"]) assert.equal(replaceReferences(same, replace), same);
});

test("a reference has one environment variable, and shares it with no other", () => {
	assert.equal(environmentKey("secrets.sessionKey"), "SECRETS_sessionKey");
	assert.equal(environmentKey("storage.documents.sasToken"), "STORAGE_documents_sasToken");
	assert.equal(environmentKey("apps.a_b.endpoints.c.host"), "APPS_a_b.endpoints.c.host");
});
