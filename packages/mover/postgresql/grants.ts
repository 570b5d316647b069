/**
 * Step `grants`: what roles own and may that stay behind becomes the database owner's. All other owners and rights came with the
 * definitions.
 */
import type pg from "pg";
import { grantee, grantStatement, readAcl } from "./acl.ts";
import { databaseOwner } from "./catalog.ts";
import type { Copying } from "./context.ts";
import { PLACEHOLDER } from "./roles.ts";
import { type Owners, roleOnTarget } from "./rules.ts";
import { quoteName } from "./target.ts";

/** Every kind of object with a list of rights, as `GRANT ... ON` names it. */
const RIGHTS = [
	"SELECT 'TABLE ' || oid::pg_catalog.regclass AS object, relacl AS acl, relowner AS owner, '' AS columns FROM pg_catalog.pg_class WHERE relkind <> 'S' AND relacl IS NOT NULL",
	"SELECT 'SEQUENCE ' || oid::pg_catalog.regclass, relacl, relowner, '' FROM pg_catalog.pg_class WHERE relkind = 'S' AND relacl IS NOT NULL",
	"SELECT 'TABLE ' || attrelid::pg_catalog.regclass, attacl, relowner, ' (' || pg_catalog.quote_ident(attname) || ')' FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE attacl IS NOT NULL",
	"SELECT 'ROUTINE ' || oid::pg_catalog.regprocedure, proacl, proowner, '' FROM pg_catalog.pg_proc WHERE proacl IS NOT NULL",
	"SELECT 'TYPE ' || oid::pg_catalog.regtype, typacl, typowner, '' FROM pg_catalog.pg_type WHERE typacl IS NOT NULL",
	"SELECT 'SCHEMA ' || pg_catalog.quote_ident(nspname), nspacl, nspowner, '' FROM pg_catalog.pg_namespace WHERE nspacl IS NOT NULL",
	"SELECT 'LANGUAGE ' || pg_catalog.quote_ident(lanname), lanacl, lanowner, '' FROM pg_catalog.pg_language WHERE lanacl IS NOT NULL",
	"SELECT 'FOREIGN DATA WRAPPER ' || pg_catalog.quote_ident(fdwname), fdwacl, fdwowner, '' FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL",
	"SELECT 'FOREIGN SERVER ' || pg_catalog.quote_ident(srvname), srvacl, srvowner, '' FROM pg_catalog.pg_foreign_server WHERE srvacl IS NOT NULL",
	"SELECT 'LARGE OBJECT ' || oid, lomacl, lomowner, '' FROM pg_catalog.pg_largeobject_metadata WHERE lomacl IS NOT NULL",
].join(" UNION ALL ");

/** Every object with an owner that is no part of an extension and no part of another object. */
const OWNED = `
SELECT i.type, i.identity, pg_catalog.pg_get_userbyid(o.owner) AS owner FROM (
	SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, oid, relowner AS owner FROM pg_catalog.pg_class c
		WHERE relkind IN ('r', 'p', 'v', 'm', 'f') OR (relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
			WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
			AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
	UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, oid, proowner FROM pg_catalog.pg_proc
	UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, typowner FROM pg_catalog.pg_type t
		LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
		WHERE typtype IN ('b', 'd', 'e', 'r') AND typelem = 0 OR c.relkind = 'c'
	UNION ALL SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, oid, nspowner FROM pg_catalog.pg_namespace
	UNION ALL SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, oid, oprowner FROM pg_catalog.pg_operator
	UNION ALL SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, opcowner FROM pg_catalog.pg_opclass
	UNION ALL SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid, opfowner FROM pg_catalog.pg_opfamily
	UNION ALL SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, oid, collowner FROM pg_catalog.pg_collation
	UNION ALL SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, oid, conowner FROM pg_catalog.pg_conversion
	UNION ALL SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid, cfgowner FROM pg_catalog.pg_ts_config
	UNION ALL SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid, dictowner FROM pg_catalog.pg_ts_dict
	UNION ALL SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, oid, lanowner FROM pg_catalog.pg_language
	UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid, stxowner FROM pg_catalog.pg_statistic_ext
	UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid, fdwowner FROM pg_catalog.pg_foreign_data_wrapper
	UNION ALL SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, oid, srvowner FROM pg_catalog.pg_foreign_server
	UNION ALL SELECT 'pg_catalog.pg_largeobject'::pg_catalog.regclass, oid, lomowner FROM pg_catalog.pg_largeobject_metadata
) AS o, LATERAL pg_catalog.pg_identify_object(o.class, o.oid, 0) AS i
WHERE (o.oid >= 16384 OR i.identity = 'public' OR o.class = 'pg_catalog.pg_largeobject'::pg_catalog.regclass) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
	WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')`;

