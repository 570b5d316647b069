import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Finding } from "../../findings.ts";
import { checkMysql, judgeMysql, type MysqlFacts, readMysqlFacts } from "../../mysql/check.ts";
import { withMysql } from "../../mysql/connection.ts";
import { countMysqlUrls } from "../../objects/mysql-urls.ts";
import type { Login } from "../../postgresql/connection.ts";
import { type MysqlPair, startMysqlPair } from "../support/mysql.ts";

let pair: MysqlPair;
before(async () => {
	pair = await startMysqlPair();
});
after(() => pair?.stop());

/** What the clinic raises as it is: notes of what the copy does by itself, and its one MyISAM table. */
const USUAL = ["mysql-definer-missing", "mysql-engine", "mysql-events", "mysql-float"];

async function findingsOf(source: Login = pair.from, target: Login = pair.into): Promise<Finding[]> {
	return checkMysql({ source, target });
}

/** Seeds a fault, finds it as the one new trap with its fix, and takes it away again. */
async function assertFound(
	trap: string,
	fix: RegExp,
	fault: { source?: string; target?: string },
	undo: { source?: string; target?: string },
): Promise<void> {
	await pair.onSource(fault.source ?? "");
	await pair.onTarget(fault.target ?? "");
	try {
		const found = (await findingsOf()).filter((finding) => !USUAL.includes(finding.trap) || finding.trap === trap);
		assert.deepEqual([...new Set(found.map((finding) => finding.trap))], [trap]);
		assert.match(found.map(({ line }) => line).join("\n"), fix);
	} finally {
		await pair.onSource(undo.source ?? "");
		await pair.onTarget(undo.target ?? "");
	}
}

test("a clinic as it is has no blocker, and an empty database raises nothing", async () => {
	const found = await findingsOf();
	assert.deepEqual(found.map(({ trap }) => trap).toSorted(), USUAL);
	assert.deepEqual(
		found.filter(({ severity }) => severity === "blocker"),
		[],
	);
	await pair.onSource("CREATE DATABASE nothing;");
	assert.deepEqual(await findingsOf({ ...pair.from, url: pair.source.url("nothing") }), []);
});

test("a target that has a table of somebody else's is a blocker", () =>
	assertFound(
		"mysql-target-not-empty",
		/table "stray".*--replace/,
		{ target: "CREATE TABLE stray (id INT);" },
		{ target: "DROP TABLE stray;" },
	));

test("a source that follows another server is a blocker, and a warning of a rehearsal", async () => {
	await assertFound(
		"mysql-replica",
		/source clinic is a replica.*MOVE_SOURCE_/,
		{ source: "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'nobody';" },
		{ source: "RESET SLAVE ALL;" },
	);
	const app = { ...pair.from, url: pair.source.url("clinic", { name: "app", password: "x" }) };
	assert.ok((await findingsOf(app)).some(({ trap }) => trap === "mysql-replica-unknown"));
});

test("a zero date is named with its column", () =>
	assertFound(
		"mysql-zero-dates",
		/"dated\.day".*UPDATE `dated` SET `day` = NULL/,
		{ source: "CREATE TABLE dated (id INT PRIMARY KEY, day DATE);\nINSERT INTO dated VALUES (1, '0000-00-00');" },
		{ source: "DROP TABLE dated;" },
	));

test("a column in utf8mb3 is named", () =>
	assertFound(
		"mysql-utf8mb3",
		/"old\.name".*CONVERT TO CHARACTER SET utf8mb4/,
		{ source: "CREATE TABLE old (id INT PRIMARY KEY, name VARCHAR(9) CHARACTER SET utf8mb3);" },
		{ source: "DROP TABLE old;" },
	));

test("a table without a primary key is a blocker where the target wants one", () =>
	assertFound(
		"mysql-primary-key",
		/table "measurements".*ADD COLUMN id/s,
		{ target: "SET GLOBAL innodb_force_primary_key = ON;" },
		{ target: "SET GLOBAL innodb_force_primary_key = OFF;" },
	));

test("a row that is larger than a packet is a blocker, in hex as it travels", () =>
	assertFound(
		"mysql-packet",
		/table "large" has a row of 700000 bytes.*SET GLOBAL max_allowed_packet = 1073741824 on the target/,
		{
			source:
				"CREATE TABLE large (id INT PRIMARY KEY, body LONGBLOB);\nINSERT INTO large VALUES (1, REPEAT('x', 700000));",
			target: "SET GLOBAL max_allowed_packet = 1048576;",
		},
		{ source: "DROP TABLE large;", target: "SET GLOBAL max_allowed_packet = 67108864;" },
	));

test("a definer whom the source itself lacks is named", async () => {
	const lost = async (made: string, removed: string) => {
		await assertFound("mysql-definer-lost", /ghost@%.*another DEFINER/, { source: made }, { source: removed });
	};
	await lost("CREATE DEFINER = ghost@'%' PROCEDURE haunted() SELECT 1;", "DROP PROCEDURE haunted;");
	await lost("CREATE DEFINER = ghost@'%' VIEW haunted AS SELECT 1;", "DROP VIEW haunted;");
});

test("a view whose definer the source lacks is a blocker", async () => {
	await pair.onSource("CREATE DEFINER = ghost@'%' VIEW haunted AS SELECT id FROM patients;");
	try {
		const found = (await findingsOf()).filter(({ trap }) => trap === "mysql-definer-lost");
		assert.deepEqual(
			found.map(({ severity, object }) => [severity, object]),
			[["blocker", "haunted"]],
		);
	} finally {
		await pair.onSource("DROP VIEW haunted;");
	}
});

