/**
 * What a freeze changes on a source, part by part as the journal names it: `1262.ROLE` is a role's right to connect to the database (0 is
 * PUBLIC), `1260.ROLE` a role's limit of connections, `2964` the database's setting default_transaction_read_only. The first numbers are
 * those of the catalogs pg_database, pg_authid and pg_db_role_setting.
 *
 * Freeze and thaw are the same act: each part is brought to a state, `closed` by the one and as it was noted by the other.
 */
import type pg from "pg";
import type { Notes } from "../engine.ts";
import type { Evidence } from "../steps.ts";
import { AZURE_ROLES } from "./rules.ts";

const CONNECT = "1262";
const LIMIT = "1260";
export const READ_ONLY = "2964";

/** The order in which parts are closed: the mover's own right first, and what makes sessions read-only last, since those change nothing. */
const ORDER = [CONNECT, LIMIT, READ_ONLY];

/** What a part is about, and the role where it is about one. */
function kindOf(part: string): { kind: string; role: number } {
	const [kind = "", role = "0"] = part.split(".");
	return { kind, role: Number(role) };
}

const connectPart = (role: number) => `${CONNECT}.${role}`;
const limitPart = (role: number) => `${LIMIT}.${role}`;

/**
 * Each part as it is now: who has the right to connect by himself, the limit of each role, and the setting. A right that nobody has is
 * not among them.
 */
export async function readLocks(client: pg.Client): Promise<Notes> {
	const { rows } = await client.query<{ part: string; state: Evidence }>(
		`SELECT '${CONNECT}.' || a.grantee AS part, json_build_object('connect', true, 'grantable', bool_or(a.is_grantable)) AS state
			FROM pg_database d, LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
			WHERE d.datname = current_database() AND a.privilege_type = 'CONNECT' GROUP BY a.grantee
		UNION ALL SELECT '${LIMIT}.' || oid, json_build_object('limit', rolconnlimit) FROM pg_roles
		UNION ALL SELECT '${READ_ONLY}', json_build_object('readOnly', (
			SELECT split_part(line, '=', 2)::bool FROM pg_db_role_setting, unnest(setconfig) AS line
			WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND setrole = 0
			AND split_part(line, '=', 1) = 'default_transaction_read_only'))`,
	);
	return new Map(rows.map(({ part, state }) => [part, state]));
}

/** Who is on a source: the mover, and those who may be shut out. */
export interface Roles {
	/** The mover's own role. */
	own: number;
	isSuperuser: boolean;
	/** Roles that applications may log in as. */
	logins: readonly { oid: number; name: string; connects: boolean; limit: number }[];
}

/** Azure's own roles and superusers are nobody's to shut out. */
export async function readRoles(client: pg.Client): Promise<Roles> {
	const { rows } = await client.query(
		`SELECT oid, rolname::text AS name, rolname = session_user AS own, rolsuper AS super, rolcanlogin AS login,
			rolconnlimit AS limit, has_database_privilege(oid, current_database(), 'CONNECT') AS connects
		FROM pg_roles ORDER BY rolname`,
	);
	const own = rows.find((role) => role.own);
	const logins = rows.filter((role) => role.login && !role.super && !role.own && !AZURE_ROLES.includes(role.name));
	return { own: own.oid, isSuperuser: own.super, logins };
}

/** A part and the state that a freeze brings it to. */
export interface Lock {
	part: string;
	closed: Evidence;
}

/**
 * What is to be closed: what is open now, and what an earlier freeze has noted, whether or not it came to it.
 *
 * @param now as `readLocks` gives it
 */
export function planLocks(now: Notes, { own, isSuperuser, logins }: Roles, noted: Notes): Lock[] {
	const open = [...now.keys()].filter((part) => kindOf(part).kind === CONNECT && part !== connectPart(own));
	const limits = logins.filter(({ connects, limit }) => connects && limit !== 0).map(({ oid }) => limitPart(oid));
	// Its right may be PUBLIC's, or another role's that it is a member of.
	const kept = isSuperuser || now.has(connectPart(own)) ? [] : [connectPart(own)];
	const parts = new Set([...kept, ...open, ...limits, READ_ONLY, ...noted.keys()]);
	const rank = (part: string) => (part === connectPart(own) ? -1 : ORDER.indexOf(kindOf(part).kind));
	return [...parts]
		.sort((one, other) => rank(one) - rank(other))
		.map((part) => ({ part, closed: closedState(part, own) }));
}

function closedState(part: string, own: number): Evidence {
	const { kind } = kindOf(part);
	if (kind === CONNECT) return part === connectPart(own) ? { connect: true, grantable: false } : { connect: false };
	return kind === LIMIT ? { limit: 0 } : { readOnly: true };
}

/** How a part of a database was, for the journal. */
export function noteOf(part: string, now: Notes, oid: number): Evidence {
	return { ...(now.get(part) ?? { connect: false }), oid };
}

