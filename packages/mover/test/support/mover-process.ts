/** Movers as processes, with the source and the target that they move between. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Postgres, startPostgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import type { Asks } from "../../journal/journal.ts";
import { type Command, readWish, type Wish, type WishArguments, wish } from "../../journal/wishes.ts";
import { connect, type Login, withSession } from "../../postgresql/connection.ts";
import { openMoveDatabase } from "../../work.ts";
import { execute } from "./databases.ts";

/** A process and what it has said. */
export interface MoverProcess {
	child: ChildProcess;
	output: string;
	/** Waits until it has said something. */
	says(pattern: RegExp, ms?: number): Promise<RegExpMatchArray>;
	/** Waits until it has killed itself, as it was told to. */
	killed(): Promise<void>;
	/** Ends it, and waits until it is gone. */
	end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a file with Node. A deprecation is an error: pg warns of two callers that share a session. */
export function startProcess(file: string, env: Record<string, string>, args: readonly string[] = []): MoverProcess {
	const child = spawn(
		process.execPath,
		["--disable-warning=ExperimentalWarning", "--throw-deprecation", file, ...args],
		{
			env: { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "", ...env },
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	const started: MoverProcess = {
		child,
		output: "",
		async says(pattern, ms = 60_000) {
			const deadline = Date.now() + ms;
			for (;;) {
				const match = started.output.match(pattern);
				if (match !== null) return match;
				if (Date.now() > deadline || child.exitCode !== null || child.signalCode !== null) {
					throw new Error(`it has not said ${pattern}:\n${started.output}`);
				}
				await sleep(20);
			}
		},
		async killed() {
			const deadline = Date.now() + 120_000;
			while (child.exitCode === null && child.signalCode === null) {
				if (Date.now() > deadline) throw new Error(`it goes on, and was to kill itself:\n${started.output}`);
				await sleep(20);
			}
			assert.equal(child.signalCode, "SIGKILL", started.output);
		},
		async end(signal) {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const gone = once(child, "exit");
			child.kill(signal);
			await gone;
		},
	};
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			started.output += text;
		});
	}
	return started;
}

/** Waits until a wish is over; `look` sees it each time that it is not, and may give up. */
export async function untilOver(client: Asks, id: number, look: (made: Wish) => void = () => {}): Promise<Wish> {
	const deadline = Date.now() + 300_000;
	for (;;) {
		const made = await readWish(client, id);
		if (made.state !== "asked" && made.state !== "taken") return made;
		assert.ok(Date.now() < deadline, `${made.command} is ${made.state} after 300 s`);
		look(made);
		await sleep(100);
	}
}

/** Wishes for something on a target's server. @returns what waits until it is over, once */
export async function ask(target: Login, command: Command, given: WishArguments = {}): Promise<() => Promise<Wish>> {
	const client = await openMoveDatabase({ target });
	const id = await wish(client, command, given);
	return async () => {
		try {
			return await untilOver(client, id);
		} finally {
			await client.end();
		}
	};
}

/** A source with one table of five rows, and a target, both empty again with `reset`. */
export class World {
	readonly source: Postgres;
	readonly targets: Record<string, Postgres>;
	readonly #movers: MoverProcess[] = [];
	readonly #clients: { end(): Promise<void> }[] = [];

	static async start(names: readonly string[] = ["main"]): Promise<World> {
		const [source, ...targets] = await Promise.all([
			startPostgres({ major: 17 }),
			...names.map(() => startPostgres({ major: 17, superuser: "aptible", passwords: "md5" })),
		]);
		const world = new World(source, Object.fromEntries(names.map((name, n) => [name, targets[n] as Postgres])));
		await world.reset();
		return world;
	}

	private constructor(source: Postgres, targets: Record<string, Postgres>) {
		this.source = source;
		this.targets = targets;
	}

	login(name = "main"): Login {
		const server = this.targets[name];
		if (server === undefined) throw new Error(`there is no target ${name}`);
		return { url: server.url("db"), ca: server.ca };
	}

