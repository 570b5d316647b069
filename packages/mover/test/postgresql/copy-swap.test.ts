/** The swap on a real server: both renames and the journal's line or nothing, whatever happens. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { after, before, beforeEach, test } from "node:test";
import { connect, withSession } from "../../postgresql/connection.ts";
import { dropFormer, type SwapOptions, swapDatabase } from "../../postgresql/swap.ts";
import { dropDatabase, enter, fence } from "../../postgresql/target.ts";
import { execute, startTarget, type Target } from "../support/databases.ts";
import { tableJournal } from "../support/killed-swap.ts";
import { memorySteps } from "../support/memory-steps.ts";

const PROGRAM = path.join(import.meta.dirname, "../support/killed-swap.ts");

let target: Target;

before(async () => {
	target = await startTarget(17);
	await server("CREATE DATABASE move");
	await execute(login("move"), "CREATE TABLE public.verified (run text); CREATE TABLE public.swapped (epoch int)");
	await server("CREATE ROLE app LOGIN PASSWORD 'x'");
});
after(() => target?.server.stop());
beforeEach(async () => {
	for (const name of ["move_7", "db_before_7"]) await dropDatabase(target.login, name);
	await server("DROP DATABASE IF EXISTS db WITH (FORCE)", "CREATE DATABASE db", "CREATE DATABASE move_7");
	await execute(login("move"), "TRUNCATE public.verified, public.swapped; INSERT INTO public.verified VALUES ('r7')");
	await execute(login("db"), "CREATE TABLE public.which AS SELECT 'former' AS name");
	await withSession(login("move_7"), {}, (client) => enter(client, 1));
	await execute(login("move_7"), "CREATE TABLE public.which AS SELECT 'copy' AS name");
});

const login = (database: string) => ({ url: target.server.url(database) });

async function server(...statements: string[]): Promise<void> {
	for (const sql of statements) await withSession(login("postgres"), {}, (client) => client.query(sql));
}

const options = (changes: Partial<SwapOptions> = {}): SwapOptions => ({
	target: target.login,
	database: "db",
	into: "move_7",
	steps: memorySteps(),
	journal: tableJournal("r7", 1),
	...changes,
});

async function which(database: string): Promise<string> {
	return withSession(
		login(database),
		{},
		async (client) => (await client.query("SELECT name FROM public.which")).rows[0].name,
	);
}

async function state(): Promise<{ databases: string[]; lines: number }> {
	const { rows } = await withSession(login("move"), {}, (client) =>
		client.query(
			"SELECT datname || CASE WHEN datallowconn THEN '' ELSE ' closed' END AS line FROM pg_database WHERE datname ~ '^(db|move_)' ORDER BY 1",
		),
	);
	const lines = await withSession(login("move"), {}, (client) => client.query("SELECT FROM public.swapped"));
	return { databases: rows.map(({ line }) => line), lines: lines.rows.length };
}

const SWAPPED = { databases: ["db", "db_before_7 closed"], lines: 1 };
const UNTOUCHED = { databases: ["db", "move_7"], lines: 0 };

test("a verified copy takes the name, with the rights and settings of what it replaces; what that was stays until the end", async () => {
	await server(
		"GRANT CONNECT, CREATE ON DATABASE db TO app",
		"ALTER DATABASE db SET work_mem = '9MB'",
		'ALTER ROLE app IN DATABASE db SET search_path = a, "B c"',
		"ALTER DATABASE db SET statement_timeout = '1s'",
		"ALTER DATABASE move_7 SET statement_timeout = '2s'",
	);
	await server("CREATE DATABASE db_before_7");
	await assert.rejects(dropFormer({ target: target.login, database: "db", into: "move_7" }), /is not dropped/);
	await assert.rejects(swapDatabase(options()), /has a database db_before_7 already/);
	await server("DROP DATABASE db_before_7");
	const idle = await connect(login("db"));
	await swapDatabase(options());
	assert.deepEqual(await state(), SWAPPED);
	assert.equal(await which("db"), "copy");
	await assert.rejects(idle.query("SELECT 1"));
	const { rows } = await withSession(login("db"), {}, (client) =>
		client.query(`SELECT (SELECT array_agg(a.privilege_type ORDER BY a.privilege_type) FROM aclexplode(datacl) a JOIN pg_roles r ON r.oid = a.grantee AND rolname = 'app') AS rights,
			ARRAY(SELECT array_to_string(setconfig, ';') FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY setrole) AS settings,
			to_regnamespace('move_copy') AS markers FROM pg_database d WHERE datname = 'db'`),
	);
	assert.deepEqual(rows[0].rights, ["CONNECT", "CREATE"]);
	assert.deepEqual(rows[0].settings, ["statement_timeout=2s;work_mem=9MB", 'search_path=a, "B c"']);
	assert.equal(rows[0].markers, null);

	const again = memorySteps();
	assert.deepEqual(await swapDatabase(options({ steps: again })), { swapped: true });
	assert.deepEqual(again.acted, []);
	await dropFormer({ target: target.login, database: "db", into: "move_7" });
	assert.deepEqual((await state()).databases, ["db"]);
});

test("what is not proven equal is not swapped in, even where the proof is taken back in the middle", async () => {
	await execute(login("move"), "TRUNCATE public.verified");
	await assert.rejects(
		swapDatabase(options()),
		/move_7 is not proven equal to its source in run r7.*npm run move -- copy --stack STACK/,
	);
	assert.deepEqual(await state(), UNTOUCHED);
	let asked = 0;
	const journal = { ...tableJournal("r7", 1), isVerified: async () => ++asked === 1 };
	await assert.rejects(swapDatabase(options({ journal })), /not proven equal/);
	assert.deepEqual(await state(), { databases: ["db", "move_7 closed"], lines: 0 });
	assert.equal(await which("db"), "former", "the former database is open again");
});

test("where the journal's line is refused, as the lease is another's, nothing is renamed", async () => {
	const journal = {
		...tableJournal("r7", 1),
		recordDone: async () => {
			throw new Error("the lease is another mover's");
		},
	};
	await assert.rejects(swapDatabase(options({ journal })), /lease/);
	assert.equal((await state()).lines, 0);
	assert.equal(await which("db"), "former");
	await swapDatabase(options());
	assert.deepEqual(await state(), SWAPPED);
});

test("slots, prepared transactions and replicas of the target are named, and nothing is changed", async () => {
	await execute(login("db"), "SELECT pg_create_logical_replication_slot('reads', 'pgoutput')");
	await assert.rejects(
		swapDatabase(options()),
		/replication slot reads on the target reads database db .*pg_drop_replication_slot\('reads'\)/,
	);
	assert.deepEqual(await state(), UNTOUCHED);
	await execute(login("db"), "SELECT pg_drop_replication_slot('reads')");
	await execute(
		login("db"),
		"CREATE SUBSCRIPTION follows CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)",
	);
	await assert.rejects(swapDatabase(options()), /subscription follows in database db .*DROP SUBSCRIPTION follows/);
	assert.deepEqual(await state(), UNTOUCHED);
	await execute(login("db"), "DROP SUBSCRIPTION follows");
});

test("an older mover cannot write after the swap, nor swap once a newer one has entered", async () => {
	const old = await connect(login("move_7"));
	await withSession(login("move_7"), {}, (client) => enter(client, 2));
	await assert.rejects(swapDatabase(options()), /another mover has taken this run over/);
	await assert.rejects(old.query(fence(1)));
	await swapDatabase(options({ steps: memorySteps({ epoch: 2 }), journal: tableJournal("r7", 2) }));
	await withSession(login("db"), {}, (client) => assert.rejects(client.query(fence(1)), /holders/));
	await old.end().catch(() => {});
});

test("killed at any statement of the swap, it is done or it is not, and the next call ends it", async () => {
	for (let at = 1; ; at += process.env.MATRIX === "all" ? 1 : 5) {
		const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
			stdio: ["pipe", "inherit", "inherit"],
		});
		child.stdin.end(JSON.stringify({ target: target.login, at }));
		const [code, signal] = await once(child, "exit");
		if (signal !== "SIGKILL") {
			assert.equal(code, 0);
			assert.ok(at > 10, `${at} statements`);
			break;
		}
		const { databases, lines } = await state();
		const isSwapped = databases.includes("db_before_7 closed");
		assert.equal(lines, isSwapped ? 1 : 0, `killed at statement ${at}`);
		await swapDatabase(options());
		assert.deepEqual(await state(), SWAPPED, `killed at statement ${at}`);
		assert.equal(await which("db"), "copy");
		await dropFormer({ target: target.login, database: "db", into: "move_7" });
		await server("ALTER DATABASE db RENAME TO move_7", "CREATE DATABASE db");
		await execute(login("move"), "TRUNCATE public.swapped");
		await execute(login("db"), "CREATE TABLE public.which AS SELECT 'former' AS name");
		await withSession(login("move_7"), {}, (client) => client.query("DROP TABLE public.which"));
		await withSession(login("move_7"), {}, (client) => enter(client, 1));
		await execute(login("move_7"), "CREATE TABLE public.which AS SELECT 'copy' AS name");
	}
});
