import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { type Finding, forRehearsal } from "../../findings.ts";
import { checkRedis, judgeRedis, type RedisFacts, readRedisFacts } from "../../redis/check.ts";
import { type Word, withRedis } from "../../redis/connection.ts";
import { copyRedis, type RedisCopy } from "../../redis/copy.ts";
import { changesOfRedis, readRedisCounters } from "../../redis/counters.ts";
import { drainRedis, proveDrained } from "../../redis/drain.ts";
import { dropCopy, NOTES, releaseRedis } from "../../redis/target.ts";
import { type RedisVerification, verifyRedis } from "../../redis/verify.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { CLINIC_KEYS, fillRedis, type RedisPair, startRedisPair } from "../support/redis.ts";

let pair: RedisPair;
before(async () => {
	pair = await startRedisPair();
	await fillRedis(pair.from);
});
after(() => pair?.stop());

function copyOf(options: Partial<RedisCopy> = {}): RedisCopy {
	return { source: pair.from, target: pair.into, steps: memorySteps(), report: () => {}, ...options };
}

function verify(): Promise<RedisVerification> {
	return verifyRedis({ source: pair.from, target: pair.into, report: () => {} });
}

async function linesOf(): Promise<string[]> {
	return (await verify()).differences.map(({ kind, object, line }) => `${kind} ${object}: ${line}`);
}

async function trapsOf(): Promise<Finding[]> {
	return checkRedis({ source: pair.from, target: pair.into });
}

