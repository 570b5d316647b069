import {
	ClientClosedError,
	ClientOfflineError,
	ConnectionTimeoutError,
	createClient,
	DisconnectsClientError,
	RESP_TYPES,
	SocketClosedUnexpectedlyError,
	SocketTimeoutError,
} from "@redis/client";
import { ConnectionLost } from "../journal/errors.ts";
import { noteSession } from "../open-sessions.ts";
import { KEEPALIVE, type Login } from "../postgresql/connection.ts";

/** An answer of a server's, with each text as its bytes. */
export type Reply = Buffer | number | null | Reply[];

/** A word of a command. */
export type Word = string | number | Buffer;

/** A session with one server, on one of its databases. Whoever opens one ends it. */
export interface RedisSession {
	/** Sends a command; those that are sent without a wait between them travel together. */
	send(...words: Word[]): Promise<Reply>;
	/** The answer as text. */
	text(...words: Word[]): Promise<string>;
	/** A section of INFO, by name. */
	info(section: string): Promise<Map<string, string>>;
	end(): void;
}

/** What the library throws where a connection has ended, or is no more. */
const LOST_ERRORS = [
	ClientClosedError,
	ClientOfflineError,
	ConnectionTimeoutError,
	DisconnectsClientError,
	SocketClosedUnexpectedlyError,
	SocketTimeoutError,
];
/** What a server answers that starts, or takes nobody more. */
const LOST_ANSWERS = /^(LOADING|ERR max number of clients)/;

function lostOr(error: Error): Error {
	const isLost = LOST_ERRORS.some((kind) => error instanceof kind) || LOST_ANSWERS.test(error.message);
	return isLost ? new ConnectionLost(`a session of Redis has ended: ${error.message}`, { cause: error }) : error;
}

/** Never connected: a client that is made anew for each login makes the library's 300 commands anew, in 50 ms and 10 MB. */
const template = createClient({ RESP: 2 });

/**
 * A session that is connected to the login's server: `rediss://` with a check of its certificate and name, or `redis://` inside a
 * private network. It does not connect again by itself: what was sent by then is not known to have arrived.
 *
 * @throws on a URL that is none of Redis's; never with the URL in it
 */
export async function connectRedis({ url, ca }: Login): Promise<RedisSession> {
	if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
		throw new Error("a database's address is no redis URL; write rediss://USER:PASSWORD@HOST:PORT");
	}
	const { protocol, hostname, port, username, password } = new URL(url);
	const address = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || 6379) };
	const waits = {
		connectTimeout: 30_000,
		keepAlive: true,
		keepAliveInitialDelay: KEEPALIVE.idle * 1000,
		reconnectStrategy: false,
	} as const;
	const client = template.duplicate({
		...(username === "" ? {} : { username: decodeURIComponent(username) }),
		...(password === "" ? {} : { password: decodeURIComponent(password) }),
		disableOfflineQueue: true,
		socket:
			protocol === "rediss:"
				? { ...address, ...waits, tls: true, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }
				: { ...address, ...waits },
	});
	// An error between two commands is an event that would end the process; the next command fails with it.
	client.on("error", () => {});
	await client.connect().catch((error) => {
		throw lostOr(error);
	});
	const forget = noteSession(() => client.destroy());
	const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer };
	const send: RedisSession["send"] = (...words) =>
		client
			.sendCommand<Reply>(
				words.map((word) => (typeof word === "number" ? String(word) : word)),
				// The library gives a command up that it cannot send within 5 s, which a batch on a slow line is for longer.
				{ typeMapping, timeout: 0 },
			)
			.catch((error) => {
				throw lostOr(error);
			});
	const text: RedisSession["text"] = async (...words) => String((await send(...words)) ?? "");
	return {
		send,
		text,
		async info(section) {
			const lines = (await text("INFO", section)).split("\r\n").filter((line) => /^\w+:/.test(line));
			return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
		},
		end: () => {
			forget();
			client.destroy();
		},
	};
}

/** Uses a session and ends it, however that ends. */
export async function withRedis<T>(login: Login, use: (session: RedisSession) => Promise<T>): Promise<T> {
	const session = await connectRedis(login);
	try {
		return await use(session);
	} finally {
		session.end();
	}
}

/** Clients besides this session and replicas, each with the command that ends it. */
export async function otherClients(session: RedisSession): Promise<string[]> {
	const own = await session.text("CLIENT", "ID");
	const list = await session.text("CLIENT", "LIST", "TYPE", "normal");
	return list
		.split("\n")
		.map((line) => new Map(line.split(" ").map((word) => word.split("=", 2) as [string, string])))
		.filter((client) => client.has("addr") && client.get("id") !== own)
		.map((client) => {
			const from = [client.get("name"), `at ${client.get("addr")}`].filter((word) => word !== "").join(" ");
			return `session ${client.get("id")} (${from}) is on the source; stop that program, then: CLIENT KILL ID ${client.get("id")}`;
		});
}

/** The databases that have keys, by number, with how many. */
export async function databasesOf(session: RedisSession): Promise<Map<number, number>> {
	const keyspace = await session.info("keyspace");
	return new Map(
		[...keyspace].map(([name, line]) => [Number(name.slice(2)), Number(/keys=(\d+)/.exec(line)?.[1] ?? 0)]),
	);
}

/**
 * Bytes of each database, by what its part in the journal is called. A server tells those of all its keys together, so each database has
 * its share by the number of its keys.
 */
export async function measureRedis(session: RedisSession): Promise<Record<string, number>> {
	const bytes = Number((await session.info("memory")).get("used_memory_dataset") ?? 0);
	const databases = await databasesOf(session);
	const keys = [...databases.values()].reduce((sum, count) => sum + count, 0);
	return Object.fromEntries([...databases].map(([number, count]) => [`db${number}`, (bytes * count) / keys]));
}

/** A server's version as numbers: `7.0.15` is [7, 0, 15]. */
export async function versionOf(session: RedisSession): Promise<number[]> {
	const server = await session.info("server");
	return (server.get("redis_version") ?? "0").split(".").map(Number);
}

/** Whether a version is another or newer. */
export function isAtLeast(version: readonly number[], other: readonly number[]): boolean {
	for (const [index, number] of other.entries()) {
		const own = version[index] ?? 0;
		if (own !== number) return own > number;
	}
	return true;
}
