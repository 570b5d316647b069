/** What a proof keeps in the copy's own schema: how both sides are cut, and the sums of the parts that are read. */
import type pg from "pg";
import { type Evidence, LOCK_CLASS, type Steps } from "../steps.ts";
import { Turns } from "../turns.ts";
import { type Login, withSession } from "./connection.ts";
import { COPY_SCHEMA } from "./rules.ts";

const TABLES = `CREATE SCHEMA IF NOT EXISTS ${COPY_SCHEMA};
CREATE TABLE IF NOT EXISTS ${COPY_SCHEMA}.done (step text, part text, evidence jsonb, PRIMARY KEY (step, part));
CREATE TABLE IF NOT EXISTS ${COPY_SCHEMA}.proof (one boolean PRIMARY KEY DEFAULT true CHECK (one), basis text NOT NULL, cuts jsonb NOT NULL);`;

/** How both sides are cut: once for a proof, as VACUUM changes a table's size and a part's name is its number. */
export interface Cuts {
	/** Parts and pages of each, by `s.OID` and `t.OID`, of what has more than one. */
	relations: Record<string, { count: number; pages: number }>;
	/** The first id of each range of large objects. */
	largeObjects: number[];
}

/** The parts that are done, in the target; the readers take turns at its one session. */
export class Marker {
	readonly #session: pg.Client;
	readonly #turns = new Turns();

	private constructor(session: pg.Client) {
		this.#session = session;
	}

	/** In a session that may write; the swapped database has no schema of the copy's any more. */
	static async open(session: pg.Client): Promise<Marker> {
		await session.query(TABLES);
		return new Marker(session);
	}

	/** The cuts of the proof that is there under this basis; under another one its sums go, and this one begins. */
	async takeUp(basis: string, { epoch, run }: Steps, cutAnew: () => Promise<Cuts>): Promise<Cuts> {
		const sql = `SELECT cuts FROM ${COPY_SCHEMA}.proof WHERE basis = $1`;
		const { rows } = await this.#query<{ cuts: Cuts }>(sql, [basis]);
		if (rows[0] !== undefined) return rows[0].cuts;
		const cuts = await cutAnew();
		const { rowCount } = await this.#query(
			`WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, $1) AS held),
				former AS (DELETE FROM ${COPY_SCHEMA}.done WHERE step = 'verify' AND (SELECT held FROM lock))
			INSERT INTO ${COPY_SCHEMA}.proof (basis, cuts) SELECT $2, $3 FROM lock WHERE held
			ON CONFLICT (one) DO UPDATE SET basis = excluded.basis, cuts = excluded.cuts`,
			[epoch, basis, JSON.stringify(cuts)],
		);
		if (rowCount !== 1) throw isOver(epoch, run);
		return cuts;
	}

	async find(part: string): Promise<Evidence | undefined> {
		const { rows } = await this.#query<{ evidence: Evidence }>(
			`SELECT evidence FROM ${COPY_SCHEMA}.done WHERE step = 'verify' AND part = $1`,
			[part],
		);
		return rows[0]?.evidence;
	}

	/** One statement is one transaction: the lock on the epoch is held while the row is written. */
	async write(part: string, evidence: Evidence, { epoch, run }: Steps): Promise<void> {
		const { rowCount } = await this.#query(
			`INSERT INTO ${COPY_SCHEMA}.done (step, part, evidence)
			SELECT 'verify', $1, $2 WHERE pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, $3)`,
			[part, JSON.stringify(evidence), epoch],
		);
		if (rowCount !== 1) throw isOver(epoch, run);
	}

	#query<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
		return this.#turns.take(() => this.#session.query<Row>(sql, values));
	}
}

function isOver(epoch: number, run: string): Error {
	return new Error(`epoch ${epoch} is over: another mover has taken run ${run}`);
}

/** Forgets the parts of a verification that has ended: the next one reads everything again. */
export async function clearSums({ login, database }: { login: Login; database?: string }): Promise<void> {
	await withSession(login, database === undefined ? {} : { database }, (client) =>
		client.query(`DELETE FROM ${COPY_SCHEMA}.done WHERE step = 'verify'; DELETE FROM ${COPY_SCHEMA}.proof`),
	);
}
