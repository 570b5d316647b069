/**
 * A database's definitions as text, one object at a time and the same on every major: what a proof compares and a check reads.
 */
import type pg from "pg";
import type { Notes } from "../engine.ts";
import { aclBeforeFreeze, limitBeforeFreeze } from "./locks.ts";
import {
	isExtensionLeftBehind,
	isMembershipLeftBehind,
	isRoleLeftBehind,
	isSettingLeftBehind,
	limitOnTarget,
	type Owners,
	roleOnTarget,
} from "./rules.ts";
import { carriedSchemas } from "./sums.ts";

/** One object: what tells it from others, and its definition by aspect. */
export interface CatalogObject {
	/** `table`, `column`, `index` ... */
	kind: string;
	name: string;
	/** The object that it goes with, as `kind name`. */
	parent?: string | undefined;
	/** `type`, `default`, `owner`, `privileges` ... */
	attributes: Map<string, string>;
}

/** Of a role or a database, as it is called in a difference. */
const LIMIT = "connection limit";

/** How one side is read. */
export interface CatalogOptions {
	side: "source" | "target";
	owners: Owners;
	/** Version of the source's server, such as 150018: a right that it does not know is not compared. */
	sourceVersion: number;
	/** Of the source, what a freeze has noted: rights to connect that it took away are compared all the same. */
	notes: Notes;
	/** The roles that are carried; no others are looked at. */
	roles: readonly string[];
}

/** Objects by `kind name`. */
export type Catalog = Map<string, CatalogObject>;

interface Row {
	kind: string;
	name: string;
	parent: string | null;
	attributes: Record<string, unknown> | null;
	owner: string | null;
	/** Grantee (empty for PUBLIC), right, whether it may be passed on, whether the grantee is the object's owner. */
	acl: [string, string, boolean, boolean][] | null;
}

export async function serverVersion(client: pg.Client): Promise<number> {
	const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
	return Number(rows[0]?.version);
}

/** Reads every definition of a database that a move carries. */
export async function readCatalog(client: pg.Client, options: CatalogOptions): Promise<Catalog> {
	const [version, schemas] = [await serverVersion(client), await carriedSchemas(client)];
	const reader = new Reader(await databaseOwner(client), options);
	for (const sql of inSchemas(version)) {
		reader.add((await client.query<Row>(sql, [schemas])).rows);
	}
	for (const sql of outsideSchemas(version, options.notes)) {
		reader.add((await client.query<Row>(sql)).rows);
	}
	for (const object of await roleObjects(client, version, options)) {
		reader.put(object);
	}
	return reader.catalog;
}

/** Who owns the database of a session. */
export async function databaseOwner(client: pg.Client): Promise<string> {
	const { rows } = await client.query<{ owner: string }>(
		"SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()",
	);
	return rows[0]?.owner ?? "";
}

/** Turns rows into objects, with the names that roles have on the target. */
class Reader {
	readonly catalog: Catalog = new Map();
	readonly #databaseOwner: string;
	readonly #options: CatalogOptions;

	constructor(owner: string, options: CatalogOptions) {
		this.#databaseOwner = owner;
		this.#options = options;
	}

