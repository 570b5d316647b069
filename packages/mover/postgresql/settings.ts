/** Step `settings`: settings of roles and of the database, who may use the database, how many at once, and its comment. */
import type pg from "pg";
import { grantStatement, readAcl } from "./acl.ts";
import type { Copying } from "./context.ts";
import { aclBeforeFreeze } from "./locks.ts";
import { isSettingLeftBehind, limitOnTarget, type Owners, roleOnTarget } from "./rules.ts";
import { quoteName, quoteText } from "./target.ts";

/** Settings whose value is a list of names, each quoted by itself (`variable_is_guc_list_quote` of pg_dump). */
const LISTS = new Set([
	"local_preload_libraries",
	"search_path",
	"session_preload_libraries",
	"shared_preload_libraries",
	"temp_tablespaces",
	"unix_socket_directories",
]);

interface Setting {
	/** Empty for the whole database. */
	role: string;
	/** Whether for this database alone. */
	inDatabase: boolean;
	name: string;
	value: string;
}

const SETTINGS = `SELECT coalesce(r.rolname, '') AS role, s.setdatabase <> 0 AS "inDatabase",
	pg_catalog.split_part(c.line, '=', 1) AS name, pg_catalog.substr(c.line, pg_catalog.strpos(c.line, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c (line, n)
WHERE (s.setdatabase = 0 OR d.datname = $1) AND (s.setrole = 0 OR r.rolname IS NOT NULL)
ORDER BY 1, 2, c.n`;

export async function copySettings(copying: Copying): Promise<void> {
	const { database, snapshot, owners, sourceDatabase, warn } = copying;
	const { rows } = await snapshot.client.query<Setting>(SETTINGS, [sourceDatabase]);
	const settings = rows
		.filter(({ name }) => !isSettingLeftBehind(name))
		.map((setting) => ({ ...setting, role: roleOnTarget(setting.role, owners) }))
		.filter(({ role, inDatabase }) => !(role === "" && !inDatabase) && !role.startsWith("pg_"));
	await database.step("settings", "", async (client) => {
		const known = await roleNames(client);
		let set = 0;
		for (const role of new Set(settings.filter(({ inDatabase }) => !inDatabase).map((setting) => setting.role))) {
			// What a former rehearsal set may be gone from the source; what the owner had before is the target's own.
			if (known.has(role) && role !== owners.owner) await client.query(`ALTER ROLE ${quoteName(role)} RESET ALL`);
		}
		for (const setting of settings) {
			if (setting.role !== "" && !known.has(setting.role)) continue;
			if (await apply(client, settingStatement(setting.inDatabase ? database.name : undefined, setting))) set += 1;
			else
				warn(`the target knows no setting ${setting.name}, which ${setting.role || "the database"} has on the source`);
		}
		await copyDatabaseRights(client, copying);
		return { settings: set };
	});
}

async function roleNames(client: pg.Client): Promise<Set<string>> {
	const { rows } = await client.query("SELECT rolname FROM pg_catalog.pg_roles");
	return new Set(rows.map(({ rolname }) => rolname as string));
}

/** One setting of a role, of a database, or of a role in a database. */
export function settingStatement(
	database: string | undefined,
	{ role, name, value }: Pick<Setting, "role" | "name" | "value">,
): string {
	const on = role === "" ? `DATABASE ${quoteName(database ?? "")}` : `ROLE ${quoteName(role)}`;
	const where = role !== "" && database !== undefined ? ` IN DATABASE ${quoteName(database)}` : "";
	const setting = name.split(".").map(quoteName).join(".");
	return `ALTER ${on}${where} SET ${setting} TO ${LISTS.has(name) ? list(value) : quoteText(value)}`;
}

/** `"$user", public` to `'$user', 'public'`; an empty list is one empty name. */
function list(value: string): string {
	const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(([, quoted, plain = ""]) =>
		quoted === undefined ? plain : quoted.replaceAll('""', '"'),
	);
	return names.length === 0 ? "''" : names.map(quoteText).join(", ");
}

/** @returns whether the target knows the setting and takes its value */
async function apply(client: pg.Client, sql: string): Promise<boolean> {
	await client.query("SAVEPOINT setting");
	try {
		await client.query(sql);
		return true;
	} catch (error) {
		// undefined_object, invalid_parameter_value, cant_change_runtime_param
		if (!["42704", "22023", "55P02"].includes((error as { code?: string }).code ?? "")) throw error;
		await client.query("ROLLBACK TO SAVEPOINT setting");
		return false;
	}
}

/** Rights on the database, its limit of connections and its comment, as on the source before its freeze. */
async function copyDatabaseRights(
	client: pg.Client,
	{ snapshot, sourceDatabase, database, owners, notes }: Copying,
): Promise<void> {
	const on = `DATABASE ${quoteName(database.name)}`;
	const source = quoteText(sourceDatabase);
	const rights = await readAcl(
		snapshot.client,
		`SELECT datname::text AS object, ${aclBeforeFreeze(notes)} AS acl, datdba AS owner, '' AS columns
		FROM pg_catalog.pg_database WHERE datname = ${source}`,
	);
	await client.query(`REVOKE ALL ON ${on} FROM PUBLIC`);
	const known = await roleNames(client);
	for (const right of mapped(
		// A role of the application's that owned it does no more.
		rights.filter(({ isOwner, grantee: role }) => !isOwner || roleOnTarget(role, owners) !== owners.owner),
		owners,
	)) {
		if (right.grantee === "" || known.has(right.grantee)) await client.query(grantStatement(right, on));
	}
	const { rows } = await snapshot.client.query(
		"SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment, datconnlimit AS limit FROM pg_catalog.pg_database WHERE datname = $1",
		[sourceDatabase],
	);
	const { comment, limit } = rows[0] as { comment: string | null; limit: number };
	await client.query(`ALTER ${on} CONNECTION LIMIT ${limitOnTarget(limit)}`);
	await client.query(`COMMENT ON ${on} IS ${comment === null ? "NULL" : quoteText(comment)}`);
}

const mapped = <T extends { grantee: string }>(rights: readonly T[], owners: Owners): T[] =>
	rights.map((right) => ({ ...right, grantee: roleOnTarget(right.grantee, owners) }));
