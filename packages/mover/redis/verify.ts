import { createHash } from "node:crypto";
import type { Difference } from "../findings.ts";
import type { Login } from "../postgresql/connection.ts";
import { databasesOf, isAtLeast, type RedisSession, type Reply, versionOf, withRedis } from "./connection.ts";
import { FUNCTIONS_SINCE, NOTES } from "./target.ts";

/** The proof of a copy. */
export interface RedisVerification {
	equal: boolean;
	differences: Difference[];
	/** By database: its keys, and the sum of the first 64 bits of each key's and value's hash, as the source has them. */
	sums: Record<string, { keys: string; sum: string }>;
	hash: string;
}

const SCAN_COUNT = 200;
/** Version and checksum at a payload's end, which differ between versions. */
const FOOTER_BYTES = 10;
/** As many differences as are named one by one; the rest are counted. */
const NAMED = 20;
/** An end that was reckoned from what is left may be off by the way to the server. */
const END_TOLERANCE_MS = 2000;

interface Found {
	key: Buffer;
	payload: Buffer | null;
	/** In milliseconds of the epoch; -1 for never. */
	endsAt: number;
}

/** Compares all keys of both sides, their ends and functions, and names what is missing, differs or is there too much. */
export async function verifyRedis({
	source,
	target,
	report,
}: {
	source: Login;
	target: Login;
	report(line: string): void;
}): Promise<RedisVerification> {
	const differences: Difference[] = [];
	const sums: RedisVerification["sums"] = {};
	await withRedis(source, (from) =>
		withRedis(target, async (into) => {
			const [here, there] = await Promise.all([databasesOf(from), databasesOf(into)]);
			for (const number of [...new Set([...here.keys(), ...there.keys()])].toSorted((left, right) => left - right)) {
				await Promise.all([from.send("SELECT", number), into.send("SELECT", number)]);
				const found = new Differences(`database ${number}`);
				const { keys, sum } = await compareDatabase(from, into, found);
				const notes = Number(await into.send("EXISTS", NOTES));
				const total = Number(await into.send("DBSIZE")) - notes;
				if (total > keys - found.missing - found.ended()) await nameExtraKeys(from, into, found);
				differences.push(...found.list());
				sums[String(number)] = { keys: String(keys), sum: String(sum) };
				report(`redis: database ${number}: ${keys} keys compared`);
			}
			differences.push(...(await compareFunctions(from, into)));
			const evicted = Number((await into.info("stats")).get("evicted_keys") ?? 0);
			if (evicted > 0) {
				differences.push({
					kind: "eviction",
					object: "target",
					line: `has evicted ${evicted} keys since it was started, as its memory is full; make its container larger and copy again`,
				});
			}
		}),
	);
	const content = Object.entries(sums).map(([database, { keys, sum }]) => `${database} ${keys} ${sum}`);
	return {
		equal: differences.length === 0,
		differences,
		sums,
		hash: createHash("sha256").update(content.join("\n")).digest("hex"),
	};
}

/** Differences of one database; a key is named by its first part and a hash, as the rest may be a patient's number. */
class Differences {
	missing = 0;
	private named: Difference[] = [];
	private more = 0;
	/** How many keys end in which minute since the epoch. */
	private readonly ends = new Map<number, number>();
	private readonly where: string;

	constructor(where: string) {
		this.where = where;
	}

	/** Notes when a key ends; -1 for never. */
	noteEnd(endsAt: number): void {
		if (endsAt < 0) return;
		const minute = Math.floor(endsAt / 60_000);
		this.ends.set(minute, (this.ends.get(minute) ?? 0) + 1);
	}

	/** At most as many keys may have ended since they were compared. */
	ended(): number {
		const now = Math.floor((Date.now() + END_TOLERANCE_MS) / 60_000) + 1;
		return [...this.ends].reduce((sum, [minute, count]) => (minute <= now ? sum + count : sum), 0);
	}

	add(key: Buffer, kind: string, line: string): void {
		if (this.named.length < NAMED) this.named.push({ kind, object: `${this.where}: ${shownKey(key)}`, line });
		else this.more++;
	}