/** The database's number: it has no name in the journal. */
export async function readOid(client: pg.Client): Promise<number> {
	const { rows } = await client.query("SELECT oid FROM pg_database WHERE datname = current_database()");
	return rows[0].oid;
}

/** Whether a part is in a state; of a role that is gone, every part is. */
export function isIn(part: string, state: Evidence, now: Notes): boolean {
	const { kind, role } = kindOf(part);
	const found = now.get(part);
	if (role !== 0 && !now.has(limitPart(role))) return true;
	if (kind === LIMIT) return found?.limit === state.limit;
	if (kind === READ_ONLY) return (found?.readOnly ?? null) === state.readOnly;
	if (state.connect !== true) return found === undefined;
	return found !== undefined && (state.grantable !== true || found.grantable === true);
}

/** What brings a part to a state, for `format` with the database and the role. */
function formatFor(part: string, state: Evidence): string {
	const { kind } = kindOf(part);
	if (kind === LIMIT) return `ALTER ROLE %2$s CONNECTION LIMIT ${Number(state.limit)}`;
	if (kind === CONNECT) {
		const option = state.grantable === true ? " WITH GRANT OPTION" : "";
		return state.connect === true
			? `GRANT CONNECT ON DATABASE %1$I TO %2$s${option}`
			: "REVOKE CONNECT ON DATABASE %1$I FROM %2$s";
	}
	return state.readOnly === null
		? "ALTER DATABASE %1$I RESET default_transaction_read_only"
		: `ALTER DATABASE %1$I SET default_transaction_read_only = ${state.readOnly === true ? "on" : "off"}`;
}

function roleOf(part: string): string {
	const { role } = kindOf(part);
	return role === 0 ? "'PUBLIC'" : `(SELECT quote_ident(rolname) FROM pg_catalog.pg_roles WHERE oid = ${role})`;
}

/**
 * The statement that brings a part to a state: by numbers alone, so that it can be made from the journal on any machine.
 *
 * @param otherwise what is done where it is refused
 */
export function statementFor(part: string, state: Evidence, otherwise = ""): string {
	return `DO $move$ DECLARE role text := ${roleOf(part)};
	statement text := pg_catalog.format('${formatFor(part, state)}', pg_catalog.current_database(), role);
BEGIN${refusalElsewhere(state)}
	IF role IS NOT NULL THEN EXECUTE statement; END IF;${otherwise}
END $move$;`;
}

/** Two databases of one text, or one of two servers, are easily taken for each other. */
function refusalElsewhere({ oid }: Evidence): string {
	if (oid === undefined) return "";
	return `
	IF (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) <> ${Number(oid)} THEN
		RAISE EXCEPTION 'this session is not on the database that was frozen; nothing is changed';
	END IF;`;
}

/** The same with names, as a person types it. */
export async function typedStatement(client: pg.Client, part: string, state: Evidence): Promise<string> {
	const { rows } = await client.query(
		`SELECT pg_catalog.format('${formatFor(part, state)}', current_database(), ${roleOf(part)}) AS sql`,
	);
	return rows[0].sql;
}

/** What is undone with the others although one is refused. */
const ON_REFUSAL = `
EXCEPTION WHEN insufficient_privilege THEN
	RAISE WARNING 'not undone, as this login lacks the right; as who made the role: %', statement;`;

/** The statements that undo a freeze in any session on the source, one by one as psql sends them or all at once. */
export function undoing(noted: Notes): string[] {
	// The first is for transactions that follow, the second for the one that a whole text is.
	const writable = ["SET default_transaction_read_only = off;", "SET transaction_read_only = off;"];
	return [...writable, ...[...noted].reverse().map(([part, state]) => statementFor(part, state, ON_REFUSAL))];
}

/** Who may connect to the source's database, as an expression over pg_database: what a freeze has taken away is there. */
export function aclBeforeFreeze(noted: Notes): string {
	const rights = [...noted]
		.filter(([part, { connect }]) => kindOf(part).kind === CONNECT && connect === true)
		.map(([part, { grantable }]) => `(${kindOf(part).role}::oid, ${grantable === true})`);
	const acl = "coalesce(datacl, acldefault('d', datdba))";
	if (rights.length === 0) return acl;
	return `(${acl} || ARRAY(SELECT makeaclitem(n.role, datdba, 'CONNECT', n.grantable) FROM (VALUES ${rights.join(", ")}) AS n (role, grantable)
		WHERE n.role = 0 OR EXISTS (SELECT FROM pg_roles WHERE oid = n.role)))`;
}

/** A role's limit of connections, as an expression over pg_roles: what a freeze has set to 0 is as it was noted. */
export function limitBeforeFreeze(noted: Notes): string {
	const limits = [...noted]
		.filter(([part]) => kindOf(part).kind === LIMIT)
		.map(([part, { limit }]) => `WHEN ${kindOf(part).role} THEN ${Number(limit)}`);
	return limits.length === 0 ? "rolconnlimit" : `CASE oid ${limits.join(" ")} ELSE rolconnlimit END`;
}
