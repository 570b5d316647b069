/** A server of Redis cannot rename a database, so the copy goes into the databases themselves, with one key of its own beside them. */
import { isConnectionError } from "../journal/errors.ts";
import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import {
	databasesOf,
	isAtLeast,
	type RedisSession,
	type Reply,
	versionOf,
	type Word,
	withRedis,
} from "./connection.ts";

/** The key, in database 0, of what the copy notes for itself; it goes when the move is over. */
export const NOTES = "medstack-to-aptible:move";

/** First version with functions. */
export const FUNCTIONS_SINCE = [7, 0];

/**
 * Sends commands as one transaction that happens only while this epoch holds the target, with its notes: a batch of keys and the
 * place that it ends at are there together or not at all.
 *
 * @param database that the commands are for
 * @throws when another epoch holds the target, and when a command fails
 */
export async function transact(
	session: RedisSession,
	epoch: number,
	database: number,
	commands: readonly Word[][],
	notes: Readonly<Record<string, string>>,
): Promise<void> {
	const opened = Promise.all([session.send("SELECT", 0), session.send("WATCH", NOTES)]);
	const [holder] = await Promise.all([session.text("HGET", NOTES, "epoch"), opened]);
	if (holder !== "" && Number(holder) !== epoch) {
		await session.send("UNWATCH");
		throw new Error(`a mover of epoch ${holder} holds this target, and this one has epoch ${epoch}`);
	}
	const written = Object.entries(notes).flat();
	const isDone = await execute(session, [
		["SELECT", database],
		...commands,
		["SELECT", 0],
		...(written.length === 0 ? [] : [["HSET", NOTES, ...written]]),
	]);
	if (!isDone) throw new Error(`another mover took this target over from epoch ${epoch}`);
}

/**
 * Sends commands as one transaction.
 *
 * @returns whether it happened: not where what is watched was changed
 */
async function execute(session: RedisSession, commands: readonly Word[][]): Promise<boolean> {
	const sent = [["MULTI"], ...commands, ["EXEC"]].map((command) => session.send(...command));
	const results = await Promise.allSettled(sent);
	// The first is the cause, the end of the transaction only says that there was one.
	const refused = results.find((result) => result.status === "rejected");
	if (refused !== undefined) {
		throw isConnectionError(refused.reason) ? refused.reason : new Error(refusal(refused.reason as Error));
	}
	const replies = await sent.at(-1);
	if (!Array.isArray(replies)) return false;
	const failed = (replies as (Reply | Error)[]).find((reply) => reply instanceof Error);
	if (failed instanceof Error) throw new Error(refusal(failed));
	return true;
}

function refusal({ message }: Error): string {
	const fix = /^OOM/.test(message)
		? "; make the target's container larger: aptible db:restart --container-size"
		: /payload version/.test(message)
			? "; the target is older than the source, make it of the source's version or newer"
			: "";
	return `the target refused a command: ${message}${fix}`;
}

/** The run that a target belongs to; nothing where no copy has claimed it. */
export async function ownerOf(session: RedisSession): Promise<string | undefined> {
	await session.send("SELECT", 0);
	return (await session.text("HGET", NOTES, "run")) || undefined;
}

/** What is in a target that no copy has claimed: keys by database, and libraries of functions. */
export async function foreignContent(session: RedisSession): Promise<string[]> {
	if ((await ownerOf(session)) !== undefined) return [];
	const databases = await databasesOf(session);
	const keys = [...databases].map(([number, count]) => `${count} keys in database ${number}`);
	const libraries = await librariesOf(session);
	return libraries === 0 ? keys : [...keys, `${libraries} libraries of functions`];
}

/** How many libraries of functions a server has. */
export async function librariesOf(session: RedisSession): Promise<number> {
	if (!isAtLeast(await versionOf(session), FUNCTIONS_SINCE)) return 0;
	const list = await session.send("FUNCTION", "LIST");
	return Array.isArray(list) ? list.length : 0;
}

/** Makes the target this run's own and empty. */
export async function claimTarget(
	session: RedisSession,
	{ run, epoch, replace }: { run: string; epoch: number; replace: boolean },
): Promise<void> {
	const foreign = await foreignContent(session);
	if (foreign.length > 0 && !replace) {
		throw new Error(
			`the target has ${foreign.join(", ")}, which no copy has made; remove them, or say --replace to have them removed`,
		);
	}
	await transact(session, epoch, 0, await emptyCommands(session), { run, epoch: String(epoch) });
}

async function emptyCommands(session: RedisSession): Promise<Word[][]> {
	const hasFunctions = isAtLeast(await versionOf(session), FUNCTIONS_SINCE);
	return [["FLUSHALL"], ...(hasFunctions ? [["FUNCTION", "FLUSH"]] : [])];
}

/** Removes a copy with its notes; a target that no copy has claimed is left alone. */
export async function dropCopy(target: Login, epoch: number): Promise<void> {
	await withRedis(target, async (session) => {
		if ((await ownerOf(session)) === undefined) return;
		await transact(session, epoch, 0, await emptyCommands(session), {});
	});
}

/** Takes the target over for an epoch: a transaction of a former holder's fails from then on. */
export async function takeOver(login: Login, epoch: number): Promise<void> {
	await withRedis(login, async (session) => {
		await session.send("SELECT", 0);
		await session.send("WATCH", NOTES);
		const holder = await session.text("HGET", NOTES, "epoch");
		if (holder === "") return;
		if (Number(holder) > epoch) {
			throw new Error(`a mover of epoch ${holder} holds this target, and this one has epoch ${epoch}`);
		}
		if (!(await execute(session, [["HSET", NOTES, "epoch", epoch]]))) {
			throw new Error("another mover takes this target over at the same time; run the copy again");
		}
	});
}

/** The evidence that a step left when it was done. */
export async function readDone(session: RedisSession, step: string): Promise<Evidence | undefined> {
	await session.send("SELECT", 0);
	const text = await session.text("HGET", NOTES, `done ${step}`);
	return text === "" ? undefined : (JSON.parse(text) as Evidence);
}

/** Gives the target to its applications: the copy's notes go, and from then on it is nobody's to empty. */
export async function releaseRedis(target: Login): Promise<void> {
	await withRedis(target, async (session) => {
		await session.send("SELECT", 0);
		await session.send("DEL", NOTES);
	});
}