	list(): Difference[] {
		const rest = { kind: "keys", object: this.where, line: `has ${this.more} more differences` };
		return this.more === 0 ? this.named : [...this.named, rest];
	}
}

/** Such as `session:*#1f2e3d4c`. */
export function shownKey(key: Buffer): string {
	const text = key.toString("latin1");
	const [, prefix = ""] = /^([A-Za-z_-]{1,40}[:.])/.exec(text) ?? [];
	return `${prefix}*#${createHash("sha256").update(key).digest("hex").slice(0, 8)}`;
}

async function compareDatabase(
	from: RedisSession,
	into: RedisSession,
	found: Differences,
): Promise<{ keys: number; sum: bigint }> {
	let keys = 0;
	let sum = 0n;
	let cursor = "0";
	do {
		const [next, listed] = (await from.send("SCAN", cursor, "COUNT", SCAN_COUNT)) as [Buffer, Buffer[]];
		cursor = next.toString();
		const [left, right] = await Promise.all([readKeys(from, listed), readKeys(into, listed)]);
		for (const [index, one] of left.entries()) {
			// It ended between the list and the look.
			if (one.payload === null) continue;
			const other = right[index];
			if (!other?.payload && (await isEnding(from, one.key))) continue;
			keys++;
			found.noteEnd(one.endsAt);
			const digest = createHash("sha256").update(one.key).update(one.payload.subarray(0, -FOOTER_BYTES)).digest();
			sum += digest.readBigUInt64BE();
			if (other === undefined || other.payload === null) {
				found.missing++;
				found.add(one.key, "key", "is on the source and not on the target");
			} else {
				const line = await compareValues(from, into, one, other);
				if (line !== undefined) found.add(one.key, "value", line);
			}
			if (other?.payload && !isSameEnd(one.endsAt, other.endsAt)) {
				found.add(one.key, "end", describeEnd(one.endsAt, other.endsAt));
			}
		}
	} while (cursor !== "0");
	return { keys, sum };
}

async function readKeys(session: RedisSession, keys: readonly Buffer[]): Promise<Found[]> {
	const clock = session.send("TIME");
	const answers = await Promise.all(
		keys.map((key) => Promise.all([session.send("DUMP", key), session.send("PTTL", key)])),
	);
	const [seconds, micros] = (await clock) as [Buffer, Buffer];
	const now = Number(seconds) * 1000 + Number(micros) / 1000;
	return keys.map((key, index) => {
		const [payload, left] = answers[index] ?? [];
		return {
			key,
			payload: Buffer.isBuffer(payload) ? payload : null,
			endsAt: Number(left) < 0 ? -1 : now + Number(left),
		};
	});
}

/** Whether a key that the other side does not have has ended by now, or is about to. */
async function isEnding(session: RedisSession, key: Buffer): Promise<boolean> {
	const left = Number(await session.send("PTTL", key));
	return left === -2 || (left >= 0 && left <= END_TOLERANCE_MS);
}

function isSameEnd(left: number, right: number): boolean {
	return left < 0 || right < 0 ? left < 0 && right < 0 : Math.abs(left - right) <= END_TOLERANCE_MS;
}

function describeEnd(left: number, right: number): string {
	if (left < 0) return "never ends on the source, and does on the target";
	if (right < 0) return "ends on the source, and never on the target";
	return `ends ${Math.round(Math.abs(left - right) / 1000)} s ${right > left ? "later" : "earlier"} on the target`;
}

/** Equal payloads are equal values; others may be, as a set's order and encodings differ between servers. */
async function compareValues(
	from: RedisSession,
	into: RedisSession,
	one: Found,
	other: Found,
): Promise<string | undefined> {
	const body = (found: Found) => found.payload?.subarray(0, -FOOTER_BYTES);
	if (body(one)?.equals(body(other) ?? Buffer.alloc(0))) return undefined;
	const { key } = one;
	const [type, otherType] = await Promise.all([from.text("TYPE", key), into.text("TYPE", key)]);
	if (type !== otherType) return `is a ${type} on the source and a ${otherType} on the target`;
	const [left, right] = await Promise.all([readValue(from, key, type), readValue(into, key, type)]);
	if (left === undefined) return `is a ${type}, which a module brings and nobody here can compare`;
	return left === right ? undefined : `is a ${type} on both sides, and its content differs`;
}

