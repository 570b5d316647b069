/** What a database holds, by simple SQL of its own: counts and sums of every table, and the names of what else there is. */
import { type Login, withSession } from "../../postgresql/connection.ts";

/** Everything that two sides are compared in, as lines. */
export async function contentOf(login: Login, database?: string): Promise<Record<string, unknown>> {
	return withSession(login, database === undefined ? {} : { database }, async (client) => {
		const all = async (sql: string) =>
			(await client.query({ text: sql, rowMode: "array" })).rows.map((row) => row.join("|")).sort();
		const isOurs = (oid: string) => `n.nspname !~ '^pg_|^azure|^information_schema$|^move_copy$'
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = ${oid} AND e.deptype = 'e')`;
		const inSchemas = isOurs("c.oid");
		const tables = await all(
			`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND ${inSchemas} ORDER BY 1`,
		);
		const rows: Record<string, string> = {};
		for (const table of tables) {
			// In the order of their names: a child table's inherited columns come first on the target.
			const columns = await all(
				`SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $n$${table}$n$::regclass AND attnum > 0 AND NOT attisdropped`,
			);
			const sql = `SELECT count(*), coalesce(sum(hashtextextended(ROW(${columns.join(", ")})::text, 0)::numeric), 0)`;
			const [sum = ""] = await all(`${sql} FROM ONLY ${table}`);
			rows[table] = sum;
		}
		const sequences = await all(
			`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relkind = 'S' AND ${inSchemas} ORDER BY 1`,
		);
		const values: string[] = [];
		for (const name of sequences) values.push(`${name} ${(await all(`SELECT last_value, is_called FROM ${name}`))[0]}`);
		return {
			rows,
			sequences: values,
			largeObjects: await all("SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1"),
			relations: await all(
				`SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relispopulated
				FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inSchemas}
				AND c.relkind <> 't'`,
			),
			indexes: await all(
				`SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid FROM pg_index i
				JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inSchemas}`,
			),
			constraints: await all(
				`SELECT conrelid::regclass, conname, pg_get_constraintdef(c.oid), convalidated FROM pg_constraint c
				JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${inSchemas}`,
			),
			columns: await all(
				`SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
					pg_get_expr(adbin, adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
				JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
				WHERE attnum > 0 AND NOT attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND ${inSchemas}`,
			),
			functions: await all(
				`SELECT p.oid::regprocedure, md5(pg_get_functiondef(p.oid)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
				WHERE ${isOurs("p.oid")} AND p.prokind IN ('f', 'p')`,
			),
			triggers: await all(
				"SELECT tgrelid::regclass, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
			),
			policies: await all(
				"SELECT polrelid::regclass, polname, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 1, 2",
			),
			extensions: await all("SELECT extname FROM pg_extension WHERE extname !~ '^azure' ORDER BY 1"),
			comments: await all(
				`SELECT classoid::regclass, pg_describe_object(classoid, objoid, objsubid), description FROM pg_description
				WHERE objoid >= 16384 AND classoid <> 'pg_extension'::regclass AND NOT EXISTS
				(SELECT FROM pg_depend d WHERE d.objid = objoid AND d.deptype = 'e') ORDER BY 2`,
			),
		};
	});
}