	add(rows: readonly Row[]): void {
		for (const { kind, name, parent, attributes, owner, acl } of rows) {
			if (kind === "extension" && isExtensionLeftBehind(name)) {
				continue;
			}
			const isNamedByRole = kind === "default privileges" || kind === "user mapping";
			const texts = Object.entries(attributes ?? {})
				.filter(([, value]) => value !== null && value !== "")
				.map(([what, value]): [string, string] => [what, String(value)]);
			const all = new Map(texts);
			const limit = all.get(LIMIT);
			if (limit !== undefined)
				all.set(LIMIT, String(this.#options.side === "source" ? limitOnTarget(Number(limit)) : limit));
			if (owner !== null && !isNamedByRole) {
				all.set("owner", this.#owner(kind, owner));
			}
			if (acl !== null) {
				all.set("privileges", this.#privileges(kind, acl));
			}
			if (kind === "default privileges" && all.get("privileges") === builtInPrivileges(name)) {
				continue;
			}
			const named = isNamedByRole ? `of ${owner === null ? "PUBLIC" : this.#role(owner)} ${name}` : name;
			this.put({ kind, name: named, ...(parent === null ? {} : { parent }), attributes: all });
		}
	}

	put(object: CatalogObject): void {
		const id = `${object.kind} ${object.name}`;
		const before = this.catalog.get(id);
		if (before === undefined) {
			this.catalog.set(id, object);
			return;
		}
		// The admin's and another role's that becomes the owner's: both together.
		const privileges = [before, object].flatMap(({ attributes }) => attributes.get("privileges")?.split("; ") ?? []);
		before.attributes.set("privileges", [...new Set(privileges)].sort().join("; "));
	}

	/** The database belongs to the target's owner, whoever owned it. */
	#owner(kind: string, owner: string): string {
		const isOfDatabase = kind === "database" || owner === "pg_database_owner";
		return isOfDatabase && this.#options.side === "source" ? this.#options.owners.owner : this.#role(owner);
	}

	#role(role: string): string {
		const named = role === "pg_database_owner" ? this.#databaseOwner : role;
		return this.#options.side === "source" ? roleOnTarget(named, this.#options.owners) : named;
	}

	/**
	 * Those of the database's owner and of Azure's roles are not compared: the one is a superuser, the others stay behind. An object's
	 * owner has all rights unless he took some from himself.
	 */
	#privileges(kind: string, acl: readonly [string, string, boolean, boolean][]): string {
		const { owners, sourceVersion } = this.#options;
		const rights = new Map<string, Set<string>>();
		const own = new Set<string>();
		for (const [grantee, right, grantable, isOwner] of acl) {
			const role = this.#role(grantee);
			const isNew = right === "MAINTAIN" && sourceVersion < 170_000;
			if (isAzureRole(grantee) || role === owners.owner || isNew) {
				continue;
			}
			// Whoever owned the source's database has these rights by themselves on the target.
			const isFormer = kind === "database" || grantee === "pg_database_owner";
			if (isOwner && !isFormer) {
				own.add(right);
				continue;
			}
			const of = rights.get(role) ?? new Set();
			of.add(right);
			if (grantable) {
				of.add(`${right} with grant option`);
			}
			rights.set(role, of);
		}
		const lacking = own.size === 0 ? [] : (OWNERS_RIGHTS[kind] ?? []).filter((right) => !own.has(right));
		return [...rights]
			.map(([role, of]) => `${role === "" ? "PUBLIC" : role}: ${[...of].sort().join(", ")}`)
			.concat(lacking.length === 0 ? [] : [`the owner lacks ${lacking.join(", ")}`])
			.sort()
			.join("; ");
	}
}

const TABLE_RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
/** What an owner has by default, by kind of object. */
const OWNERS_RIGHTS: Readonly<Record<string, readonly string[]>> = {
	table: TABLE_RIGHTS,
	view: TABLE_RIGHTS,
	"materialized view": TABLE_RIGHTS,
	"foreign table": TABLE_RIGHTS,
	sequence: ["USAGE", "SELECT", "UPDATE"],
	function: ["EXECUTE"],
	schema: ["USAGE", "CREATE"],
	type: ["USAGE"],
	database: ["CREATE", "TEMPORARY", "CONNECT"],
};

function isAzureRole(role: string): boolean {
	return role.startsWith("azure") || role === "replication";
}

/** What new objects get without any default privileges, but the owner's own. */
function builtInPrivileges(on: string): string {
	const rights: Readonly<Record<string, string>> = { "on functions": "PUBLIC: EXECUTE", "on types": "PUBLIC: USAGE" };
	return rights[on] ?? "";
}

/** What an object's rights are, those that it has by default included. */
function aclJson(acl: string, kind: string, owner: string): string {
	return `(SELECT json_agg(json_build_array(CASE WHEN x.grantee = 0 THEN '' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type, x.is_grantable, x.grantee = ${owner}))
		FROM aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) x)`;
}

/** Whether an object belongs to no extension and to no other object. */
function isOwn(catalog: string, oid: string): string {
	return `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))`;
}

const RELATION = `CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
	WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' END`;
const NAME = "format('%I.%I', n.nspname, c.relname)";
const IN_RELATION = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = ANY ($1)`;
const NOT_OF_EXTENSION =
	"NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";
const sorted = (array: string) => `(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(${array}) o)`;

function inSchemas(version: number): string[] {
	const since = (from: number, sql: string, otherwise: string) => (version >= from ? sql : otherwise);
	return [
		`SELECT 'schema' AS kind, quote_ident(nspname) AS name, NULL AS parent, NULL AS attributes, pg_get_userbyid(nspowner) AS owner,
			${aclJson("nspacl", "n", "nspowner")} AS acl
		FROM pg_namespace WHERE oid = ANY ($1) AND ${isOwn("pg_namespace", "pg_namespace.oid")}`,

		`SELECT ${RELATION} AS kind, ${NAME} AS name, NULL AS parent, json_build_object(
			'kind', CASE WHEN c.relkind = 'p' THEN 'partitioned' END,
			'persistence', CASE WHEN c.relkind <> 'S' AND c.relpersistence <> 'p' THEN 'unlogged' END,
			'row security', CASE WHEN c.relrowsecurity THEN 'enabled' END,
			'row security of the owner', CASE WHEN c.relforcerowsecurity THEN 'forced' END,
			'replica identity', CASE WHEN c.relkind IN ('r', 'p') THEN c.relreplident END,
			'options', ${sorted("c.reloptions")},
			'TOAST options', (SELECT ${sorted("toast.reloptions")} FROM pg_class toast WHERE toast.oid = c.reltoastrelid),
			'access method', CASE WHEN c.relkind IN ('r', 'm') THEN (SELECT amname FROM pg_am WHERE oid = c.relam) END,
			'partition key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
			'partition bound', pg_get_expr(c.relpartbound, c.oid),
			'parents', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid),
			'type', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
			'populated', CASE WHEN c.relkind = 'm' THEN c.relispopulated END,
			'clustered on', (SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = c.oid AND indisclustered),
			'order of columns', CASE WHEN c.relkind IN ('r', 'p', 'f') AND (c.relispartition OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)) THEN
				(SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END,
			'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
			'server', (SELECT srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid),
			'foreign options', (SELECT ${sorted("ftoptions")} FROM pg_foreign_table f WHERE f.ftrelid = c.oid),
			'sequence', (SELECT format('%s from %s by %s, %s to %s, cache %s%s', format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache,
				CASE WHEN seqcycle THEN ', cycle' ELSE '' END) FROM pg_sequence WHERE seqrelid = c.oid),
			'owned by', CASE WHEN c.relkind = 'S' THEN (SELECT string_agg(refobjid::regclass::text || '.' || a.attname, ', ')
				FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) END
		) AS attributes, pg_get_userbyid(c.relowner) AS owner,
		CASE c.relkind WHEN 'S' THEN ${aclJson("c.relacl", "s", "c.relowner")} ELSE ${aclJson("c.relacl", "r", "c.relowner")} END AS acl
		FROM ${IN_RELATION} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${NOT_OF_EXTENSION}`,

		`SELECT 'column' AS kind, ${NAME} || '.' || quote_ident(a.attname) AS name, ${RELATION} || ' ' || ${NAME} AS parent, json_build_object(
			'type', format_type(a.atttypid, a.atttypmod),
			'collation', CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format('%I.%I', cn.nspname, co.collname)
				FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
			'not null', CASE WHEN a.attnotnull THEN true END,
			'identity', a.attidentity,
			'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(ad.adbin, ad.adrelid) END,
			'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, ad.adrelid) END,
			'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
			'compression', ${since(140_000, "a.attcompression", "''")},
			'statistics target', nullif(a.attstattarget, -1),
			'options', ${sorted("ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE o LIKE 'n_distinct%')")},
			'foreign options', ${sorted("a.attfdwoptions")}
		) AS attributes, NULL AS owner, CASE WHEN a.attacl IS NULL THEN NULL ELSE ${aclJson("a.attacl", "c", "c.relowner")} END AS acl
		FROM ${IN_RELATION} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${NOT_OF_EXTENSION}`,

		`SELECT 'index' AS kind, format('%I.%I', n.nspname, i.relname) AS name,
			coalesce((SELECT 'constraint ' || quote_ident(o.conname) || ' of ' || ${NAME} FROM pg_constraint o
				WHERE o.conindid = i.oid AND o.conrelid = c.oid AND o.contype IN ('p', 'u', 'x') LIMIT 1), ${RELATION} || ' ' || ${NAME}) AS parent,
			json_build_object('definition', pg_get_indexdef(i.oid), 'valid', CASE WHEN NOT x.indisvalid THEN 'no' END,
			'ready', CASE WHEN NOT x.indisready THEN 'no' END, 'replica identity', CASE WHEN x.indisreplident THEN true END,
			'attached to', (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = i.oid)
		) AS attributes, NULL AS owner, NULL AS acl
		FROM ${IN_RELATION} JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
		WHERE c.relkind IN ('r', 'p', 'm') AND ${NOT_OF_EXTENSION}`,

		// One that a foreign key to a partitioned table makes for each of its partitions goes with it.
		`SELECT 'constraint' AS kind, quote_ident(o.conname) || ' of ' || ${NAME} AS name, ${RELATION} || ' ' || ${NAME} AS parent,
			json_build_object('definition', regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', ''), 'validated', CASE WHEN NOT o.convalidated THEN 'no' END,
			'triggers disabled', CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = o.oid AND t.tgisinternal AND t.tgenabled = 'D') THEN true END
		) AS attributes, NULL AS owner, NULL AS acl
		FROM ${IN_RELATION} JOIN pg_constraint o ON o.conrelid = c.oid AND o.contype NOT IN ('t', 'n')
		WHERE ${NOT_OF_EXTENSION} AND NOT (o.contype = 'f' AND o.conparentid <> 0)`,

		`SELECT 'trigger' AS kind, quote_ident(t.tgname) || ' of ' || ${NAME} AS name, ${RELATION} || ' ' || ${NAME} AS parent,
			json_build_object('definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled) AS attributes, NULL AS owner, NULL AS acl
		FROM ${IN_RELATION} JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal ${since(130_000, "AND t.tgparentid = 0", "")}
		WHERE ${NOT_OF_EXTENSION}`,

		`SELECT 'policy' AS kind, quote_ident(p.polname) || ' of ' || ${NAME} AS name, ${RELATION} || ' ' || ${NAME} AS parent,
			json_build_object('command', p.polcmd, 'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
			'with check', pg_get_expr(p.polwithcheck, p.polrelid)) AS attributes, NULL AS owner,
			(SELECT json_agg(json_build_array(CASE WHEN r = 0 THEN '' ELSE pg_get_userbyid(r) END, 'APPLIES', false, false)) FROM unnest(p.polroles) r) AS acl
		FROM ${IN_RELATION} JOIN pg_policy p ON p.polrelid = c.oid WHERE ${NOT_OF_EXTENSION}`,

		`SELECT 'rule' AS kind, quote_ident(r.rulename) || ' of ' || ${NAME} AS name, ${RELATION} || ' ' || ${NAME} AS parent,
			json_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) AS attributes, NULL AS owner, NULL AS acl
		FROM ${IN_RELATION} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN' WHERE ${NOT_OF_EXTENSION}`,

		`SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
			format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name, NULL AS parent, json_build_object(
			'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
			'aggregate', (SELECT concat_ws(', ', aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn,
				aggminvtransfn, aggmfinalfn, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify,
				CASE WHEN aggsortop <> 0 THEN aggsortop::regoperator::text END, format_type(aggtranstype, NULL), aggtransspace, agginitval, aggminitval,
				p.proparallel) FROM pg_aggregate WHERE aggfnoid = p.oid)
		) AS attributes, pg_get_userbyid(p.proowner) AS owner, ${aclJson("p.proacl", "f", "p.proowner")} AS acl
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_proc", "p.oid")}`,

		`SELECT 'type' AS kind, format('%I.%I', n.nspname, t.typname) AS name, NULL AS parent, json_build_object(
			'kind', t.typtype, 'category', t.typcategory,
			'values', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
			'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
			'not null', CASE WHEN t.typnotnull THEN true END, 'default', t.typdefault,
			'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 THEN (SELECT collname FROM pg_collation WHERE oid = t.typcollation) END,
			'range', (SELECT concat_ws(', ', format_type(rngsubtype, NULL), (SELECT collname FROM pg_collation WHERE oid = rngcollation),
				(SELECT opcname FROM pg_opclass WHERE oid = rngsubopc), rngcanonical, rngsubdiff) FROM pg_range WHERE rngtypid = t.oid),
			'functions', CASE WHEN t.typtype = 'b' THEN concat_ws(', ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typlen, t.typalign, t.typstorage) END,
			'fields', CASE WHEN t.typtype = 'c' THEN (SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
				WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped) END
		) AS attributes, pg_get_userbyid(t.typowner) AS owner, ${aclJson("t.typacl", "T", "t.typowner")} AS acl
		FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND n.oid = ANY ($1)
		WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
			OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid))) AND ${isOwn("pg_type", "t.oid")}`,

		`SELECT 'constraint' AS kind, quote_ident(o.conname) || ' of ' || format('%I.%I', n.nspname, t.typname) AS name,
			'type ' || format('%I.%I', n.nspname, t.typname) AS parent,
			json_build_object('definition', regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', ''), 'validated', CASE WHEN NOT o.convalidated THEN 'no' END) AS attributes,
			NULL AS owner, NULL AS acl
		FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace AND n.oid = ANY ($1)
		WHERE ${isOwn("pg_type", "t.oid")} AND o.contype <> 'n'`,

		`SELECT 'operator' AS kind, format('%I.%s(%s, %s)', n.nspname, o.oprname, format_type(nullif(o.oprleft, 0), NULL), format_type(o.oprright, NULL)) AS name,
			NULL AS parent, json_build_object('definition', concat_ws(', ', format_type(o.oprresult, NULL), o.oprcode, o.oprrest, o.oprjoin, o.oprcanmerge,
			o.oprcanhash, CASE WHEN o.oprcom <> 0 THEN 'commutator ' || o.oprcom::regoperator END, CASE WHEN o.oprnegate <> 0 THEN 'negator ' || o.oprnegate::regoperator END)
		) AS attributes, pg_get_userbyid(o.oprowner) AS owner, NULL AS acl
		FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_operator", "o.oid")}`,

		`SELECT 'operator family' AS kind, format('%I.%I using %I', n.nspname, f.opfname, m.amname) AS name, NULL AS parent, json_build_object(
			'operators', (SELECT string_agg(concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose), ', ' ORDER BY amopstrategy, amopopr::regoperator::text)
				FROM pg_amop WHERE amopfamily = f.oid),
			'functions', (SELECT string_agg(concat_ws(' ', amprocnum, amproc::regprocedure), ', ' ORDER BY amprocnum, amproc::regprocedure::text)
				FROM pg_amproc WHERE amprocfamily = f.oid),
			'classes', (SELECT string_agg(concat_ws(' ', opcname, format_type(opcintype, NULL), opcdefault, format_type(nullif(opckeytype, 0), NULL)), ', ' ORDER BY opcname)
				FROM pg_opclass WHERE opcfamily = f.oid)
		) AS attributes, pg_get_userbyid(f.opfowner) AS owner, NULL AS acl
		FROM pg_opfamily f JOIN pg_am m ON m.oid = f.opfmethod JOIN pg_namespace n ON n.oid = f.opfnamespace AND n.oid = ANY ($1)
		WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_opfamily'::regclass AND d.objid = f.oid AND d.deptype = 'e')`,

		`SELECT 'collation' AS kind, format('%I.%I', n.nspname, co.collname) AS name, NULL AS parent, json_build_object(
			'provider', co.collprovider, 'collate', lower(replace(co.collcollate, '-', '')), 'ctype', lower(replace(co.collctype, '-', '')),
			'deterministic', co.collisdeterministic, 'locale', ${since(170_000, "co.colllocale", since(150_000, "co.colliculocale", "NULL"))},
			'rules', ${since(160_000, "co.collicurules", "NULL")}) AS attributes, pg_get_userbyid(co.collowner) AS owner, NULL AS acl
		FROM pg_collation co JOIN pg_namespace n ON n.oid = co.collnamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_collation", "co.oid")}`,

		`SELECT 'statistics' AS kind, format('%I.%I', n.nspname, s.stxname) AS name, ${RELATION} || ' ' || format('%I.%I', cn.nspname, c.relname) AS parent,
			json_build_object('definition', pg_get_statisticsobjdef(s.oid), 'target', ${since(130_000, "nullif(s.stxstattarget, -1)", "NULL")}) AS attributes,
			pg_get_userbyid(s.stxowner) AS owner, NULL AS acl
		FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace AND n.oid = ANY ($1)
		JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace`,

		`SELECT 'conversion' AS kind, format('%I.%I', n.nspname, o.conname) AS name, NULL AS parent,
			json_build_object('definition', concat_ws(', ', pg_encoding_to_char(o.conforencoding), pg_encoding_to_char(o.contoencoding), o.conproc, o.condefault)) AS attributes,
			pg_get_userbyid(o.conowner) AS owner, NULL AS acl
		FROM pg_conversion o JOIN pg_namespace n ON n.oid = o.connamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_conversion", "o.oid")}`,

		`SELECT 'text search configuration' AS kind, format('%I.%I', n.nspname, g.cfgname) AS name, NULL AS parent, json_build_object(
			'parser', (SELECT prsname FROM pg_ts_parser WHERE oid = g.cfgparser),
			'mappings', (SELECT string_agg(maptokentype || ' ' || mapdict::regdictionary, ', ' ORDER BY maptokentype, mapseqno) FROM pg_ts_config_map WHERE mapcfg = g.oid)
		) AS attributes, pg_get_userbyid(g.cfgowner) AS owner, NULL AS acl
		FROM pg_ts_config g JOIN pg_namespace n ON n.oid = g.cfgnamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_ts_config", "g.oid")}`,

		`SELECT 'text search dictionary' AS kind, format('%I.%I', n.nspname, g.dictname) AS name, NULL AS parent,
			json_build_object('template', (SELECT tmplname FROM pg_ts_template WHERE oid = g.dicttemplate), 'options', g.dictinitoption) AS attributes,
			pg_get_userbyid(g.dictowner) AS owner, NULL AS acl
		FROM pg_ts_dict g JOIN pg_namespace n ON n.oid = g.dictnamespace AND n.oid = ANY ($1) WHERE ${isOwn("pg_ts_dict", "g.oid")}`,

		`SELECT 'default privileges' AS kind, CASE WHEN a.defaclnamespace = 0 THEN '' ELSE 'in ' || quote_ident(n.nspname) || ' ' END
			|| CASE a.defaclobjtype WHEN 'r' THEN 'on tables' WHEN 'S' THEN 'on sequences' WHEN 'f' THEN 'on functions' WHEN 'T' THEN 'on types' ELSE 'on schemas' END AS name,
			NULL AS parent, NULL AS attributes, pg_get_userbyid(a.defaclrole) AS owner, ${aclJson("a.defaclacl", "r", "a.defaclrole")} AS acl
		FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace WHERE a.defaclnamespace = 0 OR n.oid = ANY ($1)`,

		// A comment of the server's own catalog is no one's; that of the schema public is the database's.
		`SELECT 'comment' AS kind, 'on ' || i.type || ' ' || i.identity AS name,
			CASE WHEN d.objsubid <> 0 THEN 'column ' || i.identity ELSE i.type || ' ' || i.identity END AS parent,
			json_build_object('comment', d.description) AS attributes, NULL AS owner, NULL AS acl
		FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
		WHERE (d.objoid >= 16384 OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = (SELECT oid FROM pg_namespace WHERE nspname = 'public')))
			AND i.type NOT IN ('extension', 'publication', 'subscription')
			AND (i.schema IS NULL OR (SELECT oid FROM pg_namespace WHERE nspname = i.schema) = ANY ($1))
			AND (d.classoid <> 'pg_namespace'::regclass OR d.objoid = ANY ($1))
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
	];
}

function outsideSchemas(version: number, notes: Notes): string[] {
	const since = (from: number, sql: string, otherwise: string) => (version >= from ? sql : otherwise);
	return [
		`SELECT 'extension' AS kind, e.extname AS name, NULL AS parent, json_build_object('schema', n.nspname) AS attributes, NULL AS owner, NULL AS acl
		FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`,

		`SELECT 'event trigger' AS kind, quote_ident(evtname) AS name, NULL AS parent, json_build_object('event', evtevent, 'enabled', evtenabled,
			'function', evtfoid::regprocedure::text, 'tags', ${sorted("evttags")}) AS attributes, pg_get_userbyid(evtowner) AS owner, NULL AS acl
		FROM pg_event_trigger WHERE ${isOwn("pg_event_trigger", "pg_event_trigger.oid")}`,

		`SELECT 'cast' AS kind, format('from %s to %s', format_type(castsource, NULL), format_type(casttarget, NULL)) AS name, NULL AS parent,
			json_build_object('definition', concat_ws(', ', nullif(castfunc, 0)::regprocedure, castcontext, castmethod)) AS attributes, NULL AS owner, NULL AS acl
		FROM pg_cast WHERE oid >= 16384 AND ${isOwn("pg_cast", "pg_cast.oid")}`,

		`SELECT 'language' AS kind, quote_ident(lanname) AS name, NULL AS parent, json_build_object('trusted', lanpltrusted) AS attributes,
			pg_get_userbyid(lanowner) AS owner, ${aclJson("lanacl", "l", "lanowner")} AS acl
		FROM pg_language WHERE oid >= 16384 AND ${isOwn("pg_language", "pg_language.oid")}`,

		`SELECT 'foreign data wrapper' AS kind, quote_ident(fdwname) AS name, NULL AS parent, json_build_object('options', ${sorted("fdwoptions")}) AS attributes,
			pg_get_userbyid(fdwowner) AS owner, ${aclJson("fdwacl", "F", "fdwowner")} AS acl
		FROM pg_foreign_data_wrapper WHERE ${isOwn("pg_foreign_data_wrapper", "pg_foreign_data_wrapper.oid")}`,

		`SELECT 'foreign server' AS kind, quote_ident(srvname) AS name, NULL AS parent, json_build_object('options', ${sorted("srvoptions")},
			'wrapper', (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = srvfdw)) AS attributes,
			pg_get_userbyid(srvowner) AS owner, ${aclJson("srvacl", "S", "srvowner")} AS acl
		FROM pg_foreign_server WHERE ${isOwn("pg_foreign_server", "pg_foreign_server.oid")}`,

		`SELECT 'user mapping' AS kind, format('for %I', srvname) AS name, NULL AS parent, NULL AS attributes,
			CASE WHEN umuser <> 0 THEN usename END AS owner, NULL AS acl
		FROM pg_user_mappings`,

		`SELECT 'database' AS kind, 'itself' AS name, NULL AS parent, json_build_object('encoding', pg_encoding_to_char(encoding),
			'collate', lower(replace(datcollate, '-', '')), 'character type', lower(replace(datctype, '-', '')), 'provider', ${since(150_000, "datlocprovider", "'c'")},
			'locale', ${since(170_000, "datlocale", since(150_000, "daticulocale", "NULL"))}, 'rules', ${since(160_000, "daticurules", "NULL")},
			'${LIMIT}', datconnlimit, 'comment', shobj_description(pg_database.oid, 'pg_database')) AS attributes,
			pg_get_userbyid(datdba) AS owner, ${aclJson(aclBeforeFreeze(notes), "d", "datdba")} AS acl
		FROM pg_database WHERE datname = current_database()`,
	];
}

/** The roles that a move carries. */
export async function carriedRoles(client: pg.Client, owners: Owners): Promise<string[]> {
	const { rows } = await client.query<{ rolname: string }>("SELECT rolname FROM pg_roles ORDER BY rolname");
	return rows.map(({ rolname }) => rolname).filter((role) => role !== owners.owner && !isRoleLeftBehind(role, owners));
}

/** Superusers of the target, which a copy never changes. */
export async function superusers(client: pg.Client): Promise<string[]> {
	const { rows } = await client.query<{ rolname: string }>("SELECT rolname FROM pg_roles WHERE rolsuper");
	return rows.map(({ rolname }) => rolname);
}

/** Roles, memberships and settings: those of the carried roles, as the target's server has others of its own. */
async function roleObjects(client: pg.Client, version: number, options: CatalogOptions): Promise<CatalogObject[]> {
	const { owners, side, notes } = options;
	const carried = new Set(options.roles);
	const attributesOf = await client.query<Record<string, unknown> & { role: string }>(
		`SELECT rolname AS role, rolinherit AS inherit, rolcreaterole AS "create role", rolcreatedb AS "create database", rolcanlogin AS login,
			rolbypassrls AS "bypass row security", ${limitBeforeFreeze(notes)} AS "${LIMIT}", rolvaliduntil::text AS "valid until",
			shobj_description(oid, 'pg_authid') AS comment
		FROM pg_roles`,
	);
	const roleItems = attributesOf.rows
		.filter(({ role }) => carried.has(role))
		.map(({ role, [LIMIT]: limit, ...attributes }) =>
			toObject("role", role, { ...attributes, [LIMIT]: side === "source" ? limitOnTarget(Number(limit)) : limit }),
		);
	const given = version >= 160_000 ? "bool_or(m.inherit_option)" : "bool_or(member.rolinherit)";
	const set = version >= 160_000 ? "bool_or(m.set_option)" : "true";
	const memberships = await client.query<{
		role: string;
		member: string;
		admin: boolean;
		inherit: boolean;
		set: boolean;
	}>(
		`SELECT role.rolname AS role, member.rolname AS member, bool_or(m.admin_option) AS admin, ${given} AS inherit, ${set} AS set
		FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid JOIN pg_roles member ON member.oid = m.member GROUP BY 1, 2`,
	);
	const membershipItems = memberships.rows
		.filter(({ role, member }) => carried.has(member) && !isMembershipLeftBehind(role, member, owners))
		.map(({ role, member, ...attributes }) => toObject("membership", `of ${member} in ${role}`, attributes));
	const settings = await client.query<{ role: string | null; local: boolean; setting: string }>(
		`SELECT r.rolname AS role, s.setdatabase <> 0 AS local, unnest(s.setconfig) AS setting
		FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
		WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`,
	);
	const settingItems = settings.rows.flatMap(({ role, local, setting }) => {
		const name = setting.slice(0, setting.indexOf("="));
		const whose = role === null || side === "target" ? role : roleOnTarget(role, owners);
		const isCompared = whose === null ? local : carried.has(whose) || whose === owners.owner;
		const of = local ? `${whose ?? "everyone"} in the database` : whose;
		return isSettingLeftBehind(name) || !isCompared
			? []
			: [toObject("setting", `${name} of ${of}`, { value: setting.slice(name.length + 1) })];
	});
	return [...roleItems, ...membershipItems, ...settingItems];
}

function toObject(kind: string, name: string, attributes: Readonly<Record<string, unknown>>): CatalogObject {
	const texts = Object.entries(attributes).filter(([, value]) => value !== null && value !== false && value !== "");
	return { kind, name, attributes: new Map(texts.map(([what, value]) => [what, String(value)])) };
}
