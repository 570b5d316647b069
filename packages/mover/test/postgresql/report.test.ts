import assert from "node:assert/strict";
import { test } from "node:test";
import type { Counters } from "../../postgresql/counters.ts";
import { describeProof, isPostgresqlProof, makeProof } from "../../postgresql/report.ts";
import { hashSums, type Verification } from "../../postgresql/verify.ts";

const sums = { "16385": { rows: 3, sum: "-17" }, largeObjects: { rows: 0, sum: "0" } };
const equal: Verification = {
	equal: true,
	differences: [],
	notes: [{ object: "database itself", what: "collate", source: "en_us.utf8", target: "c" }],
	sums,
	hash: hashSums(sums),
	sides: {
		source: { systemIdentifier: "71", database: "clinic", version: "15.18" },
		target: { systemIdentifier: undefined, database: "move_7", version: "17.10" },
	},
	compared: { tables: 1, rows: 3, largeObjects: 0, definitions: 12, sequences: 1 },
};
const counted: Counters = {
	nextTransaction: "700",
	writtenRows: "5",
	statisticsSince: null,
	openWriters: 0,
	serverSince: "2026-11-01",
};

test("a report says versions, counts, sums, transactions, what is not judged and what was left behind", () => {
	const proof = makeProof(equal, [counted, counted, { ...counted, nextTransaction: "703" }]);
	assert.ok(proof.equal);
	const kept = JSON.parse(JSON.stringify(proof));
	assert.ok(isPostgresqlProof(kept));
	const text = describeProof("main", kept).join("\n");
	for (const part of [
		"### main: both sides are equal",
		"- source: PostgreSQL 15.18, database clinic, system identifier 71",
		"- target: PostgreSQL 17.10, database move_7, system identifier not told",
		"- compared: 1 tables with 3 rows, 0 large objects, 12 definitions, 1 sequences",
		`- hash over the sums: ${equal.hash}`,
		"- transactions of the source's whole server meanwhile: 3",
		"| database itself | collate | en_us.utf8 | c |",
		"| 16385 | 3 | -17 |",
		"| passwords of roles |",
	]) {
		assert.ok(text.includes(part), part);
	}
});

test("a write during the copy or its proof, and a difference, leave it unproven, and are told in one line of a table", () => {
	const late = makeProof(equal, [counted, counted, { ...counted, writtenRows: "6" }]);
	assert.equal(late.equal, false);
	assert.match(describeProof("main", late).join("\n"), /not proven equal[\s\S]*\| 1 rows of the source were written/);
	const difference = { object: "view clinic.v", what: "definition", source: "SELECT a |\n b", target: "x".repeat(400) };
	const unequal = makeProof({ ...equal, equal: false, differences: [difference] });
	const text = describeProof("main", unequal).join("\n");
	assert.match(text, /\| view clinic\.v: definition: SELECT a \\\| b on the source, x+ \.\.\. \|/);
	assert.match(text, /not looked at, as it was in use/);
});

test("another sum is another hash, and another engine's proof is none of PostgreSQL's", () => {
	assert.notEqual(hashSums(sums), hashSums({ ...sums, "16385": { rows: 3, sum: "-18" } }));
	assert.equal(isPostgresqlProof({ details: { keys: 3 } }), false);
});