/** Gives the owner what left-behind roles have, and removes those that stood in for them. */
export async function giveToOwner(copying: Copying): Promise<void> {
	const { database, owners, snapshot } = copying;
	await database.step("grants", "", async (client) => {
		const grants = await giveRights(client, owners);
		await giveDefaults(client, owners);
		await givePolicies(client, owners);
		const objects = await giveObjects(client, owners);
		await giveOwn(client, owners.owner);
		await openPublic(client, snapshot.client, owners);
		await dropPlaceholders(client);
		return { grants, objects };
	});
}

const isLeft = (role: string, owners: Owners) => roleOnTarget(role, owners) !== role;

async function giveRights(client: pg.Client, owners: Owners): Promise<number> {
	const rights = await readAcl(client, RIGHTS);
	// What one who stays behind has passed on would go with his right to.
	for (const right of rights.filter(({ isPassedOn, grantee: role }) => isPassedOn && !isLeft(role, owners))) {
		await client.query(grantStatement(right, right.object));
	}
	const left = rights.filter(({ grantee: role, isOwner }) => !isOwner && isLeft(role, owners));
	for (const right of left) {
		await client.query(grantStatement({ ...right, grantee: owners.owner }, right.object));
		await client.query(`REVOKE ${right.privilege} ON ${right.object} FROM ${quoteName(right.grantee)} CASCADE`);
	}
	return left.length;
}

const DEFAULTS = `SELECT pg_catalog.pg_get_userbyid(d.defaclrole) AS role,
	CASE WHEN n.nspname IS NULL THEN '' ELSE ' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname) END AS schema,
	CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END AS kind,
	coalesce(r.rolname, '') AS grantee, a.privilege_type AS privilege, a.is_grantable AS "isGrantable", a.grantee = d.defaclrole AS "isOwner"
FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS a ON true LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
ORDER BY 1, 2, 3, 4, 5`;