test("what the clinic's keys raise is named before a key moves, and none of it is a blocker", async () => {
	const found = await trapsOf();
	assert.deepEqual(
		found.map(({ trap, severity }) => `${severity} ${trap}`),
		["note redis-several-databases", "note redis-functions", "warning redis-stream-groups"],
	);
	assert.match(found[2]?.line ?? "", /stream:\*#\w{8} has 1 groups and 2 entries pending/);
});

test("all databases are copied with functions and the moment at which keys end, and both sides are equal", async () => {
	const before = await readRedisCounters(pair.from);
	const result = await copyRedis(copyOf());
	assert.deepEqual(
		{ databases: result.databases, keys: result.keys },
		{ databases: 2, keys: CLINIC_KEYS[0] + CLINIC_KEYS[3] },
	);
	const proof = await verify();
	assert.deepEqual(proof.differences, []);
	assert.equal(proof.sums["0"]?.keys, String(CLINIC_KEYS[0]));
	assert.deepEqual(changesOfRedis(before, await readRedisCounters(pair.from)), []);
	const ends = await Promise.all(
		[pair.from, pair.into].map((login) => withRedis(login, (session) => session.send("PEXPIRETIME", "session:4"))),
	);
	assert.equal(ends[0], ends[1], "to the millisecond");
	await withRedis(pair.into, async (session) => {
		assert.equal(await session.text("FCALL", "shown", 0, "x"), "* x");
	});
	const again = memorySteps();
	await copyRedis(copyOf({ steps: again }));
	assert.deepEqual(again.acted, [], "what is done is not done twice");
});

/** A silent fault in a finished copy, what the proof has to say of it, and how it is taken away again. */
const SILENT: [string, Word[][], RegExp, Word[][]][] = [
	["a key that is missing", [["DEL", "session:7"]], /key database 0: session:\*#\w{8}: is on the source and not/, []],
	["a key too many", [["SET", "stray", 1]], /key database 0: \*#\w{8}: is on the target and not/, [["DEL", "stray"]]],
	["one for another", [["RENAME", "session:9", "session:x"]], /is on the target and not on the source/, []],
	[
		"a byte of a string",
		[["SETRANGE", "session:11", 1, "z"]],
		/value database 0: session:\*.*is a string on both sides/,
		[],
	],
	[
		"a member of a set",
		[["SREM", "set:large", "member 5"]],
		/value .*set:\*.*is a set/,
		[["SADD", "set:large", "member 5"]],
	],
	["a score", [["ZINCRBY", "zset:large", 0.001, "member 5"]], /value .*zset:\*.*is a zset/, []],
	["an order of a list", [["LMOVE", "queue:mail", "queue:mail", "LEFT", "RIGHT"]], /value .*queue:\*.*is a list/, []],
	["an end that is lost", [["PERSIST", "session:8"]], /end .*: ends on the source, and never on the target/, []],
	["an end that is later", [["PEXPIRE", "session:12", 7_200_000]], /end .*: ends \d+ s later on the target/, []],
	[
		"a type",
		[
			["DEL", "counter"],
			["RPUSH", "counter", 42],
		],
		/value .*: is a string on the source and a list/,
		[],
	],
	["a group of a stream", [["XACK", "stream:jobs", "workers", "1-1"]], /value .*stream:\*.*is a stream/, []],
	["a library of functions", [["FUNCTION", "DELETE", "clinic"]], /function library clinic: is on the source/, []],
	["a database", [["SELECT", 3], ["FLUSHDB"]], /database 3: has 30 more differences/, []],
];

test("each silent fault in a finished copy is named", async () => {
	let known = new Set<string>();
	for (const [name, fault, line, undo] of SILENT) {
		await pair.onTarget(...fault);
		const lines = await linesOf();
		assert.match(lines.filter((each) => !known.has(each)).join("\n"), line, name);
		await pair.onTarget(...undo);
		known = new Set(undo.length === 0 ? lines : await linesOf());
	}
});

test("a new run empties what an earlier one has made; what nobody has made goes with --replace alone", async () => {
	await copyRedis(copyOf({ steps: memorySteps({ run: "r8", epoch: 2 }) }));
	assert.deepEqual(await linesOf(), []);
	await releaseRedis(pair.into);
	const steps = memorySteps({ run: "r9", epoch: 3 });
	await assert.rejects(
		copyRedis(copyOf({ steps })),
		/the target has 1015 keys in database 0, 50 keys in database 3, 1 libraries.*--replace/,
	);
	const blockers = (await trapsOf()).filter(({ severity }) => severity === "blocker");
	assert.deepEqual(
		blockers.map(({ trap }) => trap),
		["redis-target-not-empty"],
	);
	await copyRedis(copyOf({ steps, replace: true }));
	assert.deepEqual(await linesOf(), []);
});

test("a key that is changed during the copy is seen by the counters and by the proof", async () => {
	const before = await readRedisCounters(pair.from);
	let changed = false;
	const steps = memorySteps({
		run: "r10",
		epoch: 4,
		onMoment: async (moment, name, part) => {
			if (moment !== "acted" || name !== "rows" || part !== "db0" || changed) return;
			changed = true;
			await pair.onSource(["APPEND", "session:3", "late"], ["SELECT", 3], ["DEL", "other:3"]);
		},
	});
	const result = await copyRedis(copyOf({ steps }));
	assert.equal(result.keys, CLINIC_KEYS[0] + CLINIC_KEYS[3] - 1);
	const now = await readRedisCounters(pair.from);
	assert.match(changesOfRedis(before, now).join(), /^2 commands that write were sent to the source meanwhile/);
	assert.match(changesOfRedis(before, { ...now, server: "0" }).join(), /was restarted/);
	assert.match(changesOfRedis(now, before).join(), /statistics were reset/);
	assert.match(
		(await linesOf()).join("\n"),
		/^value database 0: session:\*#\w+: is a string on both sides, and its content differs$/,
	);
	await fillRedis(pair.from);
});

test("a mover of a former epoch writes nothing any more", async () => {
	await assert.rejects(
		copyRedis(copyOf({ steps: memorySteps({ run: "r10", epoch: 3 }) })),
		/a mover of epoch 4 holds this target/,
	);
	let batches = 0;
	const steps = memorySteps({
		run: "r11",
		epoch: 5,
		onCheckpoint: () => (++batches === 3 ? pair.onTarget(["HSET", NOTES, "epoch", 6]) : undefined),
	});
	await assert.rejects(copyRedis(copyOf({ steps })), /a mover of epoch 6 holds this target, and this one has epoch 5/);
});

const CHILD = path.join(import.meta.dirname, "../support/redis-copy-child.ts");

test("killed before any batch, the next run goes on from the last one that was noted", async () => {
	await releaseRedis(pair.into);
	await pair.onTarget(["FLUSHALL"], ["FUNCTION", "FLUSH"]);
	for (const [index, batch] of [1, 3, 1, 2].entries()) {
		const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD], {
			env: {
				...process.env,
				SOURCE: JSON.stringify(pair.from),
				TARGET: JSON.stringify(pair.into),
				EPOCH: String(10 + index),
				BATCH: String(batch),
			},
			stdio: ["ignore", "ignore", "inherit"],
		});
		await once(child, "exit");
		assert.equal(child.signalCode, "SIGKILL");
	}
	const noted = await withRedis(pair.into, (session) => session.text("HGET", NOTES, "place 0"));
	assert.ok(JSON.parse(noted).keys > 0, noted);
	const result = await copyRedis(copyOf({ steps: memorySteps({ run: "r7", epoch: 20 }) }));
	assert.deepEqual(await linesOf(), []);
	assert.equal(result.keys, CLINIC_KEYS[0] + CLINIC_KEYS[3], "counted once: none is read again");
});

test("a target that is full stops the copy with the fix, and nothing is evicted in silence", async () => {
	await pair.onTarget(["CONFIG", "SET", "maxmemory", "4mb"]);
	try {
		const found = (await trapsOf()).filter(({ trap }) => trap === "redis-memory");
		assert.match(
			found[0]?.line ?? "",
			/maxmemory is 4\.0 MB; make its container larger: aptible db:restart --container-size/,
		);
		const steps = memorySteps({ run: "r12", epoch: 21 });
		await assert.rejects(copyRedis(copyOf({ steps })), /the target refused a command: .*OOM.*--container-size/s);
		await pair.onTarget(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
		assert.ok((await trapsOf()).some(({ trap }) => trap === "redis-eviction"));
		await copyRedis(copyOf({ steps: memorySteps({ run: "r12", epoch: 22 }) })).catch(() => {});
		assert.match((await linesOf()).join("\n"), /eviction target: has evicted \d+ keys/);
	} finally {
		await pair.onTarget(["CONFIG", "SET", "maxmemory", "256mb"], ["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
	}
});

test("a copy that is dropped leaves nothing, and a target that no copy has claimed is left alone", async () => {
	// The copy before was evicted from, its notes with it.
	await pair.onTarget(["FLUSHALL"], ["FUNCTION", "FLUSH"]);
	await copyRedis(copyOf({ steps: memorySteps({ run: "r13", epoch: 23 }) }));
	await dropCopy(pair.into, 23);
	const size = () => withRedis(pair.into, (session) => session.send("DBSIZE"));
	assert.equal(await size(), 0);
	await pair.onTarget(["SET", "own", 1]);
	await dropCopy(pair.into, 23);
	assert.equal(await size(), 1);
	await pair.onTarget(["DEL", "own"]);
});

test("a target that is older is a blocker, and refuses the copy", async () => {
	const back = { source: pair.into, target: pair.from };
	const found = (await checkRedis(back)).filter(({ severity }) => severity === "blocker").map(({ trap }) => trap);
	assert.deepEqual(found, ["redis-version", "redis-target-not-empty"]);
	await assert.rejects(copyRedis(copyOf(back)), /the target is Redis 7\.0\.\d+, older than the source's 8\.0\.\d+/);
});

test("a source that follows another server is a blocker, and a warning of a rehearsal", async () => {
	await pair.onSource(["REPLICAOF", "127.0.0.1", "1"]);
	try {
		const [found] = (await trapsOf()).filter(({ severity }) => severity === "blocker");
		assert.equal(found?.trap, "redis-replica");
		assert.equal(forRehearsal(found).severity, "warning");
	} finally {
		await pair.onSource(["REPLICAOF", "NO", "ONE"]);
	}
});

test("users, large keys, modules, clusters and missing databases are named", async () => {
	await pair.onSource(["ACL", "SETUSER", "worker", "on", ">x", "~*", "+@all"]);
	assert.match((await trapsOf()).find(({ trap }) => trap === "redis-users")?.line ?? "", /user "worker"/);
	await pair.onSource(["ACL", "DELUSER", "worker"]);
	const read = (from: boolean) => withRedis(from ? pair.from : pair.into, (session) => readRedisFacts(session, from));
	const [source, target] = [await read(true), await read(false)];
	const cases: [string, RegExp, Partial<RedisFacts>, Partial<RedisFacts>][] = [
		["redis-cluster", /the target is a cluster/, {}, { isCluster: true }],
		["redis-modules", /ReJSON-RL come from modules ReJSON/, { foreignTypes: ["ReJSON-RL"], modules: ["ReJSON"] }, {}],
		["redis-databases", /keys in database 3, and the target has 1 databases/, {}, { databases: 1 }],
		["redis-large-key", /big\*#1 is 100\.0 MB/, { large: [{ key: "big*#1", bytes: 100 << 20 }] }, {}],
	];
	const usual = judgeRedis(source, target).map(({ trap }) => trap);
	for (const [trap, line, from, into] of cases) {
		const found = judgeRedis({ ...source, ...from }, { ...target, ...into }).filter(
			(finding) => !usual.includes(finding.trap),
		);
		assert.deepEqual(
			found.map((finding) => finding.trap),
			[trap],
		);
		assert.match(found[0]?.line ?? "", line);
	}
});

test("queues that are not empty at the deadline are named; what is none is a blocker before that", async () => {
	await releaseRedis(pair.into);
	await pair.onTarget(["FLUSHALL"], ["FUNCTION", "FLUSH"]);
	const drain = { queues: ["queue:mail", "stream:jobs", "none"], database: 0, minutes: 0 };
	const { source, target, report } = copyOf();
	const steps = memorySteps({ run: "r30", epoch: 60 });
	const task = { source, target, report, steps, live: false, replace: false };
	// Three entries of the stream: two are pending, one is to come.
	await assert.rejects(
		drainRedis({ ...task, drain }),
		/not empty after 0 min: "queue:mail" 600, "stream:jobs" 3; stop what fills them/,
	);
	await pair.onTarget(["SET", "stray", 1]);
	const { equal, differences } = await proveDrained({
		...task,
		drain: { ...drain, queues: ["none"] },
		isSwapped: false,
	});
	assert.deepEqual([equal, differences.length], [false, 1]);
	assert.match(differences[0] ?? "", /target: has 1 keys, though nothing is copied/);
	const found = await checkRedis({ ...task, drain: { ...drain, queues: ["hash:small"] } });
	const blockers = found.filter(({ severity }) => severity === "blocker").map(({ line }) => line);
	assert.deepEqual(blockers, ['"hash:small" is a hash and no queue; name keys of lists, sets, sorted sets or streams']);
});
