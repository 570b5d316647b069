import assert from "node:assert/strict";
import { once } from "node:events";
import {
	appendFileSync,
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import {
	checkContent,
	checkEvidence,
	formatLine,
	type JournalLine,
	LineRefused,
	parseLine,
} from "../../journal/line.ts";
import { JournalsDiffer, LocalFile, readLocalLines } from "../../journal/local-file.ts";
import type { Evidence } from "../../steps.ts";
import { startProcess } from "../support/mover-process.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "journal-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const line = (seq: number, changes: Partial<JournalLine> = {}): JournalLine => ({
	seq,
	at: "2026-11-30T07:00:00.000Z",
	run: "r7",
	database: "main",
	step: "rows",
	part: "16385.3",
	state: "done",
	holder: "0123456789ab",
	epoch: 2,
	evidence: { rows: 12, sum: "-918273645546372819", ms: 1.5, equal: true, skipped: null },
	...changes,
});

test("a line is read as it was written, in one form whatever the order of its evidence", () => {
	const turned = line(1, { evidence: Object.fromEntries(Object.entries(line(1).evidence).reverse()) });
	assert.equal(formatLine(turned), formatLine(line(1)));
	assert.deepEqual(parseLine(formatLine(turned)), line(1));
});

const NONSENSE = [
	"SELECT * FROM patients",
	"DROP TABLE visits;",
	"postgresql://aptible:secret@db.aptible.in:5432/db",
	"https://example.org/",
	"Ada Lovelace",
	"patients",
	"clinic.patients",
	"ada@example.org",
	"p_all",
	"1980-05-17",
	"0; --",
	"a".repeat(65),
];

test("the journal takes no SQL, URLs, names or values, wherever they stand", () => {
	for (const text of NONSENSE) {
		const wrong: Record<string, JournalLine> = {
			run: line(1, { run: text }),
			step: line(1, { step: text as JournalLine["step"] }),
			part: line(1, { part: text }),
			state: line(1, { state: text as JournalLine["state"] }),
			holder: line(1, { holder: text }),
			database: line(1, { database: text }),
			value: line(1, { evidence: { sum: text } }),
			key: line(1, { evidence: { [text]: 1 } }),
		};
		for (const [field, one] of Object.entries(wrong)) {
			assert.throws(
				() => checkContent(one, new Set(["main", ""])),
				(error) => error instanceof LineRefused && !error.message.includes(text),
				`${field}: ${text}`,
			);
		}
	}
});

test("evidence is numbers, sums, hashes, versions, times, ids of runs and words of a list; nothing is nested", () => {
	const fine: Evidence[] = [
		{ rows: 0, bytes: 2 ** 40 },
		{ sum: "123456789012345678901234567890" },
		{ hash: "0123456789abcdef" },
		{ version: "17.10" },
		{ into: "move_7", run: "r7" },
		{ format: "binary" },
		{ sqlstate: "57P01" },
	];
	for (const evidence of fine) checkEvidence(evidence);
	const wrong = [
		{ rows: Number.NaN },
		{ rows: Number.POSITIVE_INFINITY },
		{ rows: { of: 1 } },
		{ rows: [1] },
		{ sqlstate: "SMITH" },
		{ sum: "12 Main Street" },
		["rows"],
		null,
		"rows",
	];
	for (const evidence of wrong) {
		assert.throws(() => checkEvidence(evidence as unknown as Evidence), LineRefused, JSON.stringify(evidence));
	}
});

const open = (file: string, server: readonly JournalLine[]) => LocalFile.open(file, async () => server);

test("the file takes over what the server has, once, and each line is there when it was appended", async () => {
	const file = path.join(folder, "a", "stage.jsonl");
	const first = await open(file, [line(1), line(3)]);
	first.append([line(4)]);
	first.close();
	const second = await open(file, [line(1), line(3), line(4), line(5)]);
	second.close();
	assert.deepEqual(
		readLocalLines(file).lines.map(({ seq }) => seq),
		[1, 3, 4, 5],
	);
});

test("a last line that a killed process left half is recognised, cut off and written anew from the server", async () => {
	const file = path.join(folder, "torn.jsonl");
	(await open(file, [line(1), line(2)])).close();
	const whole = readFileSync(file);
	const end = whole.length;
	for (let bytes = end - 1; bytes > end / 2; bytes -= 1) {
		writeFileSync(file, whole);
		truncateSync(file, bytes);
		const cut = await open(file, [line(1), line(2)]);
		cut.close();
		assert.equal(cut.wasTorn, true);
		assert.deepEqual(readFileSync(file), whole, `${bytes} of ${end} bytes`);
	}
});

test("a whole line that is none stops the run, and says where it stands", async () => {
	const file = path.join(folder, "broken.jsonl");
	(await open(file, [line(1)])).close();
	appendFileSync(file, '{"seq":2,"run":"SELECT 1"}\n');
	await assert.rejects(open(file, [line(1)]), { name: "JournalsDiffer", message: /broken\.jsonl:2: / });
	writeFileSync(file, `${formatLine(line(2))}\n${formatLine(line(1))}\n`);
	assert.throws(() => readLocalLines(file), { name: "JournalsDiffer", message: /number 1 stands after 2/ });
});

test("unequal lines under one number stop the run with both lines; so does a line that the server has not", async () => {
	const file = path.join(folder, "unequal.jsonl");
	(await open(file, [line(1), line(2)])).close();
	const other = line(2, { evidence: { rows: 13 } });
	await assert.rejects(
		open(file, [line(1), other]),
		(error) =>
			error instanceof JournalsDiffer &&
			error.message.includes(formatLine(line(2))) &&
			error.message.includes(formatLine(other)),
	);
	await assert.rejects(open(file, [line(1)]), {
		name: "JournalsDiffer",
		message: /line 2 is in .* and not in/,
	});
	assert.equal(readLocalLines(file).lines.length, 2, "the file is as it was");
});

test("many processes that take over the server's lines at once have each line in the file once", async () => {
	const file = path.join(folder, "many.jsonl");
	(await open(file, [line(1)])).close();
	const taker = path.join(import.meta.dirname, "../support/journal-taker.ts");
	const takers = Array.from({ length: 8 }, () =>
		startProcess(taker, { FILE: file, LINES: JSON.stringify(Array.from({ length: 300 }, (_, n) => line(n + 1))) }),
	);
	await Promise.all(takers.map((one) => one.says(/ready/)));
	// All begin with the same moment.
	writeFileSync(`${file}.go`, "");
	for (const one of takers) {
		if (one.child.exitCode === null) await once(one.child, "exit");
		assert.equal(one.child.exitCode, 0, one.output);
	}
	const seqs = readFileSync(file, "utf8")
		.trim()
		.split("\n")
		.map((text) => JSON.parse(text).seq);
	assert.deepEqual(
		seqs,
		Array.from({ length: 300 }, (_, n) => n + 1),
	);
	assert.equal(existsSync(`${file}.lock`), false);
});

test("a lock that a killed process left, and lines that stand there twice, hold up nobody; unequal ones do", async () => {
	const file = path.join(folder, "twice.jsonl");
	writeFileSync(`${file}.lock`, "");
	utimesSync(`${file}.lock`, new Date(0), new Date(0));
	(await open(file, [line(1), line(2)])).close();
	appendFileSync(file, [line(1), line(2), line(3)].map((one) => `${formatLine(one)}\n`).join(""));
	assert.deepEqual(
		readLocalLines(file).lines.map(({ seq }) => seq),
		[1, 2, 3],
	);
	(await open(file, [line(1), line(2), line(3), line(4)])).close();
	assert.equal(readLocalLines(file).lines.length, 4);
	appendFileSync(file, `${formatLine(line(2, { evidence: { rows: 13 } }))}\n`);
	assert.throws(() => readLocalLines(file), { name: "JournalsDiffer", message: /number 2 stands after 4/ });
});

test("a line that another process has taken over since the server was asked is no difference", async () => {
	const file = path.join(folder, "later.jsonl");
	(await open(file, [line(1)])).close();
	const first = await LocalFile.open(file, async () => {
		(await open(file, [line(1), line(2)])).close();
		return [line(1)];
	});
	first.append([line(2), line(3)]);
	first.close();
	assert.deepEqual(
		readLocalLines(file).lines.map(({ seq }) => seq),
		[1, 2, 3],
	);
});
