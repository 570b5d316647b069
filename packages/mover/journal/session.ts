import type pg from "pg";
import { Turns } from "../turns.ts";
import { isConnectionError } from "./errors.ts";

/** A session in one database that is opened when it is used, and anew after it has ended; those who share it take turns. */
export class Session {
	readonly #open: () => Promise<pg.Client>;
	readonly #turns = new Turns();
	#client: Promise<pg.Client> | undefined;

	constructor(open: () => Promise<pg.Client>) {
		this.#open = open;
	}

	/** Asks once: what was sent before a session ended may have been done. */
	query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
		sql: string,
		values?: unknown[],
	): Promise<pg.QueryResult<Row>> {
		return this.#turns.take(() => this.#ask<Row>(sql, values));
	}

	async #ask<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<pg.QueryResult<Row>> {
		this.#client ??= this.#connect();
		const client = await this.#client;
		try {
			return await client.query<Row>(sql, values);
		} catch (error) {
			if (isConnectionError(error)) this.#client = undefined;
			throw error;
		}
	}

	async #connect(): Promise<pg.Client> {
		try {
			const client = await this.#open();
			client.on("end", () => {
				this.#client = undefined;
			});
			return client;
		} catch (error) {
			this.#client = undefined;
			throw error;
		}
	}

	async end(): Promise<void> {
		const client = await this.#client?.catch(() => undefined);
		this.#client = undefined;
		await client?.end().catch(() => {});
	}
}
