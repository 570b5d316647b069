import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withMysql } from "../../mysql/connection.ts";
import { copyMysql, type MysqlCopy } from "../../mysql/copy.ts";
import { changesOfMysql, readMysqlCounters } from "../../mysql/counters.ts";
import { dumpFlags } from "../../mysql/dump.ts";
import { startEvents } from "../../mysql/events.ts";
import { dropCopy, NOTES, releaseTarget } from "../../mysql/target.ts";
import { type MysqlVerification, verifyMysql } from "../../mysql/verify.ts";
import type { Evidence } from "../../steps.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { type MysqlPair, startMysqlPair } from "../support/mysql.ts";

let pair: MysqlPair;
before(async () => {
	pair = await startMysqlPair();
});
after(() => pair?.stop());

function copyOf(options: Partial<MysqlCopy> = {}): MysqlCopy {
	return { source: pair.from, target: pair.into, steps: memorySteps(), jobs: 2, report: () => {}, ...options };
}

function verify(): Promise<MysqlVerification> {
	return verifyMysql({ source: pair.from, target: pair.into, jobs: 2, report: () => {} });
}

async function onTarget(sql: string): Promise<string | null | undefined> {
	return withMysql(pair.into, (session) => session.value(sql));
}

/** A `mariadb-dump` of our own, first on PATH, that does to the real one's output what a fault does. */
async function withDump(script: string, use: () => Promise<void>): Promise<void> {
	const folder = await mkdtemp(path.join(os.tmpdir(), "fake-dump-"));
	const before = process.env.PATH;
	const real = `PATH="${before}" mariadb-dump`;
	await writeFile(
		path.join(folder, "mariadb-dump"),
		`#!/bin/bash\nif [ "$1" = --version ]; then exec env ${real} --version; fi\n${script.replaceAll("REAL", `env ${real}`)}\n`,
	);
	await chmod(path.join(folder, "mariadb-dump"), 0o755);
	process.env.PATH = `${folder}${path.delimiter}${before}`;
	try {
		await use();
	} finally {
		process.env.PATH = before;
		await rm(folder, { recursive: true });
	}
}

test("flags that MariaDB's client does not know are given to MySQL's alone", () => {
	const own = ["--set-gtid-purged=OFF", "--column-statistics=0"];
	const maria = dumpFlags("mariadb-dump from 11.8.9-MariaDB, client 10.19 for debian-linux-gnu (x86_64)");
	const mysql = dumpFlags("mysqldump  Ver 8.4.2 for Linux on x86_64 (MySQL Community Server - GPL)");
	assert.deepEqual(
		own.map((flag) => [maria.includes(flag), mysql.includes(flag)]),
		own.map(() => [false, true]),
	);
	for (const flag of ["--single-transaction", "--quick", "--hex-blob", "--no-tablespaces"])
		assert.ok(maria.includes(flag));
});

test("a clinic is copied with all that is in it, both sides are equal, and nobody wrote at the source", async () => {
	const before = await readMysqlCounters(pair.from);
	const steps = memorySteps();
	const { counters, ...result } = await copyMysql(copyOf({ steps }));
	assert.deepEqual(changesOfMysql(...counters), []);
	assert.deepEqual(result, { tables: 8, withoutDump: 2, rows: 2250, definers: 1, events: 2 });
	const proof = await verify();
	assert.deepEqual(proof.differences, []);
	assert.equal(proof.sums.measurements?.rows, "900");
	assert.deepEqual(changesOfMysql(before, await readMysqlCounters(pair.from)), []);
	assert.deepEqual((await verify()).hash, proof.hash, "the record's hash is the same for the same data");

	const again = memorySteps();
	await copyMysql(copyOf({ steps: again }));
	assert.deepEqual(again.acted, [], "what is done is not done twice");
});

test("events are off on the target until it is live, and then those run that ran", async () => {
	// At the source the event is due each second and would empty the table.
	await sleep(1500);
	assert.equal(await onTarget("SELECT COUNT(*) FROM audit"), "3");
	assert.equal(
		await onTarget("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_NAME = 'sweep'"),
		"SLAVESIDE_DISABLED",
	);
	await pair.onTarget("SET GLOBAL event_scheduler = OFF;");
	const start = () => withMysql(pair.into, (session) => startEvents(session, "db"));
	assert.deepEqual(await start(), { started: 1, isRunning: false });
	assert.deepEqual(await start(), { started: 0, isRunning: false });
	const states = await withMysql(pair.into, (session) =>
		session.rows("SELECT EVENT_NAME AS name, STATUS AS status FROM information_schema.EVENTS ORDER BY 1"),
	);
	assert.deepEqual(states, [
		{ name: "resting", status: "DISABLED" },
		{ name: "sweep", status: "ENABLED" },
	]);
	assert.deepEqual((await verify()).differences, [], "its definer, its mode and its time zone are its own");
	await pair.onTarget("ALTER DEFINER = clinic_owner@'%' EVENT sweep DISABLE ON SLAVE;");
});