test("an event that will not run once the target is live is named", async () => {
	await pair.onTarget("SET GLOBAL event_scheduler = OFF;");
	try {
		const found = (await findingsOf()).filter(({ trap }) => trap === "mysql-events");
		assert.deepEqual(
			found.map(({ severity }) => severity),
			["warning"],
		);
		assert.match(found[0]?.line ?? "", /SET GLOBAL event_scheduler = ON/);
	} finally {
		await pair.onTarget("SET GLOBAL event_scheduler = ON;");
	}
});

test("the app's own user is refused as the one who dumps: triggers, events and routines would be left out", async () => {
	const app = { ...pair.from, url: pair.source.url("clinic", { name: "app", password: "x" }) };
	const traps = (await findingsOf(app)).filter(({ severity }) => severity === "blocker");
	assert.deepEqual(traps.map(({ trap }) => trap).toSorted(), ["mysql-privileges", "mysql-routine-privileges"]);
	assert.match(traps.map(({ line }) => line).join("\n"), /SHOW VIEW, TRIGGER, EVENT/);
});

test("aptible's own user is refused on the target: it sees no accounts, and the binary log refuses its functions", async () => {
	await pair.onTarget("CREATE USER aptible@'%' IDENTIFIED BY 'x';\nGRANT ALL ON db.* TO aptible@'%';");
	try {
		const aptible = { ...pair.into, url: pair.target.url("db", { name: "aptible", password: "x" }) };
		const found = (await findingsOf(pair.from, aptible)).filter(({ severity }) => severity === "blocker");
		assert.deepEqual(found.map(({ trap }) => trap).toSorted(), ["mysql-binary-log", "mysql-target-user"]);
		assert.match(found.map(({ line }) => line).join("\n"), /log_bin_trust_function_creators = 1/);
	} finally {
		await pair.onTarget("DROP USER aptible@'%';");
	}
});

test("what only MySQL's versions differ in is judged from facts of another version", async () => {
	const read = async (login: Login, database: string) =>
		withMysql(login, (session) => readMysqlFacts(session, database));
	const [source, target] = [await read(pair.from, "clinic"), await read(pair.into, "db")];
	const judge = (from: Partial<MysqlFacts>, into: Partial<MysqlFacts>) =>
		judgeMysql(
			{ ...source, nativePasswords: [], version: "8.0.36", ...from },
			{ ...target, version: "8.4.2", accounts: source.accounts, ...into },
		)
			.filter(({ trap }) => !USUAL.includes(trap))
			.map(({ trap, line }) => `${trap}: ${line}`);
	assert.deepEqual(judge({}, {}), []);
	const cases: [RegExp, Partial<MysqlFacts>, Partial<MysqlFacts>][] = [
		[/^mysql-native-password: app@%.*caching_sha2_password/, { nativePasswords: ["app@%"] }, {}],
		[/^mysql-reserved-word: "parallel".*`parallel`/, { objects: [{ kind: "table", name: "parallel" }] }, {}],
		[/^mysql-removed-syntax: "lag".*REPLICA/, { bodies: [{ name: "lag", body: "BEGIN SHOW SLAVE STATUS; END" }] }, {}],
		[/^mysql-version: the target is 8\.0\.36, older/, { version: "8.4.2" }, { version: "8.0.36" }],
		[/^mysql-flavour: /, { version: "10.11.6-MariaDB" }, {}],
		[
			/^mysql-name-case: .*lower case/,
			{ tables: [{ name: "Patients", engine: "InnoDB", bytes: 1, hasPrimaryKey: true }] },
			{ variables: { ...target.variables, lower_case_table_names: "1" } },
		],
	];
	for (const [line, from, into] of cases) {
		const found = judge(from, into);
		assert.equal(found.length, 1, found.join("\n"));
		assert.match(found[0] ?? "", line);
	}
	assert.deepEqual(judge({ objects: [{ kind: "table", name: "rank" }] }, {}), [], "8.0 reserves it already");
});

test("events that run on the source are named before the night", () =>
	assertFound(
		"mysql-events-running",
		/1 events run on the source, and a copy is refused while they do; before it: on the source SET GLOBAL event_scheduler = OFF/,
		{ source: "SET GLOBAL event_scheduler = ON;" },
		{ source: "SET GLOBAL event_scheduler = OFF;" },
	));

test("URLs of a container that moves are counted by table and column", async () => {
	const from = "medfiles.blob.core.windows.net/files";
	await pair.onSource(
		`CREATE TABLE \`doc's\` (id INT, url VARCHAR(200), body JSON, bytes BLOB);
INSERT INTO \`doc's\` VALUES (1, 'https://${from}/a.pdf', '{"a": "https://${from}/b"}', 'x'), (2, 'HTTPS://${from.toUpperCase()}/c', NULL, NULL), (3, 'none', NULL, NULL), (4, 'https://medfiles.blob.core.windows.net/other/d', '{"a": "https://medfiles.blob.core.windows.net%2Ffiles%2Fe"}', NULL);
CREATE TABLE php (body TEXT);
INSERT INTO php VALUES ('{"a":"https:\\\\/\\\\/medfiles.blob.core.windows.net\\\\/files\\\\/b"}');`,
	);
	try {
		const found = await countMysqlUrls(pair.from, [{ from, to: "acmefiles.blob.core.windows.net/documents" }]);
		assert.deepEqual(
			found.map(({ table, column, rows, moved }) => [table, column, rows, moved]),
			[
				["doc's", "url", 3, 2],
				["doc's", "body", 2, 2],
				["php", "body", 1, 1],
			],
		);
	} finally {
		await pair.onSource("DROP TABLE `doc's`, php;");
	}
});
