import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Forecast, forecast, type Rehearsal } from "../forecast.ts";
import { readLines } from "../journal/journal.ts";
import { readReports, type Sizes } from "../journal/reports.ts";
import { type Command, lastWork, type Wish, wish } from "../journal/wishes.ts";
import { withMysql } from "../mysql/connection.ts";
import { ownerOf as mysqlOwner } from "../mysql/target.ts";
import { databasesOf, withRedis } from "../redis/connection.ts";
import { ownerOf as redisOwner } from "../redis/target.ts";
import { openMoveDatabase } from "../work.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "./support/databases.ts";
import { type MoverProcess, startProcess, untilOver } from "./support/mover-process.ts";
import { type MysqlPair, startMysqlPair } from "./support/mysql.ts";
import { CLINIC_KEYS, fillRedis, type RedisPair, startRedisPair } from "./support/redis.ts";

let source: Source;
let target: Target;
let mysql: MysqlPair;
let redis: RedisPair;
let mover: MoverProcess;

before(async () => {
	await useImageClients();
	[source, target, mysql, redis] = await Promise.all([
		startSource(),
		startTarget(),
		startMysqlPair(),
		startRedisPair(),
	]);
	await fillRedis(redis.from);
	await execute(source.login, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
	mover = startMover({
		reports: { type: "mysql", ...mysql.into, aptibleId: 8 },
		sessions: { type: "redis", ...redis.into, aptibleId: 9 },
	});
});
after(async () => {
	await mover?.end("SIGKILL");
	await Promise.all([source?.server.stop(), target?.server.stop(), mysql?.stop(), redis?.stop()]);
});

/** The container's own process, for a PostgreSQL with the journal and others. */
function startMover(others: Record<string, object>): MoverProcess {
	const bare = (url: string) => url.replace(/\?.*/, "");
	const main = { type: "postgresql", url: bare(target.login.url), ca: target.server.ca, aptibleId: 7 };
	return startProcess(path.join(import.meta.dirname, "../main.ts"), {
		MOVE_TARGET: JSON.stringify({ stage: "prod", databases: { main, ...others } }),
		MOVE_LEASE_SECONDS: "2",
		MOVE_SOURCE_MAIN: bare(source.login.url),
		MOVE_SOURCE_MAIN_CA: source.server.ca,
		MOVE_SOURCE_REPORTS: mysql.from.url,
		MOVE_SOURCE_REPORTS_CA: mysql.from.ca ?? "",
		MOVE_SOURCE_SESSIONS: redis.from.url,
		MOVE_SOURCE_SESSIONS_CA: redis.from.ca ?? "",
		MOVE_SOURCE_JOBS: redis.from.url,
		MOVE_SOURCE_JOBS_CA: redis.from.ca ?? "",
	});
}

async function inJournal<T>(use: (client: Awaited<ReturnType<typeof openMoveDatabase>>) => Promise<T>): Promise<T> {
	const client = await openMoveDatabase({ target: target.login });
	return use(client).finally(() => client.end());
}

const perform = (command: Command): Promise<Wish> =>
	inJournal(async (client) => untilOver(client, await wish(client, command)));

/** Does something again and again while a wish is carried out. */
async function performWhile(command: Command, act: () => Promise<void>): Promise<Wish> {
	const ended = new AbortController();
	const acting = (async () => {
		while (!ended.signal.aborted) {
			await act();
			await sleep(100);
		}
	})();
	try {
		return await perform(command);
	} finally {
		ended.abort();
		await acting;
	}
}

/** Lines of the mover's log about one of its databases since some of it was read. */
const linesOf = (name: string, since: number) =>
	mover.output
		.slice(since)
		.split("\n")
		.filter((line) => line.includes(` ${name}: `))
		.join("\n");

const keysOn = (login: RedisPair["into"]) => withRedis(login, databasesOf);

test("who writes to a source during its copy is found though all rows are equal, and nothing is released", async () => {
	const seen = mover.output.length;
	const failed = await performWhile("copy", async () => {
		await mysql.onSource("INSERT INTO places VALUES (1000000, POINT(1, 2));\nDELETE FROM places WHERE id = 1000000;");
		await redis.onSource(["SET", "counter", 42]);
	});
	assert.deepEqual([failed.state, failed.reason], ["failed", "unequal"], mover.output);
	assert.match(linesOf("reports", seen), /differs: \d+ rows of the source were written meanwhile; find who writes/);
	assert.match(linesOf("sessions", seen), /differs: \d+ commands that write were sent to the source meanwhile/);
	assert.equal(await withRedis(redis.into, redisOwner), failed.run, "it is the mover's own still");
	assert.equal(await withMysql(mysql.into, mysqlOwner), failed.run);
});

test("a source whose events run is not copied, and the fix says how they go on at the target alone", async () => {
	await mysql.onSource("SET GLOBAL event_scheduler = ON;");
	const seen = mover.output.length;
	try {
		const failed = await perform("copy");
		assert.deepEqual([failed.state, failed.reason], ["failed", "failed"], mover.output);
		assert.match(
			mover.output.slice(seen),
			/failed: 1 events run on the source; on the source SET GLOBAL event_scheduler = OFF/,
		);
	} finally {
		await mysql.onSource("SET GLOBAL event_scheduler = OFF;");
		await mysql.onSource("INSERT INTO audit (line) VALUES ('a'), ('b'), ('c');");
	}
});

test("PostgreSQL, MySQL and Redis of one stage are rehearsed, which leaves nothing", async () => {
	// As large as a table that is a part by itself.
	await mysql.onSource(
		`INSERT INTO documents SELECT id + 100, REPEAT('x', ${11 << 20}), title FROM documents LIMIT 3;\nANALYZE TABLE documents;`,
	);
	const rehearsed = await perform("rehearse");
	assert.equal(rehearsed.state, "done", mover.output);
	assert.deepEqual(await keysOn(redis.into), new Map());
	assert.deepEqual(await withMysql(mysql.into, (session) => session.rows("SHOW TABLES")), []);
});

/** What a run has left for the forecast of a database. */
async function rehearsalOf(run: string, name: string): Promise<Rehearsal> {
	return inJournal(async (client) => {
		const lines = (await readLines(client)).filter((line) => line.run === run && line.database === name);
		const sizes = (await readReports(client, run)).find(({ kind, database }) => kind === "sizes" && database === name);
		const { tables } = (sizes?.body ?? { tables: {} }) as Sizes;
		return { run, lines, tables, containerMb: 1024 };
	});
}

test("the forecast of MySQL and Redis grows with their data, and has their proof in it", async () => {
	const last = await inJournal(lastWork);
	const names = ["reports", "sessions"];
	const before = await Promise.all(names.map((name) => rehearsalOf(last?.run ?? "", name)));
	await mysql.onSource(
		"INSERT INTO documents SELECT id + 100, body, title FROM documents WHERE id > 100 LIMIT 1;\nANALYZE TABLE documents;",
	);
	await redis.onSource(["SET", "bigger", Buffer.alloc(8 << 20, 1)]);
	const checked = await perform("check");
	assert.equal(checked.state, "done", mover.output);
	const parts = before.map(({ lines, tables }) =>
		lines.some(({ step, part }) => step === "rows" && Object.hasOwn(tables, part)),
	);
	assert.deepEqual(parts, [true, true], "a part of one table or database grows as that does");
	for (const [index, rehearsal] of before.entries()) {
		const name = names[index] ?? "";
		const { tables } = await rehearsalOf(checked.run ?? "", name);
		const [then, now] = [forecast([rehearsal], rehearsal), forecast([rehearsal], { ...rehearsal, tables })];
		const workOf = (one: Forecast, step: string) => one.phases.find((phase) => phase.step === step)?.workMs ?? 0;
		assert.match(now.reasons.join("\n"), /the source has [12]\d\d % of the bytes of r/);
		for (const step of ["rows", "verify"]) {
			assert.ok(workOf(then, step) > 0, `${name}: ${step} is timed`);
			assert.ok(workOf(now, step) > workOf(then, step) * 1.05, `${name}: ${step} grows`);
		}
		assert.ok(now.likelyMs > then.likelyMs);
	}
	// What is copied below takes no size.
	await mysql.onSource("DELETE FROM documents WHERE id > 100;");
	await redis.onSource(["SET", "bigger", "small"]);
});

test("they are copied and released together, once nobody writes", async () => {
	const copied = await perform("copy");
	assert.equal(copied.state, "done", mover.output);
	const keys = new Map(Object.entries(CLINIC_KEYS).map(([number, count]) => [Number(number), count]));
	assert.deepEqual(await keysOn(redis.into), keys.set(0, CLINIC_KEYS[0] + 1));
	assert.equal(await withRedis(redis.into, redisOwner), undefined);
	assert.equal(await withMysql(mysql.into, mysqlOwner), undefined);
	const order = [...mover.output.matchAll(/(\w+): move_\d+ is in its place/g)].map(([, name]) => name);
	assert.deepEqual(order, ["main", "reports", "sessions"]);
	assert.equal((await perform("verify")).state, "done", mover.output);
	const written = await performWhile("verify", () => redis.onSource(["SET", "counter", 42]));
	assert.deepEqual([written.state, written.reason], ["failed", "unequal"], "nor by a late writer");
});

test("queues that a stage names run empty and are not copied; keys beside them are named", async () => {
	await mover.end("SIGTERM");
	await redis.onTarget(["FLUSHALL"], ["FUNCTION", "FLUSH"]);
	mover = startMover({
		jobs: {
			type: "redis",
			...redis.into,
			aptibleId: 10,
			drain: { queues: ["queue:mail", "stream:jobs"], database: 0, minutes: 1 },
		},
	});
	const rehearsed = await perform("rehearse");
	assert.equal(rehearsed.state, "done", mover.output);
	assert.match(linesOf("jobs", 0), /note: queues are waited for .*; in them now: "queue:mail" 600, "stream:jobs" 3/);
	assert.match(linesOf("jobs", 0), /warning: 1064 other keys stay behind, such as .*session:\*/);
	assert.match(linesOf("jobs", 0), /a rehearsal waits for no queue/);
	assert.deepEqual(await keysOn(redis.into), new Map());

	const copy = inJournal(async (client) => untilOver(client, await wish(client, "copy", { again: true })));
	await mover.says(/waits for queues: "queue:mail" 600, "stream:jobs" 3/);
	assert.doesNotMatch(mover.output.slice(mover.output.lastIndexOf("begins as run")), /main: copies/, "it comes first");
	await redis.onSource(
		["LTRIM", "queue:mail", 1, 0],
		["XREADGROUP", "GROUP", "workers", "first", "STREAMS", "stream:jobs", ">"],
		["XACK", "stream:jobs", "workers", "1-1", "2-1", "3-1"],
	);
	const copied = await copy;
	assert.equal(copied.state, "done", mover.output);
	assert.match(linesOf("jobs", 0), /2 queues are empty; nothing of them is copied/);
	assert.deepEqual(await keysOn(redis.into), new Map());
	assert.equal((await perform("verify")).state, "done", mover.output);
	await redis.onSource(["RPUSH", "queue:mail", "late"]);
	assert.equal((await perform("verify")).reason, "unequal");
	assert.match(linesOf("jobs", 0), /differs: queue "queue:mail": has 1 entries on the source; stop what fills it/);
});

test("a database that the mover cannot copy is a blocker with what to do instead, and nothing moves beside it", async () => {
	await mover.end("SIGTERM");
	mover = startMover({
		charts: { type: "mongodb", url: "mongodb://a:b@10.0.0.9/db", ca: "", aptibleId: 11 },
		search: { type: "elasticsearch", url: "https://a:b@10.0.0.9:9200", ca: "", aptibleId: 12 },
	});
	for (const command of ["check", "rehearse", "copy"] as const) {
		const ended = await inJournal(async (client) =>
			untilOver(client, await wish(client, command, command === "copy" ? { again: true } : {})),
		);
		assert.deepEqual([ended.state, ended.reason], ["failed", "blockers"], mover.output);
		const findings = (await inJournal((client) => readReports(client, ended.run ?? ""))).filter(
			({ kind }) => kind === "findings",
		);
		assert.deepEqual(
			findings.map(({ database }) => database),
			["charts", "main", "search"],
		);
	}
	assert.match(
		linesOf("charts", 0),
		/blocker: mongodb is not copied by the mover; Aptible's managed one is 4\.0.*Atlas/,
	);
	assert.match(linesOf("search", 0), /blocker: elasticsearch .*indexes again.*leave it out of move\.databases/);
});
