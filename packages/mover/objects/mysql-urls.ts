/** URLs of objects in a MySQL database: counted by table and column. The mover does not rewrite them there. */
import type { MovedDatabase } from "../configuration.ts";
import { mysqlParts, quoteName, withMysql } from "../mysql/connection.ts";
import { groupBy, type Renaming, type UrlColumn } from "./urls.ts";

const TEXT_TYPES = "'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json'";

/** Counts rows with the address of a container that moves; nothing tells there where a host's name begins. */
export async function countMysqlUrls(
	login: MovedDatabase["source"],
	renamings: readonly Renaming[],
): Promise<UrlColumn[]> {
	return withMysql(login, async (session) => {
		const columns = await session.rows(
			`SELECT table_name AS t, column_name AS c FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
			WHERE table_schema = ? AND table_type = 'BASE TABLE' AND data_type IN (${TEXT_TYPES}) ORDER BY table_name, ordinal_position`,
			[mysqlParts(login).database],
		);
		const found: UrlColumn[] = [];
		for (const [table, own] of groupBy(columns, (one) => String(one.t))) {
			const counts = own.map(({ c }, n) => {
				const like = renamings.map(() => `LOCATE(?, ${quoteName(String(c))}) > 0`).join(" OR ");
				return `SUM(CASE WHEN ${like} THEN 1 ELSE 0 END) AS c${n}`;
			});
			const bases = own.flatMap(() => renamings.map(({ from }) => from));
			const [row] = await session.rows(`SELECT ${counts.join(", ")} FROM ${quoteName(table)}`, bases);
			for (const [n, { c }] of own.entries()) {
				const rows = Number(row?.[`c${n}`] ?? 0);
				if (rows > 0) found.push({ table, column: String(c), isView: false, rows, moved: rows });
			}
		}
		return found;
	});
}
