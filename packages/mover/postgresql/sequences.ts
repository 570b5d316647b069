/** Step `sequences`: where each stands, those of identity columns too. */
import type { Copying } from "./context.ts";
import { isExtensionLeftBehind, isSchemaLeftBehind } from "./rules.ts";

const SEQUENCES = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS qualified, n.nspname AS schema,
	pg_catalog.pg_get_userbyid(n.nspowner) AS owner, e.extname AS extension, c.oid = ANY (e.extconfig) AS is_config
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY c.oid`;

const AT_A_TIME = 200;

/**
 * Sets them in one transaction. A sequence is read from itself: `pg_sequences` does not tell where one stands that was set and not
 * called. It is no part of a snapshot, so on a live source it may be ahead of the rows, never behind.
 */
export async function copySequences({ database, snapshot }: Copying): Promise<number> {
	const { rows } = await snapshot.client.query(SEQUENCES);
	const names = rows
		.filter(({ schema, owner }) => !isSchemaLeftBehind(schema, owner))
		.filter(({ extension, is_config }) => extension === null || (is_config && !isExtensionLeftBehind(extension)))
		.map(({ qualified }) => qualified as string);
	const evidence = await database.step("sequences", "", async (client) => {
		for (let first = 0; first < names.length; first += AT_A_TIME) {
			const some = names.slice(first, first + AT_A_TIME);
			const values = some.map((name, n) => `SELECT ${n}::int AS n, last_value::text, is_called FROM ${name}`);
			const { rows: states } = await snapshot.client.query(values.join(" UNION ALL "));
			await client.query(
				`SELECT pg_catalog.setval(s.name::pg_catalog.regclass, s.value, s.called)
				FROM unnest($1::text[], $2::int8[], $3::bool[]) AS s (name, value, called)`,
				[states.map(({ n }) => some[n]), states.map((s) => s.last_value), states.map((s) => s.is_called)],
			);
		}
		return { sequences: names.length };
	});
	return Number(evidence.sequences);
}
