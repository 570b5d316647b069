import type { Login } from "../postgresql/connection.ts";
import type { Evidence, StepName, Steps } from "../steps.ts";
import { databasesOf, isAtLeast, type RedisSession, versionOf, type Word, withRedis } from "./connection.ts";
import { readRedisCounters } from "./counters.ts";
import { claimTarget, FUNCTIONS_SINCE, NOTES, ownerOf, readDone, takeOver, transact } from "./target.ts";

/** What is copied, and how. */
export interface RedisCopy {
	source: Login;
	target: Login;
	steps: Steps;
	/** Whether what stands in the target and no copy has made may go; default no. */
	replace?: boolean;
	/** Takes lines of progress. */
	report(line: string): void;
}

/** What was copied. */
export interface RedisCopyResult {
	databases: number;
	keys: number;
	bytes: number;
	/** Keys that were there when they were listed and gone when they were read. */
	gone: number;
	/** Readings of the source's write counters: before the copy and after it. */
	counters: readonly [Evidence, Evidence];
}

const SCAN_COUNT = 500;
/** As much as travels in one transaction, unless one key is larger. */
const BATCH_BYTES = 4 << 20;
/** First version that tells when a key ends, rather than how long it has left. */
const EXPIRETIME_SINCE = [7, 0];

/**
 * Copies all databases of a server into an empty one, or into one that an earlier copy has made: keys as DUMP has them, with the
 * moment at which they end, and functions. A run that goes on begins at the last batch that was noted with its keys.
 */
export async function copyRedis(copy: RedisCopy): Promise<RedisCopyResult> {
	const { source, report } = copy;
	await refuseOlderTarget(copy);
	await claimForRun(copy);
	const before = await step(copy, "counters", "before", () => readRedisCounters(source));
	const databases = await withRedis(source, databasesOf);
	const copied = { databases: databases.size, keys: 0, bytes: 0, gone: 0 };
	for (const [number, expected] of databases) {
		const evidence = await step(copy, "rows", `db${number}`, () => copyDatabase(copy, number, expected));
		copied.keys += Number(evidence.keys);
		copied.bytes += Number(evidence.bytes);
		copied.gone += Number(evidence.gone);
		report(`redis: database ${number}: ${evidence.keys} keys`);
	}
	await step(copy, "post-data", "functions", () => copyFunctions(copy));
	const after = await step(copy, "counters", "after", () => readRedisCounters(source));
	return { ...copied, counters: [before, after] };
}

/** Takes the target over for this epoch, and makes it this run's own and empty where it is not its own already. */
export async function claimForRun({
	target,
	steps,
	replace = false,
}: Pick<RedisCopy, "target" | "steps" | "replace">): Promise<void> {
	await takeOver(target, steps.epoch);
	await steps.step("create-database", "", {
		look: () =>
			withRedis(target, async (session) => ((await ownerOf(session)) === steps.run ? { owned: true } : undefined)),
		act: () => withRedis(target, (session) => claimTarget(session, { run: steps.run, epoch: steps.epoch, replace })),
	});
}

/** A step whose evidence in the target's notes is what shows that it is done. */
function step(
	{ target, steps }: RedisCopy,
	name: StepName,
	part: string,
	act: () => Promise<Evidence>,
): Promise<Evidence> {
	const field = `${name} ${part}`;
	return steps.step(name, part, {
		look: () => withRedis(target, (session) => readDone(session, field)),
		async act() {
			const evidence = await act();
			await withRedis(target, (session) =>
				transact(session, steps.epoch, 0, [], { [`done ${field}`]: JSON.stringify(evidence) }),
			);
		},
	});
}

async function refuseOlderTarget({ source, target }: RedisCopy): Promise<void> {
	const [from, into] = await Promise.all([source, target].map((login) => withRedis(login, versionOf)));
	if (!isAtLeast((into ?? []).slice(0, 2), (from ?? []).slice(0, 2))) {
		throw new Error(
			`the target is Redis ${into?.join(".")}, older than the source's ${from?.join(".")}, and takes no payload of it; make the target's database of the source's version or newer`,
		);
	}
}

/** How far the copy of a database has come, as the batch notes it that comes there. */
interface Place {
	/** The source's start: the cursor of a SCAN means nothing to another one. */
	server: string;
	cursor: string;
	keys: number;
	bytes: number;
	gone: number;
}