/** A silent fault in a finished copy, what the proof has to say of it, and how it is taken away again. */
type Silent = [string, string, string, RegExp];

/** Each of an object of its own, so that one proof shows all of them. */
const SILENT: readonly Silent[] = [
	["a row that is missing", "DELETE FROM visits WHERE id = 7;", "", /rows visits: 900 rows on the source, 899/],
	[
		"a row that is there twice",
		"INSERT INTO `odd ``name` VALUES (1, 'x');",
		"DELETE FROM `odd ``name` LIMIT 1;",
		/rows odd `name: 3 rows/,
	],
	[
		"FLOAT digits lost",
		"UPDATE measurements SET weight = 8001.14 WHERE visit = 8;",
		"",
		/rows measurements: 900 rows on both sides/,
	],
	[
		"a view that answers NULL",
		"CREATE OR REPLACE DEFINER = clinic_owner@'%' VIEW patients_shown AS SELECT 1 AS id, NULL AS shown, NULL AS born;",
		"",
		/view patients_shown: differs: view_definition/,
	],
	[
		"an index that is missing",
		"DROP INDEX by_name ON patients;",
		"CREATE INDEX by_name ON patients (name(20), born);",
		/index patients\.by_name\.1: is on the source and not/,
	],
	["a trigger that is missing", "DROP TRIGGER visits_in;", "", /trigger visits_in: is on the source/],
	[
		"a function with another body",
		"ALTER PROCEDURE clean_up COMMENT 'x';",
		"ALTER PROCEDURE clean_up COMMENT '';",
		/routine clean_up: differs: routine_comment/,
	],
	["an event that is missing", "DROP EVENT resting;", "", /event resting: is on the source/],
	["a table too many", "CREATE TABLE extra (id INT);", "DROP TABLE extra;", /table extra: is on the target/],
	[
		"a counter that is behind",
		"ALTER TABLE patients AUTO_INCREMENT = 402;",
		"",
		/auto_increment patients: differs: next/,
	],
	[
		"a blob with one byte changed",
		"UPDATE documents SET body = INSERT(body, 5, 1, 'Z') WHERE id = 3;",
		"",
		/rows documents/,
	],
	[
		"a privilege of a definer that is lost",
		"REVOKE UPDATE ON db.* FROM clinic_owner@'%';",
		"GRANT UPDATE ON db.* TO clinic_owner@'%';",
		/definer clinic_owner@%: differs: privileges/,
	],
	[
		"a foreign key that is missing",
		"ALTER TABLE visits DROP FOREIGN KEY of_patient;",
		"",
		/constraint visits\.of_patient: is on the source/,
	],
	[
		"a column with another default",
		"ALTER TABLE patients ALTER kind SET DEFAULT 'in';",
		"",
		/column patients\.kind: differs: column_default/,
	],
];

/** Of what has had another fault. */
const SILENT_TOO: readonly Silent[] = [
	[
		"a moved NULL",
		"UPDATE `odd ``name` SET `select` = NULL, `a b` = 'x' WHERE `select` IS NULL;",
		"",
		/rows odd `name/,
	],
];

test("each silent fault in a finished copy is named", async () => {
	const known = new Set<string>();
	for (const faults of [SILENT, SILENT_TOO]) {
		await pair.onTarget(faults.map(([, fault]) => fault).join("\n"));
		const { equal, differences } = await verify();
		assert.equal(equal, false);
		const lines = differences.map((difference) => `${difference.kind} ${difference.object}: ${difference.line}`);
		const fresh = lines.filter((each) => !known.has(each));
		for (const [name, , , line] of faults) assert.equal(fresh.filter((each) => line.test(each)).length, 1, name);
		for (const line of lines) known.add(line);
		// What has no short way back stays, and goes with the next copy.
		await pair.onTarget(faults.map(([, , undo]) => undo).join("\n"));
	}
});

test("a definer who is gone is named by each view that is called", async () => {
	await pair.onTarget("DROP USER clinic_owner@'%';");
	const { differences } = await verify();
	const views = differences.filter(({ kind, line }) => kind === "view" && line.includes("cannot be read"));
	assert.deepEqual(views.map(({ object }) => object).toSorted(), ["a_second", "patients_shown"]);
	assert.match(views[0]?.line ?? "", /1449/);
});

test("a new run empties what an earlier one has made, and makes all of it again", async () => {
	await copyMysql(copyOf({ steps: memorySteps({ run: "r8", epoch: 2 }) }));
	assert.deepEqual((await verify()).differences, []);
});