	/** Has both sides as they were before any move. */
	async reset(): Promise<void> {
		await this.endAll();
		await execute(
			{ url: this.source.url() },
			"DROP TABLE IF EXISTS t, forbidden; CREATE TABLE t (id int PRIMARY KEY, x int); INSERT INTO t SELECT g, g * 10 FROM generate_series(1, 5) g",
		);
		for (const server of Object.values(this.targets)) {
			await withSession({ url: server.url("postgres") }, {}, async (client) => {
				const { rows } = await client.query(
					"SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')",
				);
				for (const { datname } of rows) await client.query(`DROP DATABASE ${datname} WITH (FORCE)`);
				await client.query("CREATE DATABASE db TEMPLATE template0");
			});
		}
	}

	/** What a mover is told. */
	environment(): Record<string, string> {
		const databases = Object.entries(this.targets).map(([name, server], n) => [
			name,
			{ type: "postgresql", url: server.url("db").replace(/\?.*/, ""), ca: server.ca, aptibleId: 700 + n },
		]);
		const sources = Object.keys(this.targets).flatMap((name) => [
			[`MOVE_SOURCE_${name.toUpperCase()}`, this.source.url().replace(/\?.*/, "")],
			[`MOVE_SOURCE_${name.toUpperCase()}_CA`, this.source.ca],
		]);
		return {
			MOVE_TARGET: JSON.stringify({ stage: "prod", databases: Object.fromEntries(databases) }),
			MOVE_LEASE_SECONDS: "2",
			...Object.fromEntries(sources),
		};
	}

	startMover(env: Record<string, string> = {}): MoverProcess {
		const mover = startProcess(path.join(import.meta.dirname, "mover-entry.ts"), { ...this.environment(), ...env });
		this.#movers.push(mover);
		return mover;
	}

	/** A session in database `move` of the first target. */
	async moveDatabase(): Promise<Asks & { end(): Promise<void> }> {
		const client = await openMoveDatabase({ target: this.login(Object.keys(this.targets)[0]) });
		this.#clients.push(client);
		return client;
	}

	async wish(command: Command, given: WishArguments = {}): Promise<number> {
		const client = await this.moveDatabase();
		try {
			return await wish(client, command, given);
		} finally {
			await client.end();
		}
	}

	/** Waits until a wish is over. */
	async over(id: number, ms = 60_000): Promise<Wish> {
		const client = await this.moveDatabase();
		const deadline = Date.now() + ms;
		try {
			return await untilOver(client, id, ({ command, state }) => {
				if (Date.now() < deadline) return;
				throw new Error(`${command} is ${state}:\n${this.#movers.map(({ output }) => output).join("\n--\n")}`);
			});
		} finally {
			await client.end();
		}
	}

	/** What a query in a database of a target gives. */
	async rows(database: string, sql: string, name = "main"): Promise<Record<string, unknown>[]> {
		const client = await connect({ url: this.targets[name]?.url(database) ?? "" }, { database });
		try {
			return (await client.query(sql)).rows;
		} finally {
			await client.end();
		}
	}

	async databases(name = "main"): Promise<string[]> {
		const rows = await this.rows(
			"postgres",
			"SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY 1",
			name,
		);
		return rows.map(({ datname }) => String(datname));
	}

	/** Steps in the order in which they were begun or done: `rows 3 done`. */
	async steps(): Promise<string[]> {
		const rows = await this.rows(
			"move",
			"SELECT concat_ws(' ', nullif(database, 'main'), step, nullif(part, ''), state) AS line FROM public.journal ORDER BY seq",
			Object.keys(this.targets)[0],
		);
		return rows.map(({ line }) => String(line));
	}

	async endAll(): Promise<void> {
		await Promise.all(this.#movers.splice(0).map((mover) => mover.end("SIGKILL")));
		await Promise.all(this.#clients.splice(0).map((client) => client.end().catch(() => {})));
	}

	async stop(): Promise<void> {
		await this.endAll();
		await Promise.all([this.source, ...Object.values(this.targets)].map((server) => server.stop()));
	}
}
