import type { Asks } from "../journal/journal.ts";
import { type Login, withSession } from "./connection.ts";
import { formerName } from "./swap.ts";
import { quoteName } from "./target.ts";

/**
 * Puts a database that was swapped out back in its place; the copy has its own name again. Does nothing where no swap has happened.
 *
 * @param database the name that both want: `db`
 * @param into the copy: `move_7`
 */
export async function undoSwap(target: Login, database: string, into: string): Promise<void> {
	const former = formerName(database, into);
	await withSession(target, { database: "postgres" }, async (client) => {
		const { rows } = await client.query("SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY ($1)", [
			[database, former, into],
		]);
		const names = new Set(rows.map(({ datname }) => datname));
		if (!names.has(former) || names.has(into)) return;
		for (const name of [database, former]) await close(client, name);
		try {
			await client.query("BEGIN");
			await client.query(`ALTER DATABASE ${quoteName(database)} RENAME TO ${quoteName(into)}`);
			await client.query(`ALTER DATABASE ${quoteName(former)} RENAME TO ${quoteName(database)}`);
			await client.query("COMMIT");
		} catch (error) {
			await client.query("ROLLBACK").catch(() => {});
			throw error;
		} finally {
			await client.query(`ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS true`);
		}
	});
}

/** No database with a session can be renamed. */
async function close(client: Asks, database: string): Promise<void> {
	await client.query(`ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS false`);
	await client.query(
		"SELECT pg_catalog.pg_terminate_backend(pid, 30000) FROM pg_catalog.pg_stat_activity WHERE datname = $1",
		[database],
	);
}