/** A value by its type, in an order that both sides share, as a hash; nothing for a type that a module brings. */
async function readValue(session: RedisSession, key: Buffer, type: string): Promise<string | undefined> {
	const read = async (...words: (string | Buffer)[]) => plain(await session.send(...words));
	switch (type) {
		case "string":
			return digest(await read("GET", key));
		case "list":
			return digest(await read("LRANGE", key, "0", "-1"));
		case "set":
			return digest(((await read("SMEMBERS", key)) as string[]).toSorted());
		case "zset":
			return digest(await read("ZRANGE", key, "0", "-1", "WITHSCORES"));
		case "hash":
			return digest(pairs((await read("HGETALL", key)) as string[]).toSorted());
		case "stream":
			return digest([await read("XRANGE", key, "-", "+"), await groupsOf(session, key)]);
		default:
			return undefined;
	}
}

/** What a group of a stream has read; counters that only newer versions keep are left out. */
async function groupsOf(session: RedisSession, key: Buffer): Promise<string[]> {
	const groups = plain(await session.send("XINFO", "GROUPS", key)) as string[][];
	return groups
		.map((group) =>
			pairs(group.map(String))
				.filter((pair) => /^(name|consumers|pending|last-delivered-id)=/.test(asText(pair)))
				.join(),
		)
		.toSorted();
}

/** Of `[name, value, name, value]` each pair as one text. */
function pairs(words: readonly string[]): string[] {
	return words.flatMap((word, index) => (index % 2 === 0 ? [`${word}=${words[index + 1]}`] : []));
}

/** An answer with its texts as base16 of their bytes. */
function plain(reply: Reply): unknown {
	if (Array.isArray(reply)) return reply.map(plain);
	return Buffer.isBuffer(reply) ? reply.toString("hex") : reply;
}

function asText(pair: string): string {
	const [name = "", value = ""] = pair.split("=");
	return `${Buffer.from(name, "hex").toString()}=${value}`;
}

function digest(value: unknown): string {
	return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

async function nameExtraKeys(from: RedisSession, into: RedisSession, found: Differences): Promise<void> {
	let cursor = "0";
	do {
		const [next, keys] = (await into.send("SCAN", cursor, "COUNT", SCAN_COUNT)) as [Buffer, Buffer[]];
		cursor = next.toString();
		const isThere = await Promise.all(keys.map((key) => from.send("EXISTS", key)));
		for (const [index, key] of keys.entries()) {
			if (isThere[index] === 0 && key.toString() !== NOTES && !(await isEnding(into, key))) {
				found.add(key, "key", "is on the target and not on the source");
			}
		}
	} while (cursor !== "0");
}

async function compareFunctions(from: RedisSession, into: RedisSession): Promise<Difference[]> {
	const [left, right] = await Promise.all([from, into].map(readLibraries));
	const names = [...new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])].toSorted();
	return names.flatMap((object) => {
		const [one, other] = [left?.get(object), right?.get(object)];
		if (one === other) return [];
		const line =
			other === undefined
				? "is on the source and not on the target"
				: one === undefined
					? "is on the target and not on the source"
					: "has another code on the target";
		return [{ kind: "function library", object, line }];
	});
}

async function readLibraries(session: RedisSession): Promise<Map<string, string>> {
	if (!isAtLeast(await versionOf(session), FUNCTIONS_SINCE)) return new Map();
	const list = (await session.send("FUNCTION", "LIST", "WITHCODE")) as Reply[][];
	return new Map(
		list.map((library) => {
			const field = (name: string) => String(library[library.findIndex((word) => String(word) === name) + 1]);
			return [field("library_name"), digest(field("library_code"))];
		}),
	);
}