function copyDatabase(
	{ source, target, steps, report }: RedisCopy,
	number: number,
	expected: number,
): Promise<Evidence> {
	return withRedis(source, (from) =>
		withRedis(target, async (into) => {
			await Promise.all([from.send("SELECT", number), into.send("SELECT", 0)]);
			const server = (await from.info("server")).get("run_id") ?? "";
			const hasExpireTime = isAtLeast(await versionOf(from), EXPIRETIME_SINCE);
			const noted = await into.text("HGET", NOTES, `place ${number}`);
			const former = noted === "" ? undefined : (JSON.parse(noted) as Place);
			const place = former?.server === server ? former : { server, cursor: "0", keys: 0, bytes: 0, gone: 0 };
			let isEnded = former?.server === server && former.cursor === "0";
			let size = SCAN_COUNT;
			while (!isEnded) {
				const [next, listed] = (await from.send("SCAN", place.cursor, "COUNT", SCAN_COUNT)) as [Buffer, Buffer[]];
				place.cursor = next.toString();
				for (let start = 0, end = 0; start < listed.length || end === 0; start = end) {
					await steps.checkpoint();
					end = Math.max(start + size, 1);
					const keys = listed.slice(start, end);
					const entries = await readKeys(from, keys, hasExpireTime);
					const bytes = entries.reduce((sum, { payload }) => sum + payload.length, 0);
					place.keys += entries.length;
					place.bytes += bytes;
					place.gone += keys.length - entries.length;
					const notes = end < listed.length ? {} : { [`place ${number}`]: JSON.stringify(place) };
					await transact(into, steps.epoch, number, entries.map(restoreCommand), notes);
					// The next batch is as many keys as this one's size says fit.
					const fitting = Math.floor((BATCH_BYTES * entries.length) / Math.max(1, bytes));
					size = entries.length === 0 ? size : Math.max(1, Math.min(SCAN_COUNT, fitting));
				}
				report(`redis: database ${number}: ${place.keys} of ${expected} keys`);
				isEnded = place.cursor === "0";
			}
			return { keys: place.keys, bytes: place.bytes, gone: place.gone };
		}),
	);
}

/** A key as it travels. */
interface Entry {
	key: Buffer;
	payload: Buffer;
	/** When it ends, in milliseconds of the epoch; 0 for never. */
	endsAt: number;
}

/** Reads keys in one go; those that have gone since they were listed are left out. */
async function readKeys(session: RedisSession, keys: readonly Buffer[], hasExpireTime: boolean): Promise<Entry[]> {
	const clock = hasExpireTime ? undefined : session.send("TIME");
	const answers = await Promise.all(
		keys.map((key) =>
			Promise.all([session.send("DUMP", key), session.send(hasExpireTime ? "PEXPIRETIME" : "PTTL", key)]),
		),
	);
	const [seconds, micros] = ((await clock) ?? []) as [Buffer?, Buffer?];
	const now = Number(seconds ?? 0) * 1000 + Math.floor(Number(micros ?? 0) / 1000);
	return keys.flatMap((key, index) => {
		const [payload, time] = answers[index] ?? [];
		if (!Buffer.isBuffer(payload) || typeof time !== "number" || time === -2) return [];
		return [{ key, payload, endsAt: time < 0 ? 0 : time + now }];
	});
}

/** The moment travels, not what is left until then: the copy's own time does not make a key live longer. */
function restoreCommand({ key, payload, endsAt }: Entry): Word[] {
	return ["RESTORE", key, endsAt, payload, "REPLACE", "ABSTTL"];
}

async function copyFunctions({ source, target, steps }: RedisCopy): Promise<Evidence> {
	const payload = await withRedis(source, async (session) =>
		isAtLeast(await versionOf(session), FUNCTIONS_SINCE) ? session.send("FUNCTION", "DUMP") : null,
	);
	if (!Buffer.isBuffer(payload)) return { bytes: 0 };
	await withRedis(target, (session) =>
		transact(session, steps.epoch, 0, [["FUNCTION", "RESTORE", payload, "FLUSH"]], {}),
	);
	return { bytes: payload.length };
}
