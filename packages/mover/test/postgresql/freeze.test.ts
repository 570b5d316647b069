/** A freeze on a real server whose admin is no superuser: writers that survive a naive one, and the way back. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import type { Finding } from "../../findings.ts";
import { connect, type Login, type SessionOptions, withSession } from "../../postgresql/connection.ts";
import { thaw } from "../../postgresql/freeze.ts";
import { readLocks, undoing } from "../../postgresql/locks.ts";
import { isShutOut, tryLogin } from "../../postgresql/shut-out.ts";
import { lockSource } from "../../postgresql/source-lock.ts";
import { execute, type Source, startSource } from "../support/databases.ts";
import { type FreezeOptions, freezeSource, NoteFile, thawSource } from "../support/killed-freeze.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { readSourceState, type SourceState } from "../support/source-state.ts";

let source: Source;
let folder: string;
let open: SourceState;

/** As an application logs in. */
const PORTAL: SessionOptions = { settings: { application_name: "portal" } };
const WRITABLE = { settings: { default_transaction_read_only: "off" } };

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "freeze-"));
	source = await startSource(15, { max_prepared_transactions: 5, wal_level: "logical" });
	await execute(source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 7");
	await execute(
		source.login,
		`CREATE TABLE public.t (id int); GRANT SELECT, INSERT ON public.t TO app_rw;
		GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_ro WITH GRANT OPTION;
		ALTER DATABASE ${MEDSTACK_DATABASE} SET work_mem = '9MB'`,
	);
	open = await state();
});
after(async () => {
	await source?.server.stop();
	rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => rmSync(options().file, { force: true }));

const login = (name: string, password = "x"): Login => ({
	url: source.server.url(MEDSTACK_DATABASE, { name, password }),
});
const options = (changes: Partial<FreezeOptions> = {}): FreezeOptions => ({
	source: source.login,
	file: path.join(folder, "notes.jsonl"),
	...changes,
});
const notes = () => new NoteFile(options().file).read();

const state = () => readSourceState(source.superuser);

/** Rights, limits and the setting, as a freeze sees them. */
async function locks(): Promise<Map<string, unknown>> {
	return withSession(source.superuser, {}, async (client) => new Map([...(await readLocks(client))].sort()));
}

async function count(): Promise<number> {
	return withSession(source.superuser, {}, async (client) =>
		Number((await client.query("SELECT count(*) FROM public.t")).rows[0].count),
	);
}

const blockers = (findings: readonly Finding[]) => findings.filter(({ severity }) => severity === "blocker");
const insert = (client: { query(sql: string): Promise<unknown> }) => client.query("INSERT INTO public.t VALUES (1)");

/** A pool that has written and comes back whenever it can, until it is stopped or its test ends. */
async function startPool(t: TestContext, of: Login) {
	let isStopped = false;
	const seen = { acknowledged: 0, refused: 0 };
	const done = (async () => {
		while (!isStopped) {
			try {
				await withSession(of, PORTAL, async (client) => {
					while (!isStopped) {
						await insert(client);
						seen.acknowledged += 1;
						await sleep(10);
					}
				});
			} catch {
				seen.refused += 1;
				await sleep(20);
			}
		}
	})();
	const stop = async () => {
		isStopped = true;
		await done;
	};
	t.after(stop);
	while (seen.acknowledged === 0) await sleep(5);
	return { seen, stop };
}

test("an idle session, a pool that comes back and one that overrides read-only are shut out; all is noted first, and thaw brings all back", async (t) => {
	const app = login("app_rw");
	const [idle, writing] = await Promise.all([connect(app, PORTAL), connect(app, WRITABLE)]);
	const pool = await startPool(t, app);
	let notedAtFirst = -1;
	const steps = memorySteps({
		onMoment: () => {
			if (notedAtFirst === -1) notedAtFirst = notes().size;
		},
	});
	const said: string[] = [];
	const findings = await freezeSource(
		options({ apps: [app], steps, pauses: { againMs: 300, silenceMs: 700 }, report: (line) => said.push(line) }),
	);
	assert.deepEqual(
		findings.map(({ trap, line }) => `${trap}: ${line.match(/theirs: (.*);/)?.[1]}`),
		["freeze-catalog: app_ro"],
		said.join("\n"),
	);
	assert.match(said.join("\n"), /app_rw: its login is refused/);
	assert.equal(notedAtFirst, notes().size);
	const { seen } = pool;
	const rows = await count();
	while (seen.refused === 0) await sleep(5);
	for (const session of [idle, writing]) await assert.rejects(insert(session));
	await assert.rejects(connect(app, WRITABLE), /too many connections for role|permission denied for database/);
	await sleep(100);
	assert.equal(await count(), rows, "nothing is written any more");
	// The answer to the last one may have been lost with its session.
	assert.ok(rows === seen.acknowledged || rows === seen.acknowledged + 1, `${rows} rows, ${seen.acknowledged} answers`);
	await pool.stop();

	const closed = await locks();
	assert.deepEqual([...closed].filter(([part]) => part.startsWith("1262.")).length, 1, "the owner's own right alone");
	assert.deepEqual(closed.get("2964"), { readOnly: true });
	const again = memorySteps();
	assert.deepEqual(blockers(await freezeSource(options({ steps: again }))), []);
	assert.deepEqual(again.acted, ["freeze sessions", "freeze silence"], "nothing is changed twice");

	await thawSource(options());
	assert.deepEqual(await state(), open);
	await withSession(app, PORTAL, insert);
	const { rows: kept } = await withSession(app, PORTAL, (client) => client.query("SHOW work_mem"));
	assert.deepEqual(kept, [{ work_mem: "9MB" }]);
	const twice = memorySteps();
	await thawSource(options({ steps: twice }));
	assert.deepEqual(twice.acted, []);
});

test("where the application has the mover's own login nothing is changed, and the line's SQL makes another one", async () => {
	const portal = await connect(source.login, PORTAL);
	const [shared, ...more] = blockers(await freezeSource(options()));
	assert.deepEqual([shared?.trap, more], ["freeze-own-login", []]);
	assert.match(shared?.line ?? "", /session \d+ \(portal at 127\.0\.0\.1\) has logged in with it/);
	const byAddress = await freezeSource(options({ apps: [login("medadmin")] }));
	assert.match(byAddress[0]?.line ?? "", /one of the applications' addresses that the mover was given has it/);
	assert.deepEqual([await state(), notes().size], [open, 0]);
	await insert(portal);

	const sql = /CREATE ROLE mover .*? IN ROLE [^;]*/.exec(shared?.line ?? "")?.[0] ?? "";
	await execute(source.login, sql.replace("'...'", "'x'"));
	const own = options({ source: login("mover"), apps: [source.login] });
	const mine = await state();
	assert.deepEqual(blockers(await freezeSource(own)), []);
	await assert.rejects(insert(portal));
	await assert.rejects(connect(source.login), /permission denied for database/);
	await withSession(login("mover"), {}, (client) => client.query("SELECT FROM public.t"));
	await thawSource(own);
	assert.deepEqual(await state(), mine);
	await withSession(source.login, PORTAL, insert);
	await execute(source.superuser, "DROP OWNED BY mover; DROP ROLE mover");
});

test("the statements that are printed of it undo a freeze in a plain session, at once or one by one, and a thaw finds nothing to do", async () => {
	for (const isAtOnce of [true, false]) {
		assert.deepEqual(blockers(await freezeSource(options())), []);
		assert.notDeepEqual(await state(), open);
		const statements = undoing(notes());
		await withSession(source.login, { isPlain: true }, async (client) => {
			for (const sql of isAtOnce ? [statements.join("\n")] : statements) await client.query(sql);
		});
		assert.deepEqual(await state(), open);
		const steps = memorySteps();
		await thawSource(options({ steps }));
		assert.deepEqual(steps.acted, []);
	}
});

test("what the printed statements have undone is noted anew by the next freeze, as it may have changed since", async () => {
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await execute(source.login, undoing(notes()).join("\n"));
	await execute(source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 9");
	const since = await state();
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await thawSource(options());
	assert.deepEqual(await state(), since);
	await execute(source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 7");
	assert.deepEqual(await state(), open);
});

test("the printed statements change nothing in another database, neither one by one nor at once", async () => {
	assert.deepEqual(blockers(await freezeSource(options())), []);
	const shut = await state();
	const statements = undoing(notes());
	const other = { url: source.server.url() };
	for (const sql of [statements.join("\n"), ...statements.slice(2)]) {
		await assert.rejects(execute(other, sql), /not on the database that was frozen; nothing is changed/);
	}
	assert.deepEqual(await state(), shut);
	await thawSource(options());
	assert.deepEqual(await state(), open);
});

test("an application that has the mover's former password alone is shut out already", async () => {
	const former = { url: source.login.url.replace("medadmin:x@", "medadmin:former@") };
	assert.deepEqual(blockers(await freezeSource(options({ apps: [former] }))), []);
	await thawSource(options());
	assert.deepEqual(await state(), open);
});

test("a prepared transaction and a replication slot are named with what ends them, and nothing is changed before", async () => {
	// The slot first: its making waits for transactions that are open.
	await execute(source.superuser, "SELECT pg_create_logical_replication_slot('reads', 'pgoutput')");
	await execute(login("app_rw"), "BEGIN; INSERT INTO public.t VALUES (2); PREPARE TRANSACTION 'later'");
	const found = blockers(await freezeSource(options()));
	assert.deepEqual(
		found.map(({ trap, object }) => `${trap} ${object}`),
		["freeze-prepared later", "freeze-slot reads"],
	);
	assert.deepEqual([await state(), notes().size], [open, 0]);
	const statements = found.map(({ line }) => /(ROLLBACK PREPARED '\w+'|SELECT pg_drop\w+\('\w+'\))$/.exec(line)?.[0]);
	for (const sql of statements) await withSession(source.superuser, {}, (client) => client.query(sql ?? ""));
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await thawSource(options());
});

test("a login whose name begins like Azure's is shut out as any other one", async () => {
	await execute(source.superuser, "CREATE ROLE azure_reports LOGIN PASSWORD 'x'");
	const reports = await connect(login("azure_reports"), PORTAL);
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await assert.rejects(reports.query("SELECT 1"));
	await assert.rejects(connect(login("azure_reports")), /too many connections for role|permission denied for database/);
	await thawSource(options());
	await execute(source.superuser, "DROP ROLE azure_reports");
	assert.deepEqual(await state(), open);
});

test("a refused login is a proof by its own role's state alone, and is tried at the source whatever address the application has", async () => {
	const open = { canLogin: true, limit: 7 };
	assert.deepEqual(
		["42501", "53300", "28000", "08P01", "28P01"].map((state) => [
			isShutOut(state, open),
			isShutOut(state, { canLogin: false, limit: 0 }),
		]),
		[
			[true, true],
			[false, true],
			[false, true],
			[false, false],
			[false, false],
		],
	);
	const pool = { url: "postgresql://app_rw:x@127.0.0.1:6432/other?sslmode=disable" };
	assert.equal(await tryLogin(source.login, pool), undefined);
	const said: string[] = [];
	await freezeSource(options({ apps: [pool], report: (line) => said.push(line) }));
	assert.match(said.join("\n"), /app_rw: its login is refused/);
	await thawSource(options());
});

test("the session of a dropped role is ended, and a scheduler is named with what holds its jobs", async () => {
	await execute(source.superuser, "CREATE ROLE leaver LOGIN PASSWORD 'x'");
	const leaver = await connect(login("leaver"), PORTAL);
	await execute(source.superuser, "DROP ROLE leaver");
	await execute(
		source.superuser,
		`SET allow_system_table_mods = on; INSERT INTO pg_extension
		SELECT 99999, 'pg_cron', extowner, extnamespace, extrelocatable, extversion, extconfig, extcondition
		FROM pg_extension WHERE extname = 'plpgsql'`,
	);
	const found = await freezeSource(options());
	await thawSource(options());
	await execute(source.superuser, "SET allow_system_table_mods = on; DELETE FROM pg_extension WHERE oid = 99999");
	await assert.rejects(leaver.query("SELECT 1"));
	const scheduler = found.find(({ trap }) => trap === "freeze-scheduler");
	assert.equal(scheduler?.severity, "warning");
	assert.match(scheduler?.line ?? "", /in database postgres: SELECT cron\.alter_job\(.* WHERE database = 'clinic'$/);
	assert.deepEqual(blockers(found), []);
});

test("a writer that no login of ours can shut out is found between the samples, and the source is silent once it ends", async () => {
	let isStopped = false;
	const writer = (async () => {
		for (; !isStopped; await sleep(100)) await withSession(source.superuser, WRITABLE, insert);
	})();
	const found = blockers(await freezeSource(options({ pauses: { againMs: 0, silenceMs: 1_000 } })));
	isStopped = true;
	await writer;
	assert.match(found.map(({ line }) => line).join("\n"), /^not silent: \d+ rows of the source were written meanwhile/);
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await thawSource(options());
	assert.deepEqual(await state(), open);
});

test("a mover without the owner's rights is refused, and a GRANT that ends well and changes nothing is named", async () => {
	const [refused] = blockers(await freezeSource(options({ source: login("app_rw") })));
	assert.match(refused?.line ?? "", /clinic belongs to medadmin; as medadmin: GRANT "medadmin" TO "app_rw"/);
	assert.deepEqual(await state(), open);
	await execute(source.login, `REVOKE CONNECT ON DATABASE ${MEDSTACK_DATABASE} FROM PUBLIC`);
	await execute(source.login, `GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_rw`);
	const task = { source: login("app_rw"), target: { url: "" }, into: "move_7", steps: memorySteps(), jobs: 1 };
	const owed = new Map([["1262.0", { connect: true, grantable: false }]]);
	const left = await thaw({ ...task, notes: owed, report: () => {} });
	assert.deepEqual(
		left.map(({ severity, line }) => `${severity}: ${line}`),
		[
			"blocker: not undone, as the mover lacks the right; as the database's owner: GRANT CONNECT ON DATABASE clinic TO PUBLIC; then thaw again",
		],
	);
	await execute(source.login, `GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO PUBLIC`);
	await execute(source.login, `REVOKE CONNECT ON DATABASE ${MEDSTACK_DATABASE} FROM app_rw`);
	assert.deepEqual(await state(), open);
});

test("a source that is shut without notes is not frozen again, as its closed state would be noted for the one to go back to", async () => {
	assert.deepEqual(blockers(await freezeSource(options())), []);
	const shut = await locks();
	const lost = options({ file: path.join(folder, "lost.jsonl") });
	const traps = async () => blockers(await freezeSource(lost)).map(({ trap }) => trap);
	assert.ok((await traps()).includes("freeze-unknown"));
	await execute(
		{ url: source.server.url() },
		`ALTER DATABASE ${MEDSTACK_DATABASE} RESET default_transaction_read_only`,
	);
	assert.ok((await traps()).includes("freeze-unknown"), "nobody may connect");
	assert.equal(new NoteFile(lost.file).read().size, 0);
	assert.deepEqual(await locks(), new Map(shut).set("2964", { readOnly: null }));
	await thawSource(options());
	assert.deepEqual(await state(), open);
});

test("one freeze or thaw is at a source at a time, and the session that holds it up is named", async () => {
	const { signal } = new AbortController();
	const tries: string[] = [];
	const tryLock = () =>
		withSession(source.login, {}, (client) => lockSource(client, signal, 0)).catch((error: Error) => {
			tries.push(error.message);
		});
	const steps = memorySteps({
		onMoment: async (moment, _name, part) => {
			if (moment === "begin" && part === "2964") await tryLock();
		},
	});
	assert.deepEqual(blockers(await freezeSource(options({ steps }))), []);
	await thawSource(options({ steps }));
	assert.equal(tries.length, 2, "by a freeze and by a thaw");
	for (const line of tries)
		assert.match(line, /another mover's session \(\d+\).*pg_terminate_backend\(\d+\); and run it again$/);
	await tryLock();
	assert.equal(tries.length, 2, "it ends with its session");
});

test("a session that leaves before the second sample is named all the same, and a physical slot is a warning", async () => {
	const other = { url: source.server.url() };
	await execute(
		other,
		"CREATE ROLE auditor SUPERUSER LOGIN PASSWORD 'x'; SELECT pg_create_physical_replication_slot('nightly')",
	);
	let auditor: Awaited<ReturnType<typeof connect>> | undefined;
	const steps = memorySteps({
		onMoment: async (moment, _name, part) => {
			if (moment === "begin" && part === "silence") auditor = await connect(login("auditor"), PORTAL);
		},
	});
	const report = (line: string) => {
		if (line.startsWith("two samples")) void auditor?.end();
	};
	const found = await freezeSource(options({ steps, report, pauses: { againMs: 0, silenceMs: 300 } }));
	await thawSource(options());
	await execute(other, "DROP ROLE auditor; SELECT pg_drop_replication_slot('nightly')");
	assert.deepEqual(
		found.filter(({ trap }) => trap !== "freeze-catalog").map(({ trap, severity, object }) => [trap, severity, object]),
		[
			["freeze-session", "blocker", "auditor"],
			["freeze-slot", "warning", "nightly"],
		],
	);
	assert.deepEqual(await state(), open);
});

test("after a thaw, who is shut out by hand is named with what lets him in again", async () => {
	const other = { url: source.server.url() };
	assert.deepEqual(blockers(await freezeSource(options())), []);
	await execute(other, "ALTER ROLE app_rw NOLOGIN; CREATE ROLE batch LOGIN CONNECTION LIMIT 0");
	const found = await thawSource(options({ apps: [login("app_rw")] }));
	assert.deepEqual(
		found.map(({ severity, line }) => `${severity}: ${line.slice(line.lastIndexOf(": ") + 2)}`),
		['warning: ALTER ROLE "batch" CONNECTION LIMIT -1', 'warning: ALTER ROLE "app_rw" LOGIN'],
	);
	await execute(other, 'ALTER ROLE "app_rw" LOGIN; DROP ROLE batch');
	assert.deepEqual(await thawSource(options({ apps: [login("app_rw")] })), []);
	assert.deepEqual(await state(), open);
});

test("a right that somebody else than the owner has given is named", async () => {
	const grant = (verb: string) =>
		execute(
			login("app_ro"),
			`${verb.split(" ")[0]} CONNECT ON DATABASE ${MEDSTACK_DATABASE} ${verb.split(" ")[1]} app_rw`,
		);
	await grant("GRANT TO");
	const [found] = blockers(await freezeSource(options()));
	assert.match(found?.line ?? "", /as app_ro: REVOKE CONNECT ON DATABASE clinic FROM app_rw$/);
	await grant("REVOKE FROM");
	assert.deepEqual(await state(), open);
});

test("where the frozen source refuses the mover itself, the session that is open undoes all", async () => {
	// Of another database, which is not read-only.
	const server = { url: source.server.url() };
	const steps = memorySteps({
		onMoment: async (moment, _name, part) => {
			if (moment === "done" && part === "2964") await execute(server, "ALTER ROLE medadmin CONNECTION LIMIT 1");
		},
	});
	await assert.rejects(freezeSource(options({ steps })), /refuses the mover's own login .* the freeze is undone/);
	await execute(server, "ALTER ROLE medadmin CONNECTION LIMIT -1");
	assert.deepEqual(await state(), open);
	assert.equal(notes().size, 0);
});
