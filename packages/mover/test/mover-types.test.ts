import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Command, type Wish, wish } from "../journal/wishes.ts";
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
	const bare = (url: string) => url.replace(/\?.*/, "");
	const databases = {
		main: { type: "postgresql", url: bare(target.login.url), ca: target.server.ca, aptibleId: 7 },
		reports: { type: "mysql", ...mysql.into, aptibleId: 8 },
		sessions: { type: "redis", ...redis.into, aptibleId: 9 },
	};
	mover = startProcess(path.join(import.meta.dirname, "../main.ts"), {
		MOVE_TARGET: JSON.stringify({ stage: "prod", databases }),
		MOVE_SOURCE_MAIN: bare(source.login.url),
		MOVE_SOURCE_MAIN_CA: source.server.ca,
		MOVE_SOURCE_REPORTS: mysql.from.url,
		MOVE_SOURCE_REPORTS_CA: mysql.from.ca ?? "",
		MOVE_SOURCE_SESSIONS: redis.from.url,
		MOVE_SOURCE_SESSIONS_CA: redis.from.ca ?? "",
	});
});
after(async () => {
	await mover?.end("SIGKILL");
	await Promise.all([source?.server.stop(), target?.server.stop(), mysql?.stop(), redis?.stop()]);
});

async function perform(command: Command): Promise<Wish> {
	const client = await openMoveDatabase({ target: target.login });
	try {
		const id = await wish(client, command);
		return await untilOver(client, id);
	} finally {
		await client.end();
	}
}

const keysOn = (login: RedisPair["into"]) => withRedis(login, databasesOf);

test("PostgreSQL, MySQL and Redis of one stage are rehearsed, which leaves nothing, and then copied and released together", async () => {
	const rehearsed = await perform("rehearse");
	assert.equal(rehearsed.state, "done", mover.output);
	assert.deepEqual(await keysOn(redis.into), new Map());
	assert.deepEqual(await withMysql(mysql.into, (session) => session.rows("SHOW TABLES")), []);
	const copied = await perform("copy");
	assert.equal(copied.state, "done", mover.output);
	assert.deepEqual(
		await keysOn(redis.into),
		new Map(Object.entries(CLINIC_KEYS).map(([n, keys]) => [Number(n), keys])),
	);
	assert.equal(await withRedis(redis.into, redisOwner), undefined);
	assert.equal(await withMysql(mysql.into, mysqlOwner), undefined);
	const order = [...mover.output.matchAll(/(\w+): move_2 is in its place/g)].map(([, name]) => name);
	assert.deepEqual(order, ["main", "reports", "sessions"]);
});
