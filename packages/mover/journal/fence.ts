/**
 * Keeps former holders out of the databases that a run writes to. Every transaction that writes there holds a shared lock on its
 * holder's epoch; whoever takes over holds all former epochs exclusively, for as long as it lives.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { LOCK_CLASS } from "../steps.ts";
import { stateOf } from "./errors.ts";
import type { Connect } from "./schema.ts";

/**
 * invalid_catalog_name: there is no such database. object_not_in_prerequisite_state: its swap has begun, and it takes no connections;
 * a former holder's swap fails at its line of the journal.
 */
const NOT_OPEN = ["3D000", "55000"];
/** A session ends within this time of being told to. */
const END_MS = 60_000;

/** The fence around the databases of one run on one server. */
export class Fence {
	readonly #connect: Connect;
	readonly #epoch: number;
	readonly #guards = new Map<string, pg.Client>();

	/** @param epoch of this holder: all below it are kept out */
	constructor(connect: Connect, epoch: number) {
		this.#connect = connect;
		this.#epoch = epoch;
	}

	/**
	 * Ends what former holders have open in a database, and keeps them out from here on. Does nothing where it is kept already, or the
	 * database is not there or takes no connections.
	 */
	async keep(database: string): Promise<void> {
		if (this.#guards.has(database) || this.#epoch === 1) return;
		const client = await this.#connect(database).catch((error: unknown) => {
			if (NOT_OPEN.includes(stateOf(error) ?? "")) return undefined;
			throw error;
		});
		if (client === undefined) return;
		// Ended by a restart of the server, it is set up anew before the next step; by the swap and the drop, for good.
		client.on("end", () => {
			if (this.#guards.get(database) === client) this.#guards.delete(database);
		});
		this.#guards.set(database, client);
		try {
			for (let epoch = 1; epoch < this.#epoch; epoch += 1) await takeOver(client, epoch);
		} catch (error) {
			this.#guards.delete(database);
			await client.end().catch(() => {});
			throw error;
		}
	}

	/** Opens the fence. */
	async open(): Promise<void> {
		const guards = [...this.#guards.values()];
		this.#guards.clear();
		await Promise.all(guards.map((client) => client.end().catch(() => {})));
	}
}

const END_HOLDERS = `SELECT pg_terminate_backend(pid) FROM pg_locks
	WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

async function takeOver(client: pg.Client, epoch: number): Promise<void> {
	const deadline = Date.now() + END_MS;
	for (;;) {
		const { rows } = await client.query("SELECT pg_try_advisory_lock($1, $2) AS taken", [LOCK_CLASS, epoch]);
		if (rows[0].taken) return;
		if (Date.now() > deadline) {
			throw new Error(
				`a session of an earlier mover (epoch ${epoch}) is still open in ${client.database ?? "the run's database"}, ${END_MS / 1000} s after it was told to end; restart the target: aptible db:restart HANDLE`,
			);
		}
		await client.query(END_HOLDERS, [LOCK_CLASS, epoch]);
		await sleep(50);
	}
}
