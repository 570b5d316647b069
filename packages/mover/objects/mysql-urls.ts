/** URLs of objects in a MySQL database: counted by table and column. The mover does not rewrite them there. */
import type { MovedDatabase } from "../configuration.ts";
import { mysqlParts, quoteName, withMysql } from "../mysql/connection.ts";
import { groupBy, partsOf, type Renaming, type UrlColumn } from "./urls.ts";

const TEXT_TYPES = "'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json'";

/** How a slash is written in a text, in JSON and in a parameter of a URL, in lower case. */
const SLASHES = ["/", "\\/", "%2f"];

/** Counts rows with a host of the old account, and of them those with a container that moves; nothing tells there where a host's name begins. */
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
			const hosts = [...new Set(renamings.flatMap(({ from }) => writtenAs(partsOf(from).slice(0, -1))))];
			const bases = renamings.flatMap(({ from }) => writtenAs(partsOf(from)));
			const counts = own.flatMap(({ c }, n) => [
				`SUM(CASE WHEN ${anyIn(String(c), hosts)} THEN 1 ELSE 0 END) AS r${n}`,
				`SUM(CASE WHEN ${anyIn(String(c), bases)} THEN 1 ELSE 0 END) AS m${n}`,
			]);
			const values = own.flatMap(() => [...hosts, ...bases]);
			const [row] = await session.rows(`SELECT ${counts.join(", ")} FROM ${quoteName(table)}`, values);
			for (const [n, { c }] of own.entries()) {
				const [rows, moved] = [Number(row?.[`r${n}`] ?? 0), Number(row?.[`m${n}`] ?? 0)];
				if (rows > 0) found.push({ table, column: String(c), isView: false, rows, moved });
			}
		}
		return found;
	});
}

const writtenAs = (parts: readonly string[]) => [...new Set(SLASHES.map((slash) => parts.join(slash)))];

/** JSON compares by case, whatever the collation. */
function anyIn(column: string, texts: readonly string[]): string {
	return texts.map(() => `LOCATE(?, LOWER(${quoteName(column)})) > 0`).join(" OR ");
}
