import assert from "node:assert/strict";
import { test } from "node:test";
import {
	environmentKey,
	fillTemplate,
	parseTemplate,
	readDatabaseReference,
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

test("a reference has one environment variable, with a name that any shell takes", () => {
	assert.equal(environmentKey("secrets.sessionKey"), "SECRETS_sessionKey");
	assert.equal(environmentKey("storage.documents.sasToken"), "STORAGE_documents_sasToken");
});

test("a reference to a database names its default credentials or others, and a handle may have dots", () => {
	const read = (reference: string) => {
		const { database, credential } = readDatabaseReference(reference) ?? {};
		return [database, credential];
	};
	assert.deepEqual(read("databases.main.url"), ["main", undefined]);
	assert.deepEqual(read("databases.main.v2.url"), ["main.v2", undefined]);
	assert.deepEqual(read("databases.cache.urls.redis+ssl"), ["cache", "redis+ssl"]);
	assert.deepEqual(read("databases.a.urls.url"), ["a.urls", undefined]);
	for (const other of ["databases.main", "databases.main.urls", "secrets.url", "storage.documents.url"]) {
		assert.deepEqual(read(other), [undefined, undefined], other);
	}
});
