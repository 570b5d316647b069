import type pg from "pg";
import { destroy } from "../postgresql/connection.ts";
import { Turns } from "../turns.ts";
import { isConnectionError } from "./errors.ts";

/** How long database `move` may take to answer: what is asked there takes milliseconds. */
const ANSWER_MS = 30_000;

/** A session in one database that is opened when it is used, and anew after it has ended; those who share it take turns. */
export class Session {
	readonly #open: () => Promise<pg.Client>;
	readonly #answerMs: number;
	readonly #turns = new Turns();
	#client: Promise<pg.Client> | undefined;

	/** @param answerMs after which a session that does not answer is ended; default 30 s */
	constructor(open: () => Promise<pg.Client>, answerMs = ANSWER_MS) {
		this.#open = open;
		this.#answerMs = answerMs;
	}

	/** Asks once: what was sent before a session ended may have been done. @throws a connection's error where no answer comes */
	query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
		sql: string,
		values?: unknown[],
	): Promise<pg.QueryResult<Row>> {
		return this.#turns.take(() => this.#ask<Row>(sql, values));
	}

	async #ask<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<pg.QueryResult<Row>> {
		this.#client ??= this.#connect();
		const client = await this.#client;
		const timer = setTimeout(() => destroy(client), this.#answerMs);
		try {
			return await client.query<Row>(sql, values);
		} catch (error) {
			if (isConnectionError(error)) this.#client = undefined;
			throw error;
		} finally {
			clearTimeout(timer);
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
