import type { Drain } from "../configuration.ts";
import { type Finding, replicaFinding } from "../findings.ts";
import type { Login } from "../postgresql/connection.ts";
import { databasesOf, isAtLeast, type RedisSession, type Reply, versionOf, withRedis } from "./connection.ts";
import { checkQueues } from "./drain.ts";
import { foreignContent, librariesOf } from "./target.ts";
import { shownKey } from "./verify.ts";

/** What a side is like, as far as a trap depends on it. */
export interface RedisFacts {
	version: readonly number[];
	usedMemory: number;
	/** 0 where there is none. */
	maxMemory: number;
	policy: string;
	isCluster: boolean;
	isReplica: boolean;
	/** How many databases it has; nothing where the user may not ask. */
	databases: number | undefined;
	/** Keys by database. */
	keys: ReadonlyMap<number, number>;
	libraries: number;
	modules: readonly string[];
	/** Users besides `default`; nothing where the user may not ask. */
	users: readonly string[] | undefined;
	/** What no copy has made. */
	foreign: readonly string[];
	/** Streams with groups, and entries of theirs that are pending. */
	streams: readonly { key: string; groups: number; pending: number }[];
	/** Types that a module brings, among the keys. */
	foreignTypes: readonly string[];
	/** Keys that are larger than what a transaction should carry. */
	large: readonly { key: string; bytes: number }[];
}

/** From here on a single key is a matter of its own: it travels in one piece, through the mover's memory. */
const LARGE_BYTES = 64 << 20;
const SCAN_COUNT = 500;
const TYPES = ["string", "list", "set", "zset", "hash", "stream"];

/** Traps where nothing is copied. */
const WITHOUT_A_COPY: ReadonlySet<string> = new Set([
	"redis-cluster",
	"redis-replica",
	"redis-target-not-empty",
	"redis-eviction",
	"redis-users",
]);

/**
 * Finds what would break a copy, before a key moves (facts/move.md §1.5). It looks at each key's type and size once.
 *
 * @param drain queues that run empty, where nothing is copied
 */
export async function checkRedis({
	source,
	target,
	drain,
}: {
	source: Login;
	target: Login;
	drain?: Drain | undefined;
}): Promise<Finding[]> {
	const [from, into] = await Promise.all([
		withRedis(source, (session) => readRedisFacts(session, drain === undefined)),
		withRedis(target, (session) => readRedisFacts(session, false)),
	]);
	const findings = judgeRedis(from, into);
	if (drain === undefined) return findings;
	return [...findings.filter(({ trap }) => WITHOUT_A_COPY.has(trap)), ...(await checkQueues(source, drain))];
}

/** Reads a side; nothing is written. */
export async function readRedisFacts(session: RedisSession, withKeys: boolean): Promise<RedisFacts> {
	const [memory, server] = [await session.info("memory"), await session.info("server")];
	const replication = await session.info("replication");
	const keys = await databasesOf(session);
	const modules = (await session.send("MODULE", "LIST").catch(() => [])) as Reply[][];
	const users = await session
		.send("ACL", "USERS")
		.then((list) => (list as Buffer[]).map(String).filter((name) => name !== "default"))
		.catch(() => undefined);
	const databases = await session
		.send("CONFIG", "GET", "databases")
		.then((answer) => Number((answer as Buffer[])[1]))
		.catch(() => undefined);
	return {
		version: await versionOf(session),
		usedMemory: Number(memory.get("used_memory")),
		maxMemory: Number(memory.get("maxmemory")),
		policy: memory.get("maxmemory_policy") ?? "",
		isCluster: server.get("redis_mode") === "cluster",
		isReplica: replication.get("role") === "slave",
		databases,
		keys,
		libraries: await librariesOf(session),
		modules: modules.map((module) => String(module[module.findIndex((word) => String(word) === "name") + 1])),
		users,
		foreign: await foreignContent(session),
		...(withKeys ? await lookAtKeys(session, keys) : { streams: [], foreignTypes: [], large: [] }),
	};
}

async function lookAtKeys(
	session: RedisSession,
	databases: ReadonlyMap<number, number>,
): Promise<Pick<RedisFacts, "streams" | "foreignTypes" | "large">> {
	const streams: { key: string; groups: number; pending: number }[] = [];
	const foreignTypes = new Set<string>();
	const large: { key: string; bytes: number }[] = [];
	for (const number of databases.keys()) {
		await session.send("SELECT", number);
		let cursor = "0";
		do {
			const [next, keys] = (await session.send("SCAN", cursor, "COUNT", SCAN_COUNT)) as [Buffer, Buffer[]];
			cursor = next.toString();
			const looks = await Promise.all(
				keys.map((key) => Promise.all([session.text("TYPE", key), session.send("MEMORY", "USAGE", key)])),
			);
			for (const [index, key] of keys.entries()) {
				const [type = "none", bytes] = looks[index] ?? [];
				if (type !== "none" && !TYPES.includes(type)) foreignTypes.add(type);
				if (Number(bytes) > LARGE_BYTES) large.push({ key: shownKey(key), bytes: Number(bytes) });
				if (type !== "stream") continue;
				const groups = (await session.send("XINFO", "GROUPS", key)) as Reply[][];
				const pending = groups.map((group) => Number(group[group.findIndex((word) => String(word) === "pending") + 1]));
				const sum = pending.reduce((total, count) => total + count, 0);
				if (groups.length > 0) streams.push({ key: shownKey(key), groups: groups.length, pending: sum });
			}
		} while (cursor !== "0");
	}
	return { streams, foreignTypes: [...foreignTypes], large };
}