/** Rights that later objects get: of the owner's from here on, where a left-behind role made objects. */
async function giveDefaults(client: pg.Client, owners: Owners): Promise<void> {
	const { rows } = await client.query(DEFAULTS);
	const begun = new Set<string>();
	for (const { role, schema, kind, grantee: to, privilege, isGrantable, isOwner } of rows) {
		if (!isLeft(role, owners) && !isLeft(to, owners)) continue;
		const alter = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteName(roleOnTarget(role, owners))}${schema}`;
		// A list without a schema replaces what PUBLIC gets by itself.
		if (schema === "" && isLeft(role, owners) && !begun.has(role + kind)) {
			begun.add(role + kind);
			await client.query(`${alter} REVOKE ALL ON ${kind} FROM PUBLIC`);
		}
		if (privilege === null || isOwner) continue;
		const option = isGrantable ? " WITH GRANT OPTION" : "";
		await client.query(`${alter} GRANT ${privilege} ON ${kind} TO ${grantee(roleOnTarget(to, owners))}${option}`);
		if (!isLeft(role, owners)) await client.query(`${alter} REVOKE ALL ON ${kind} FROM ${quoteName(to)}`);
	}
}

async function givePolicies(client: pg.Client, owners: Owners): Promise<void> {
	const { rows } =
		await client.query(`SELECT pg_catalog.quote_ident(polname) AS name, polrelid::pg_catalog.regclass::text AS table,
		ARRAY(SELECT CASE r WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(r)::text END FROM pg_catalog.unnest(polroles) r) AS roles
		FROM pg_catalog.pg_policy`);
	for (const { name, table, roles } of rows as { name: string; table: string; roles: string[] }[]) {
		if (!roles.some((role) => isLeft(role, owners))) continue;
		const given = new Set(roles.map((role) => grantee(roleOnTarget(role, owners))));
		await client.query(`ALTER POLICY ${name} ON ${table} TO ${[...given].join(", ")}`);
	}
}

/** Kinds whose name in the catalog is another one than in SQL. */
const SQL_KINDS: Readonly<Record<string, string>> = {
	function: "ROUTINE",
	procedure: "ROUTINE",
	aggregate: "ROUTINE",
	"foreign-data wrapper": "FOREIGN DATA WRAPPER",
	"statistics object": "STATISTICS",
};

async function giveObjects(client: pg.Client, owners: Owners): Promise<number> {
	const { rows } = await client.query(OWNED);
	const left = rows.filter(({ owner }) => isLeft(owner, owners));
	for (const { type, identity } of left) {
		const kind = SQL_KINDS[type] ?? type.toUpperCase();
		await client.query(`ALTER ${kind} ${identity} OWNER TO ${quoteName(owners.owner)}`);
	}
	return left.length;
}

/** What the mover's own login has made, extensions above all, as that login goes when the move is closed. */
async function giveOwn(client: pg.Client, owner: string): Promise<void> {
	const { rows } = await client.query(
		"SELECT oid = 10 AS is_bootstrap, rolname AS name FROM pg_catalog.pg_roles WHERE rolname = current_user",
	);
	const [{ is_bootstrap, name }] = rows as [{ is_bootstrap: boolean; name: string }];
	if (name === owner || is_bootstrap) return;
	await client.query(`REASSIGN OWNED BY ${quoteName(name)} TO ${quoteName(owner)}`);
}

/**
 * Since 15 nobody but the owner creates in a new database's schema public; the source's apps may count on it, and on what the owner of
 * the source's database may there.
 */
async function openPublic(client: pg.Client, source: pg.Client, owners: Owners): Promise<void> {
	const PUBLIC = `SELECT 'SCHEMA public' AS object, nspacl AS acl, nspowner AS owner, '' AS columns
		FROM pg_catalog.pg_namespace WHERE nspname = 'public' AND nspacl IS NOT NULL`;
	const { rows } = await client.query("SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'");
	if (rows.length === 0) return;
	const former = roleOnTarget(await databaseOwner(source), owners);
	for (const right of await readAcl(source, PUBLIC)) {
		const isFormer = right.isOwner && right.grantee === "pg_database_owner";
		if (right.isOwner && !(isFormer && former !== owners.owner)) continue;
		const role = isFormer ? former : roleOnTarget(right.grantee, owners);
		await client.query(grantStatement({ ...right, grantee: role }, right.object));
	}
}

/** They go where no other copy on this server uses them yet. */
async function dropPlaceholders(client: pg.Client): Promise<void> {
	const { rows } = await client.query(
		"SELECT oid, rolname AS name FROM pg_catalog.pg_roles WHERE pg_catalog.shobj_description(oid, 'pg_authid') = $1",
		[PLACEHOLDER],
	);
	for (const { oid, name } of rows) {
		const { rows: owned } = await client.query(
			`SELECT pg_catalog.pg_describe_object(classid, objid, objsubid) AS object FROM pg_catalog.pg_shdepend
			WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = $1 AND deptype = 'o'
			AND classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass
			AND dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`,
			[oid],
		);
		if (owned.length > 0) {
			throw new Error(
				`${owned[0].object} belongs to ${name}, a role of the source that stays behind, and no rule says whose it is on the target; change its owner on the source`,
			);
		}
		await client.query(`DROP OWNED BY ${quoteName(name)}`);
		await client.query("SAVEPOINT placeholder");
		// 2BP01, dependent objects: another copy on this server needs it, and removes it.
		await client.query(`DROP ROLE ${quoteName(name)}`).catch(async (error: { code?: string }) => {
			if (error.code !== "2BP01") throw error;
			await client.query("ROLLBACK TO SAVEPOINT placeholder");
		});
	}
}
