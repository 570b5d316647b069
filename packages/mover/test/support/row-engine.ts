/** A small engine for tests of the mover itself: copies the rows of one table, one a part, into a database that it swaps in. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine, Proof, Task } from "../../engine.ts";
import { type Login, withSession } from "../../postgresql/connection.ts";
import { type Evidence, LOCK_CLASS, type StepName } from "../../steps.ts";

export interface RowEngineOptions {
	/** How long each part takes, and the swap. */
	partMs?: number;
	/** Text of the URL of a target whose swap fails. */
	failingSwap?: string;
	/** Text of the URL of a target whose source is not to be frozen. */
	refusedFreeze?: string;
	/** Whether it cannot tell that its source was written to. */
	untold?: boolean;
}

type Client = Parameters<Parameters<typeof withSession>[2]>[0];

export function rowEngine({ partMs = 0, failingSwap, refusedFreeze, untold = false }: RowEngineOptions = {}): Engine {
	const engine: Engine = {
		async identify(login) {
			return withSession(login, { database: "postgres" }, async (client) => {
				const { rows } = await client.query("SELECT system_identifier::text AS system FROM pg_control_system()");
				return { system: rows[0].system as string, database: nameIn(login) };
			});
		},
		async check({ source }) {
			const { rows } = await withSession(source, {}, (client) =>
				client.query("SELECT to_regclass('public.forbidden') IS NOT NULL AS found"),
			);
			const line = "table public.forbidden stands in the way; remove it: DROP TABLE public.forbidden";
			return rows[0].found ? [{ trap: "forbidden", severity: "blocker", object: "public.forbidden", line }] : [];
		},
		async measure(source) {
			const { rows } = await withSession(source, {}, (client) =>
				client.query("SELECT count(*)::int * 8 AS bytes FROM public.t"),
			);
			return { 1: rows[0].bytes };
		},
		async copy(task) {
			await make(task);
			const { rows } = await withSession(task.source, {}, (client) =>
				client.query("SELECT id, x FROM public.t ORDER BY id"),
			);
			for (const { id, x } of rows) {
				await task.steps.checkpoint();
				await write(task, "rows", String(id), async (client) => {
					await client.query("INSERT INTO public.t VALUES ($1, $2)", [id, x]);
					await sleep(partMs);
					task.steps.signal.throwIfAborted();
					return { rows: 1, bytes: 8 };
				});
			}
			return prove(task.source, task.target, task.into);
		},
		async findStale({ source, target, into }, proof) {
			const begun = (proof?.details as { one: string } | undefined)?.one ?? (await readBegun(target, into));
			const now = await sumOf(source);
			return begun === undefined || begun === now ? [] : [`the source has ${now} and had ${begun}`];
		},
		verify: ({ source, target, into, isSwapped }) => prove(source, target, isSwapped ? nameIn(target) : into),
		async swap(task) {
			const { target, into, steps, journal } = task;
			const [own, kept] = [nameIn(target), `${nameIn(target)}_before_${into.slice(5)}`];
			await steps.step("swap", "", {
				look: async () =>
					(await isThere(target, kept)) && !(await isThere(target, into)) ? { swapped: true } : undefined,
				act: () =>
					withSession(target, { database: "move" }, async (client) => {
						if (!(await journal.isVerified(client))) throw new Error("it is not verified");
						await sleep(partMs);
						if (failingSwap !== undefined && target.url.includes(failingSwap)) throw new Error("it cannot be renamed");
						await renameAll(
							client,
							[
								[own, kept],
								[into, own],
							],
							() => journal.recordDone(client, { swapped: true }),
						);
					}),
			});
		},
		async undoSwap({ target, into }) {
			const [own, kept] = [nameIn(target), `${nameIn(target)}_before_${into.slice(5)}`];
			if (!(await isThere(target, kept))) return;
			await withSession(target, { database: "move" }, (client) =>
				renameAll(client, [
					[own, into],
					[kept, own],
				]),
			);
		},
		async admitFreeze({ target }) {
			if (refusedFreeze === undefined || !target.url.includes(refusedFreeze)) return [];
			return [{ trap: "freeze-slot", severity: "blocker", line: "this source is in the way" }];
		},
		async freeze({ source, notes, note, steps }) {
			const before = await limitOf(source);
			if (!notes.has("1262")) await note("1262", { limit: before });
			await steps.step("freeze", "1262", {
				look: async () => ((await limitOf(source)) === LOCKED ? { limit: LOCKED } : undefined),
				act: () => limit(source, LOCKED),
			});
			return [];
		},
		async thaw({ source, notes, steps }) {
			for (const [part, { limit: former }] of notes) {
				await steps.step("thaw", part, {
					look: async () => ((await limitOf(source)) === former ? { limit: former } : undefined),
					act: () => limit(source, Number(former)),
				});
			}
			return [];
		},
		async drop({ target, into, steps }) {
			await steps.step("drop", "", {
				look: async () => ((await isThere(target, into)) ? undefined : { dropped: true }),
				act: () =>
					withSession(target, { database: "postgres" }, async (client) => {
						await client.query(`DROP DATABASE IF EXISTS ${into} WITH (FORCE)`);
					}),
			});
		},
	};
	if (untold) delete engine.findStale;
	return engine;
}