test("a table that appeared is named, and goes with --replace alone", async () => {
	await pair.onTarget("CREATE TABLE appeared (id INT);\nINSERT INTO appeared VALUES (1);");
	const steps = memorySteps({ run: "r9", epoch: 3 });
	await assert.rejects(copyMysql(copyOf({ steps })), /has table "appeared", which no copy has made.*--replace/);
	assert.equal(await onTarget("SELECT COUNT(*) FROM appeared"), "1");
	assert.equal(await onTarget("SELECT COUNT(*) FROM visits"), "900", "nothing of the former copy has gone");
	await copyMysql(copyOf({ steps, replace: true }));
	assert.deepEqual((await verify()).differences, []);
});

const changesSince = async (before: Evidence) => changesOfMysql(before, await readMysqlCounters(pair.from)).join();

test("a late writer is seen by the counters and by the proof; a writer of another database is none", async () => {
	const before = await readMysqlCounters(pair.from);
	await withMysql({ ...pair.from, url: pair.source.url("mysql") }, async (session) => {
		await session.run("CREATE TEMPORARY TABLE other (id INT)");
		await session.run("INSERT INTO other VALUES (1)");
	});
	assert.equal(await changesSince(before), "");
	await pair.onSource("INSERT INTO audit (line) VALUES ('late');");
	assert.match(await changesSince(before), /^1 rows of the source were written meanwhile; find who writes/);
	assert.match(
		(await verify()).differences.map(({ line }) => line).join("\n"),
		/4 rows on the source, 3 on the target/,
	);
	await pair.onSource("DELETE FROM audit WHERE line = 'late';");
	const { rows: _, ...without } = await readMysqlCounters(pair.from);
	assert.match(changesOfMysql(without, { ...without, started: 0 }).join(), /was restarted/);
	assert.match(changesOfMysql(without, { ...without, writes: 0 }).join(), /statistics were reset/);
});

test("where a server counts no rows, its statements and its log are counted; an open writer and a running event are named", async () => {
	const switched = (state: string) =>
		pair.onSource(
			`UPDATE performance_schema.setup_instruments SET ENABLED = '${state}' WHERE NAME = 'wait/io/table/sql/handler';`,
		);
	await switched("NO");
	try {
		const before = await readMysqlCounters(pair.from);
		await pair.onSource("UPDATE documents SET title = title WHERE id = 1;");
		assert.match(
			await changesSince(before),
			/^the source's server wrote meanwhile \(1 statements, .*performance_schema = ON/,
		);
	} finally {
		await switched("YES");
	}
	const before = await readMysqlCounters(pair.from);
	await withMysql(pair.from, async (session) => {
		await session.run("BEGIN");
		await session.run("DELETE FROM documents WHERE id = 1");
		// A server tells of its transactions anew ten times a second.
		await sleep(200);
		assert.match(await changesSince(before), /1 transactions on the source have written and are open; end them/);
		await session.run("ROLLBACK");
	});
	await pair.onSource(
		"ALTER DEFINER = clinic_owner@'%' EVENT sweep DISABLE ON SLAVE;\nSET GLOBAL event_scheduler = ON;",
	);
	assert.doesNotMatch(await changesSince(before), /events run/);
	await pair.onSource("CREATE EVENT late ON SCHEDULE EVERY 1 DAY DO SET @x = 1;");
	assert.match(
		await changesSince(before),
		/1 events run on the source; on the source SET GLOBAL event_scheduler = OFF/,
	);
	await pair.onSource("SET GLOBAL event_scheduler = OFF;\nDROP EVENT late;");
	// What the source has for another server's goes on at the target, as one that is on.
	await copyMysql(copyOf({ steps: memorySteps({ run: "r90", epoch: 4 }) }));
	assert.deepEqual((await verify()).differences, []);
	await pair.onSource("ALTER DEFINER = clinic_owner@'%' EVENT sweep ENABLE;");
	assert.deepEqual((await verify()).differences, []);
});

test("a dump that ends early is no dump, whatever its exit code", async () => {
	const cases: [string, RegExp][] = [
		['REAL "$@" | head -c 3000; exit 0', /without its last line "-- Dump completed"/],
		['REAL "$@"; exit 2', /mariadb-dump ended with 2/],
		["REAL \"$@\" | sed 's/^-- Dump completed.*//'", /without its last line/],
		[
			"echo 'CREATE TABLE broken (id INT'; echo ';'; REAL \"$@\"",
			/the target refused a statement of the dump: ERROR 1064/,
		],
		["kill -9 $$", /ended with a signal/],
	];
	let epoch = 10;
	for (const [script, message] of cases) {
		await withDump(script, () =>
			assert.rejects(copyMysql(copyOf({ steps: memorySteps({ run: "r10", epoch: epoch++ }) })), message),
		);
	}
	await copyMysql(copyOf({ steps: memorySteps({ run: "r10", epoch: epoch++ }) }));
	assert.deepEqual((await verify()).differences, []);
});

