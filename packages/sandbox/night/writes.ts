/** The table that the night's clients write to. */
import pg from "pg";

/** SQL of the table, in whose rows the server itself says where and when they were written. Whoever writes has to have INSERT on it. */
export const WRITES_TABLE = `CREATE TABLE night_writes (
	id uuid PRIMARY KEY,
	writer text NOT NULL,
	written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	written_on text NOT NULL DEFAULT concat(host(inet_server_addr()), ':', inet_server_port())
)`;

/** A row as a database holds it. */
export interface StoredWrite {
	id: string;
	writer: string;
	writtenAt: Date;
	/** Address and port of the server that took it. */
	writtenOn: string;
}

/** Writes a row. @throws where the server does not acknowledge it */
export async function write(client: pg.ClientBase | pg.Pool, id: string, writer: string): Promise<void> {
	await client.query("INSERT INTO night_writes (id, writer) VALUES ($1, $2)", [id, writer]);
}

/** Every row of a database, in the order of its times; none where the table has not come there. */
export async function readWrites(url: string): Promise<StoredWrite[]> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		const table = await client.query("SELECT to_regclass('night_writes') IS NOT NULL AS \"isThere\"");
		if (table.rows[0].isThere !== true) return [];
		const { rows } = await client.query(
			'SELECT id, writer, written_at AS "writtenAt", written_on AS "writtenOn" FROM night_writes ORDER BY written_at, id',
		);
		return rows;
	} finally {
		await client.end();
	}
}
