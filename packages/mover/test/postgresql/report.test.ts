import assert from "node:assert/strict";
import { test } from "node:test";
import type { Counters } from "../../postgresql/counters.ts";
import { type AuditInput, describeAudit, makeAudit } from "../../postgresql/report.ts";
import { hashSums, type Verification } from "../../postgresql/verify.ts";

const sums = { "16385": { rows: 3, sum: "-17" }, largeObjects: { rows: 0, sum: "0" } };
const proven: Verification = {
	equal: true,
	differences: [],
	notes: [],
	sums,
	hash: hashSums(sums),
	compared: { tables: 1, rows: 3, largeObjects: 0, definitions: 12, sequences: 1 },
};
const counted: Counters = {
	nextTransaction: "700",
	writtenRows: "5",
	statisticsSince: null,
	openWriters: 0,
	serverSince: "2026-11-01",
};
const input: AuditInput = {
	name: "main",
	run: "r7",
	who: "ana@acme.example",
	from: "2026-11-30T02:00:00Z",
	to: "2026-11-30T02:14:00Z",
	pins: {
		source: { systemIdentifier: "71", database: "clinic", version: "15.18" },
		target: { systemIdentifier: "72", database: "db", version: "17.10" },
		stage: "prod",
		aptibleId: "4711",
	},
	verification: proven,
	counters: { beforeCopy: counted, afterCopy: counted, afterProof: { ...counted, nextTransaction: "703" } },
	operations: [12, 13],
};

test("a report says who, when, what, versions, sums, counts, operations and what was left behind", () => {
	const audit = makeAudit(input);
	const text = describeAudit(audit);
	assert.ok(audit.isProven);
	for (const part of [
		"## Database main: both sides are equal",
		"run r7, asked for by ana@acme.example, from 2026-11-30T02:00:00Z to 2026-11-30T02:14:00Z",
		"PostgreSQL 15.18, database clinic, system identifier 71",
		"PostgreSQL 17.10, database db, system identifier 72, stage prod, id at Aptible 4711",
		"operations at Aptible: 12, 13",
		"1 tables with 3 rows, 0 large objects, 12 definitions, 1 sequences",
		`hash over the sums: ${proven.hash}`,
		"after its proof: none (transactions of the whole server: 3)",
		"| 16385 | 3 | -17 |",
		"| passwords of roles |",
	]) {
		assert.ok(text.includes(part), part);
	}
	assert.deepEqual(JSON.parse(JSON.stringify(audit)).verification.sums, sums);
});

test("a write during the copy or the proof, and a difference, leave it unproven, and are told", () => {
	const afterProof = { ...counted, writtenRows: "6" };
	const late = makeAudit({ ...input, counters: { beforeCopy: counted, afterCopy: counted, afterProof } });
	assert.equal(late.isProven, false);
	assert.match(describeAudit(late), /not proven equal[\s\S]*1 rows of the source were written/);
	const difference = { object: "view clinic.v", what: "definition", source: "SELECT a |\n b", target: "" };
	const unequal = makeAudit({ ...input, verification: { ...proven, equal: false, differences: [difference] } });
	assert.match(describeAudit(unequal), /\| view clinic\.v \| definition \| SELECT a \\\| b \| {2}\|/);
});

test("a rehearsal on a source in use says that nobody counted writes", () => {
	const { counters: _, ...live } = input;
	const audit = makeAudit(live);
	assert.ok(audit.isProven);
	assert.match(describeAudit(audit), /writes to the source: not looked at, as it was in use/);
});

test("another sum is another hash", () => {
	assert.notEqual(hashSums(sums), hashSums({ ...sums, "16385": { rows: 3, sum: "-18" } }));
});