test("an error of the target's quotes no value of a patient's, and no password is in an argument", async () => {
	const folder = await mkdtemp(path.join(os.tmpdir(), "seen-"));
	const seen = path.join(folder, "args");
	const statements = "CREATE TABLE twice (x VARCHAR(50) PRIMARY KEY); INSERT INTO twice VALUES ('secret'), ('secret');";
	const script = `cat /proc/$$/cmdline > ${seen}; echo "${statements}"; echo "-- Dump completed"`;
	await withDump(script, async () => {
		const steps = memorySteps({ run: "r11", epoch: 20 });
		await assert.rejects(copyMysql(copyOf({ steps })), (error: Error) => {
			assert.match(error.message, /refused a statement of the dump: ERROR 1062/);
			assert.doesNotMatch(error.message, /secret/);
			return true;
		});
	});
	const args = await readFile(seen, "utf8");
	await rm(folder, { recursive: true });
	await pair.onTarget("DROP TABLE twice;");
	assert.match(args, /--user=root/);
	assert.equal(args.includes(pair.source.password), false);
});

test("a mover of a former epoch writes nothing any more", async () => {
	await copyMysql(copyOf({ steps: memorySteps({ run: "r12", epoch: 30 }) }));
	const old = memorySteps({ run: "r13", epoch: 29 });
	await assert.rejects(
		copyMysql(copyOf({ steps: old })),
		/a mover of epoch 30 holds this target, and this one has epoch 29/,
	);
	// Taken over between its start and its rows.
	const steps = memorySteps({
		run: "r13",
		epoch: 31,
		onMoment: (moment, name) =>
			moment === "begin" && name === "rows" ? pair.onTarget(`UPDATE ${NOTES}.holder SET epoch = 32;`) : undefined,
	});
	await assert.rejects(copyMysql(copyOf({ steps })), /another mover holds this target/);
	assert.equal(await onTarget("SELECT COUNT(*) FROM visits"), "0");
});

const CHILD = path.join(import.meta.dirname, "../support/mysql-copy-child.ts");

/** Runs the copy in a process of its own that kills itself at a moment; `after` milliseconds into it where it is given. */
async function runAndKill(epoch: number, moment: string): Promise<ChildProcess> {
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD], {
		env: {
			...process.env,
			SOURCE: JSON.stringify(pair.from),
			TARGET: JSON.stringify(pair.into),
			EPOCH: String(epoch),
			MOMENT: moment,
		},
		stdio: ["ignore", "ignore", "inherit"],
	});
	await once(child, "exit");
	return child;
}

test("killed at any moment, the next run goes on, and no row is lost or doubled", async () => {
	await pair.emptyTarget();
	const moments = [
		"acted create-database",
		"acted pre-data",
		"during rows",
		"acted rows",
		"during post-data",
		"acted analyze",
	];
	let epoch = 100;
	for (const moment of moments) {
		const child = await runAndKill(epoch++, moment);
		assert.equal(child.signalCode, "SIGKILL", moment);
	}
	await pair.target.crash();
	await pair.target.start();
	const steps = memorySteps({ run: "r7", epoch });
	await copyMysql(copyOf({ steps }));
	assert.deepEqual((await verify()).differences, []);
	assert.ok(!steps.acted.includes("pre-data"), "the tables were made before the kill, and are not made again");
});

test("a copy that is dropped leaves nothing; what no copy has made is refused, and released it is nobody's to empty", async () => {
	const steps = () => memorySteps({ run: "r20", epoch: 200 });
	await copyMysql(copyOf({ steps: steps() }));
	await pair.onTarget("CREATE TABLE appeared (id INT);");
	await assert.rejects(dropCopy(pair.into, 200), /has table "appeared", which no copy has made/);
	await pair.onTarget("DROP TABLE appeared;");
	await dropCopy(pair.into, 200);
	assert.equal(await onTarget("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'db'"), "0");
	await copyMysql(copyOf({ steps: steps() }));
	await releaseTarget(pair.into);
	assert.equal(await onTarget(`SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${NOTES}'`), "0");
	await dropCopy(pair.into, 201);
	assert.equal(await onTarget("SELECT COUNT(*) FROM visits"), "900");
	await assert.rejects(copyMysql(copyOf({ steps: memorySteps({ run: "r99", epoch: 1 }) })), /which no copy has made/);
});
