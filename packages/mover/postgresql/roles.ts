/**
 * Step `roles`: the source's roles, without passwords, which Azure hides. Those that a rule leaves behind are made for the time of
 * the copy where definitions name them, and go once what they have is another's (grants.ts).
 */
import type pg from "pg";
import type { Notes } from "../engine.ts";
import type { Copying } from "./context.ts";
import { limitBeforeFreeze } from "./locks.ts";
import { isMembershipLeftBehind, isRoleLeftBehind, limitOnTarget } from "./rules.ts";
import { quoteName, quoteText } from "./target.ts";

/** Comment of a role that is there for the time of a copy. */
export const PLACEHOLDER = "medstack-to-aptible: stands for a role of the source while a copy runs";

interface Role {
	name: string;
	isSuperuser: boolean;
	inherits: boolean;
	createsRoles: boolean;
	createsDatabases: boolean;
	logsIn: boolean;
	bypassesPolicies: boolean;
	connections: number;
	validUntil: string | null;
	comment: string | null;
}

interface Membership {
	role: string;
	member: string;
	admin: boolean;
	inherit: boolean | null;
	set: boolean | null;
}

const rolesOf = (
	notes: Notes,
) => `SELECT r.rolname AS name, r.rolsuper AS "isSuperuser", r.rolinherit AS inherits, r.rolcreaterole AS "createsRoles",
	r.rolcreatedb AS "createsDatabases", r.rolcanlogin AS "logsIn", r.rolbypassrls AS "bypassesPolicies",
	${limitBeforeFreeze(notes)} AS connections, r.rolvaliduntil::text AS "validUntil",
	pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment
FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname`;

const memberships = (
	version: number,
) => `SELECT r.rolname AS role, m.rolname AS member, bool_or(a.admin_option) AS admin,
	${version >= 160000 ? "bool_or(a.inherit_option)" : "NULL"} AS inherit, ${version >= 160000 ? "bool_or(a.set_option)" : "NULL"} AS set
FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
GROUP BY 1, 2 ORDER BY 1, 2`;

/** Makes what is missing and gives those that are there the source's attributes; never a superuser, never a password. */
export async function copyRoles({ database, snapshot, owners, targetVersion, notes }: Copying): Promise<void> {
	const { rows: roles } = await snapshot.client.query<Role>(rolesOf(notes));
	const { rows: members } = await snapshot.client.query<Membership>(memberships(snapshot.version));
	await database.step("roles", "", async (client) => {
		const kept = await protectedRoles(client, owners.owner);
		const known = new Set(
			(await client.query("SELECT rolname FROM pg_catalog.pg_roles")).rows.map(({ rolname }) => rolname as string),
		);
		const standIns = new Set<string>();
		let made = 0;
		for (const role of roles) {
			if (isRoleLeftBehind(role.name, owners)) {
				if (known.has(role.name)) continue;
				await client.query(`CREATE ROLE ${quoteName(role.name)} ${sight(role)}`);
				standIns.add(role.name);
				await client.query(`COMMENT ON ROLE ${quoteName(role.name)} IS ${quoteText(PLACEHOLDER)}`);
			} else if (!kept.has(role.name)) {
				made += 1;
				const verb = known.has(role.name) ? "ALTER" : "CREATE";
				await client.query(`${verb} ROLE ${quoteName(role.name)} ${attributes(role)}`);
				if (role.comment !== null) {
					await client.query(`COMMENT ON ROLE ${quoteName(role.name)} IS ${quoteText(role.comment)}`);
				}
			}
		}
		// A stand-in sees what its role sees, so that its materialized views are filled as on the source.
		const carried = members.filter(
			({ role, member }) =>
				!isMembershipLeftBehind(role, member, owners) ||
				(standIns.has(member) && (role.startsWith("pg_") || !isRoleLeftBehind(role, owners))),
		);
		let granted = 0;
		for (const membership of carried) {
			if (!(await exists(client, membership.role))) continue;
			await client.query(grant(membership, targetVersion));
			granted += 1;
		}
		return { roles: made, members: granted };
	});
}

/** Roles of the target that a copy never changes: superusers, and the owner of its database. */
async function protectedRoles(client: pg.Client, owner: string): Promise<Set<string>> {
	const { rows } = await client.query("SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper");
	return new Set([owner, ...rows.map(({ rolname }) => rolname as string)]);
}

async function exists(client: pg.Client, role: string): Promise<boolean> {
	return (await client.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", [role])).rows.length > 0;
}

function attributes(role: Role): string {
	const is = (name: string, value: boolean) => (value ? name : `NO${name}`);
	return [
		"NOSUPERUSER NOREPLICATION",
		is("INHERIT", role.inherits),
		is("CREATEROLE", role.createsRoles),
		is("CREATEDB", role.createsDatabases),
		is("LOGIN", role.logsIn),
		is("BYPASSRLS", role.bypassesPolicies),
		`CONNECTION LIMIT ${limitOnTarget(role.connections)}`,
		...(role.validUntil === null ? [] : [`VALID UNTIL ${quoteText(role.validUntil)}`]),
	].join(" ");
}

/** A stand-in for the time of a copy, with what decides which rows it sees. */
function sight({ isSuperuser, bypassesPolicies, inherits }: Role): string {
	const all = isSuperuser ? "SUPERUSER" : "NOSUPERUSER";
	return `NOLOGIN ${all} ${bypassesPolicies ? "BYPASSRLS" : "NOBYPASSRLS"} ${inherits ? "INHERIT" : "NOINHERIT"}`;
}

/** Since 16 a membership says itself whether it inherits; before, its member does. */
function grant({ role, member, admin, inherit, set }: Membership, targetVersion: number): string {
	const base = `GRANT ${quoteName(role)} TO ${quoteName(member)}`;
	if (targetVersion < 160000) return admin ? `${base} WITH ADMIN OPTION` : base;
	const options = [`ADMIN ${admin}`, ...(inherit === null ? [] : [`INHERIT ${inherit}`, `SET ${set}`])];
	return `${base} WITH ${options.join(", ")}`;
}
