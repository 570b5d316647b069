/** Both sides of a move of Redis for tests: 7.0 with a clinic's keys, and an empty 8.0 with a maximum of memory as Aptible's has. */
import { type Redis, startRedis } from "@medstack-to-aptible/sandbox/redis/server.ts";
import type { Login } from "../../postgresql/connection.ts";
import { type RedisSession, type Word, withRedis } from "../../redis/connection.ts";

/** What each test begins with: 1000 strings, and one or a few of each other kind. */
export const CLINIC_KEYS = { 0: 1015, 3: 50 };

export interface RedisPair {
	source: Redis;
	target: Redis;
	from: Login;
	into: Login;
	/** Sends commands, one after the other. */
	onSource(...commands: Word[][]): Promise<void>;
	onTarget(...commands: Word[][]): Promise<void>;
	stop(): Promise<void>;
}

export async function startRedisPair(): Promise<RedisPair> {
	const source = await startRedis({ release: "bookworm" });
	const target = await startRedis({
		release: "trixie",
		settings: { maxmemory: "256mb", "maxmemory-policy": "noeviction" },
	});
	const [from, into] = [source, target].map((server) => ({ url: server.url(), ca: server.ca })) as [Login, Login];
	return {
		source,
		target,
		from,
		into,
		onSource: (...commands) => sendAll(from, commands),
		onTarget: (...commands) => sendAll(into, commands),
		async stop() {
			await Promise.all([source.stop(), target.stop()]);
		},
	};
}

async function sendAll(login: Login, commands: readonly Word[][]): Promise<void> {
	await withRedis(login, async (session) => {
		for (const command of commands) await session.send(...command);
	});
}

/** Fills a source: strings of any bytes, some that end, and each other type small and large, in two databases. */
export async function fillRedis(login: Login): Promise<void> {
	await withRedis(login, async (session) => {
		await session.send("FLUSHALL");
		await session.send("FUNCTION", "FLUSH");
		const sent: Promise<unknown>[] = [];
		const send = (...words: Word[]) => sent.push(session.send(...words));
		for (let index = 0; index < 1000; index++) {
			const ends = index % 4 === 0 ? (["PX", 3_600_000 + index] as const) : [];
			send(
				"SET",
				`session:${index}`,
				Buffer.from([0, 255, index % 256, ...Buffer.from("ü".repeat(index % 200))]),
				...ends,
			);
		}
		send("SET", Buffer.from([255, 0, 10, 13]), "a key that is no text");
		send("SET", "counter", 42);
		send("SET", "big", Buffer.alloc(6 << 20, 7));
		for (let index = 0; index < 600; index++) {
			send("RPUSH", "queue:mail", `job ${index}`);
			send("SADD", "set:large", `member ${index}`);
			send("HSET", "hash:large", `field ${index}`, index);
			send("ZADD", "zset:large", index / 3, `member ${index}`);
		}
		send("RPUSH", "list:small", "a", "b", "a");
		send("SADD", "set:small", 3, 1, 2);
		send("HSET", "hash:small", "a", 1, "b", 2);
		send("ZADD", "zset:small", "-inf", "low", 1.5, "x");
		send("SETRANGE", "bits", 9, "x");
		send("PFADD", "visitors", "a", "b", "c");
		send("XADD", "stream:plain", "1-1", "f", "v");
		await fillStream(session);
		send("SELECT", 3);
		for (let index = 0; index < 50; index++) send("SET", `other:${index}`, index);
		send("SELECT", 0);
		send(
			"FUNCTION",
			"LOAD",
			"#!lua name=clinic\nredis.register_function('shown', function(keys, args) return '* ' .. args[1] end)",
		);
		await Promise.all(sent);
	});
}

async function fillStream(session: RedisSession): Promise<void> {
	await session.send("XADD", "stream:jobs", "1-1", "job", "one");
	await session.send("XADD", "stream:jobs", "2-1", "job", "two");
	await session.send("XADD", "stream:jobs", "3-1", "job", "three");
	await session.send("XGROUP", "CREATE", "stream:jobs", "workers", "0");
	await session.send("XREADGROUP", "GROUP", "workers", "first", "COUNT", 2, "STREAMS", "stream:jobs", ">");
}