/** A limit of connections that tells a frozen source. */
const LOCKED = 77;

async function limitOf(source: Login): Promise<number> {
	const { rows } = await withSession(source, {}, (client) =>
		client.query("SELECT datconnlimit AS limit FROM pg_database WHERE datname = current_database()"),
	);
	return rows[0].limit;
}

async function limit(source: Login, connections: number): Promise<void> {
	await withSession(source, {}, (client) =>
		client.query(`ALTER DATABASE ${nameIn(source)} CONNECTION LIMIT ${connections}`),
	);
}

async function sumOf(login: Login, database?: string): Promise<string> {
	return withSession(login, database === undefined ? {} : { database }, async (client) => {
		const { rows } = await client.query("SELECT count(*)::int AS n, sum(x)::text AS sum FROM public.t");
		return `${rows[0].n} rows, sum ${rows[0].sum}`;
	});
}

/** What the source had when the copy was begun. */
async function readBegun(target: Login, into: string): Promise<string | undefined> {
	if (!(await isThere(target, into))) return undefined;
	return withSession(target, { database: into }, async (client) => {
		const { rows } = await client.query(
			"SELECT evidence ->> 'source' AS source FROM move_copy.done WHERE step = 'counters'",
		);
		return rows[0]?.source;
	});
}

async function prove(source: Login, target: Login, copy: string): Promise<Proof> {
	const [one, other] = await Promise.all([sumOf(source), sumOf(target, copy)]);
	const differences = one === other ? [] : [`public.t: ${one} on the source, ${other} on the target`];
	return { equal: one === other, differences, hash: "0123456789abcdef", details: { one, other } };
}

const nameIn = ({ url }: Login) => new URL(url).pathname.slice(1);

async function isThere(target: Login, database: string): Promise<boolean> {
	return withSession(target, { database: "postgres" }, async (client) => {
		const { rows } = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
		return rows.length > 0;
	});
}

async function renameAll(
	client: Client,
	names: readonly (readonly [string, string])[],
	before: () => Promise<void> = async () => {},
): Promise<void> {
	for (const [from] of names) {
		await client.query(`ALTER DATABASE ${from} ALLOW_CONNECTIONS false`);
		await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", [from]);
	}
	await client.query("BEGIN");
	for (const [from, to] of names) await client.query(`ALTER DATABASE ${from} RENAME TO ${to}`);
	for (const [, to] of names) await client.query(`ALTER DATABASE ${to} ALLOW_CONNECTIONS true`);
	await before();
	await client.query("COMMIT");
}

async function make(task: Task): Promise<void> {
	const { source, target, into, steps } = task;
	await steps.step("create-database", "", {
		look: async () => {
			if (!(await isThere(target, into))) return undefined;
			return withSession(target, { database: into }, async (client) => {
				const { rows } = await client.query("SELECT to_regclass('move_copy.done') IS NOT NULL AS made");
				return rows[0].made ? { created: true } : undefined;
			});
		},
		act: async () => {
			const begun = JSON.stringify({ source: await sumOf(source) });
			if (!(await isThere(target, into))) {
				await withSession(target, { database: "postgres" }, (client) =>
					client.query(`CREATE DATABASE ${into} TEMPLATE template0`),
				);
			}
			await withSession(target, { database: into }, (client) =>
				client.query(`CREATE SCHEMA move_copy; CREATE TABLE public.t (id int, x int);
				CREATE TABLE move_copy.done (step text, part text, evidence jsonb, PRIMARY KEY (step, part));
				INSERT INTO move_copy.done VALUES ('counters', 'before', '${begun}')`),
			);
		},
	});
}

async function write(
	{ target, into, steps }: Task,
	step: StepName,
	part: string,
	work: (client: Client) => Promise<Evidence>,
): Promise<void> {
	await steps.step(step, part, {
		look: () =>
			withSession(target, { database: into }, async (client) => {
				const { rows } = await client.query("SELECT evidence FROM move_copy.done WHERE step = $1 AND part = $2", [
					step,
					part,
				]);
				return rows[0]?.evidence;
			}),
		act: () =>
			withSession(target, { database: into }, async (client) => {
				await client.query("BEGIN");
				const { rows } = await client.query("SELECT pg_try_advisory_xact_lock_shared($1, $2) AS got", [
					LOCK_CLASS,
					steps.epoch,
				]);
				if (!rows[0].got) throw new Error("another mover has taken over");
				const evidence = await work(client);
				await client.query("INSERT INTO move_copy.done VALUES ($1, $2, $3)", [step, part, JSON.stringify(evidence)]);
				await client.query("COMMIT");
			}),
	});
}
