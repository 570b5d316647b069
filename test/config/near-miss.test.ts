import assert from "node:assert/strict";
import { test } from "node:test";
import { findNearestNumber, findNearestPhrase, findNearestWord, suggest } from "../../config/near-miss.ts";

const words = ["postgresql", "mysql", "redis", "idleTimeoutSeconds"];

test("a word is near with one edit for each three letters, capitals aside", () => {
	const cases: [string, string | undefined][] = [
		["redsi", "redis"],
		["reds", "redis"],
		["Redis", "redis"],
		["mssql", "mysql"],
		["postgressql", "postgresql"],
		["idletimeout", "idleTimeoutSeconds"],
		["mongodb", undefined],
		["", undefined],
	];
	for (const [word, nearest] of cases) assert.equal(findNearestWord(word, words), nearest, word);
});

test("a word that several begin with is near to none of them", () => {
	assert.equal(findNearestWord("cont", ["containerMb", "containerProfile"]), undefined);
});

test("a number is near to the one that is least away", () => {
	assert.equal(findNearestNumber(1000, [512, 1024, 2048]), 1024);
	assert.equal(findNearestNumber(5, []), undefined);
});

test("a phrase is near to the shortest with all its words", () => {
	const known = ["TLSv1.2", "TLSv1.2 PFS", "TLSv1.2 PFS TLSv1.3", "TLSv1.3"];
	assert.equal(findNearestPhrase("tlsv1.3 TLSv1.2", known), "TLSv1.2 PFS TLSv1.3");
	assert.equal(findNearestPhrase("SSLv3", known), undefined);
});

test("a suggestion is worded as a question, and nothing is said where there is none", () => {
	assert.equal(suggest("redis"), '; did you mean "redis"?');
	assert.equal(suggest(undefined), "");
});
