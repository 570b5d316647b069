/** Tables that no dump carries, definers that are gone, rows that are large, and connections that end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, test } from "node:test";
import { isConnectionError } from "../../journal/errors.ts";
import { withMysql } from "../../mysql/connection.ts";
import { copyMysql } from "../../mysql/copy.ts";
import { verifyMysql } from "../../mysql/verify.ts";
import type { Login } from "../../postgresql/connection.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { type MysqlPair, startMysqlPair } from "../support/mysql.ts";
import { Relay } from "../support/relay.ts";

let pair: MysqlPair;
let epoch = 0;
before(async () => {
	pair = await startMysqlPair();
});
beforeEach(async () => {
	epoch += 1;
	await pair.emptyTarget();
});
after(() => pair?.stop());

const report = () => {};

async function copy(ends: { source?: Login; target?: Login } = {}): Promise<void> {
	const sides = { source: pair.from, target: pair.into, ...ends };
	await copyMysql({ ...sides, steps: memorySteps({ epoch }), jobs: 2, report });
}

async function differences(): Promise<string[]> {
	const found = await verifyMysql({ source: pair.from, target: pair.into, jobs: 2, report });
	return found.differences.map(({ kind, object, line }) => `${kind} ${object}: ${line}`);
}

test("no value is written to a generated column, which MySQL would refuse", async () => {
	await pair.onTarget("SET GLOBAL log_output = 'TABLE';\nSET GLOBAL general_log = ON;");
	await copy();
	await pair.onTarget("SET GLOBAL general_log = OFF;");
	const written = await withMysql(pair.into, (session) =>
		session.rows(
			"SELECT CONVERT(argument USING utf8mb4) AS sql_text FROM mysql.general_log WHERE argument LIKE 'INSERT INTO%`patients`%'",
		),
	);
	assert.ok(written.length > 0);
	for (const { sql_text: sql } of written) {
		assert.match(sql ?? "", /^INSERT INTO `db`\.`patients` \(`id`, `name`, [^)]*`note`, `changed`\) VALUES/);
	}
	assert.deepEqual(await differences(), []);
});

test("a definer that the source has no more is made with the usual privileges, and is no difference", async () => {
	await pair.onSource(
		"CREATE USER gone@'%' IDENTIFIED BY 'x';\nGRANT SELECT ON clinic.* TO gone@'%';\nCREATE DEFINER = gone@'%' PROCEDURE theirs() SELECT 1;\nDROP USER gone@'%';",
	);
	try {
		await copy();
		assert.deepEqual(await differences(), []);
		await pair.onTarget("REVOKE SELECT ON db.* FROM gone@'%';");
		assert.match((await differences()).join("\n"), /definer gone@%: differs: privileges/);
	} finally {
		await pair.onSource("DROP PROCEDURE theirs;");
	}
});

test("a view whose definer the source lacks cannot be copied, which is why check has it for a blocker", async () => {
	await pair.onSource("CREATE DEFINER = ghost@'%' VIEW haunted AS SELECT id FROM patients;");
	try {
		await assert.rejects(copy(), /refused a statement of the dump|haunted/);
	} finally {
		await pair.onSource("DROP VIEW haunted;");
	}
});

const LARGE = `CREATE TABLE large (id INT PRIMARY KEY, weight FLOAT, body LONGBLOB);
INSERT INTO large WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) SELECT i, i / 3, REPEAT(CHAR(i), 3000000) FROM n;`;

// By their number, all 80 would: 240 MB beside what Node and each row's SQL take.
test("rows of 3 MB wait by their bytes and not by their number: the mover stays below 340 MB", async () => {
	await pair.onSource(LARGE);
	try {
		const child = spawn(
			process.execPath,
			["--disable-warning=ExperimentalWarning", path.join(import.meta.dirname, "../support/mysql-copy-child.ts")],
			{
				env: {
					...process.env,
					SOURCE: JSON.stringify(pair.from),
					TARGET: JSON.stringify(pair.into),
					EPOCH: String(epoch),
				},
				stdio: ["ignore", "pipe", "inherit"],
			},
		);
		const megabytes = Number(await text(child.stdout)) / 1024;
		assert.ok(megabytes > 0 && megabytes < 340, `${megabytes} MB`);
		const count = await withMysql(pair.into, (session) => session.value("SELECT COUNT(*) FROM large"));
		assert.equal(count, "80");
	} finally {
		await pair.onSource("DROP TABLE large;");
	}
});

const WAYS = { "a dump": "INT", "the mover's own reading": "FLOAT" };

for (const [way, type] of Object.entries(WAYS)) {
	for (const side of ["source", "target"] as const) {
		test(`the ${side}'s connection is reset in the middle of ${way}: it is told as that, and the next try goes on`, async () => {
			await pair.onSource(LARGE.replace("FLOAT", type).replace("i < 80", "i < 5"));
			const relay = await Relay.to(pair[side].port);
			try {
				relay.resetOnceAt(6e6);
				const login = side === "source" ? pair.from : pair.into;
				const held = { [side]: { ...login, url: relay.through(login.url) } };
				await assert.rejects(copy(held), (error: Error) => {
					assert.ok(isConnectionError(error), `${error.name}: ${error.message}`);
					return true;
				});
				await copy(held);
				assert.deepEqual(await differences(), []);
			} finally {
				await relay.stop();
				await pair.onSource("DROP TABLE large;");
			}
		});
	}
}