/** Judges both sides by themselves, so that a version that is not to be had can be judged too. */
export function judgeRedis(source: RedisFacts, target: RedisFacts): Finding[] {
	const findings: Finding[] = [];
	const add = (severity: Finding["severity"], trap: string, line: string, object?: string) =>
		findings.push({ trap, severity, line, ...(object === undefined ? {} : { object }) });
	if (!isAtLeast(target.version.slice(0, 2), source.version.slice(0, 2))) {
		add(
			"blocker",
			"redis-version",
			`the target is Redis ${target.version.join(".")}, older than the source's ${source.version.join(".")}, and takes no payload of it; make the target's database of the source's version or newer`,
		);
	}
	if (source.isCluster || target.isCluster) {
		add(
			"blocker",
			"redis-cluster",
			`the ${source.isCluster ? "source" : "target"} is a cluster, of which one login reaches a part; use a server without cluster mode`,
		);
	}
	if (source.isReplica) findings.push(replicaFinding("redis-replica", "Redis"));
	if (target.foreign.length > 0) {
		add(
			"blocker",
			"redis-target-not-empty",
			`the target has ${target.foreign.join(", ")}, which no copy has made; remove them, or copy with --replace`,
		);
	}
	if (target.maxMemory > 0 && source.usedMemory > target.maxMemory) {
		add(
			"blocker",
			"redis-memory",
			`the source uses ${megabytes(source.usedMemory)}, and the target's maxmemory is ${megabytes(target.maxMemory)}; make its container larger: aptible db:restart --container-size`,
		);
	} else if (target.maxMemory > 0 && source.usedMemory * 2 > target.maxMemory) {
		add(
			"warning",
			"redis-memory",
			`the source uses ${megabytes(source.usedMemory)}, more than half of the target's maxmemory of ${megabytes(target.maxMemory)}; a container of twice what is used leaves room to grow`,
		);
	}
	if (target.maxMemory > 0 && target.policy.startsWith("allkeys-")) {
		add(
			"warning",
			"redis-eviction",
			`the target's maxmemory-policy is ${target.policy}: when it is full, it removes any keys without a word, jobs of a queue too; drain queues, keep its container at twice what is used, or have the policy set to noeviction`,
		);
	}
	const highest = Math.max(0, ...source.keys.keys());
	if (target.databases !== undefined && highest >= target.databases) {
		add(
			"blocker",
			"redis-databases",
			`the source has keys in database ${highest}, and the target has ${target.databases} databases, from 0 on; move those keys, or have the target's "databases" raised`,
		);
	}
	if (highest > 0) {
		const list = [...source.keys].map(([number, count]) => `${number} (${count} keys)`).join(", ");
		add(
			"note",
			"redis-several-databases",
			`databases ${list} are all copied; the application has to go on naming their numbers`,
		);
	}
	if (source.libraries > 0) {
		add("note", "redis-functions", `${source.libraries} libraries of functions are copied`);
	}
	const lacking = source.foreignTypes.length > 0 ? source.modules.filter((name) => !target.modules.includes(name)) : [];
	if (lacking.length > 0) {
		add(
			"blocker",
			"redis-modules",
			`keys of type ${source.foreignTypes.join(", ")} come from modules ${lacking.join(", ")}, which the target lacks; write them again as plain types, or keep that data elsewhere`,
		);
	}
	for (const { key, groups, pending } of source.streams) {
		add(
			pending > 0 ? "warning" : "note",
			"redis-stream-groups",
			`stream ${key} has ${groups} groups and ${pending} entries pending; they travel with it, and what a worker holds at that moment is handed out again: stop the workers first`,
			key,
		);
	}
	for (const name of source.users ?? []) {
		add(
			"warning",
			"redis-users",
			`user "${name}" of ACL is not copied, and Aptible's Redis has one login; have the application use the URL of its database`,
			name,
		);
	}
	for (const { key, bytes } of source.large) {
		add(
			"warning",
			"redis-large-key",
			`key ${key} is ${megabytes(bytes)}, and travels in one piece through the mover's memory; split or remove it`,
			key,
		);
	}
	return findings;
}

function megabytes(bytes: number): string {
	return `${(bytes / (1 << 20)).toFixed(1)} MB`;
}
