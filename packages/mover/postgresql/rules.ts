/**
 * What a move leaves behind on purpose. Copy, check and proof read this one table, so that nothing else is missed in silence;
 * `LEFT_BEHIND` is what a report and docs/ print.
 */

/** One rule. */
export interface Rule {
	id: string;
	/** What stays on the source. */
	what: string;
	reason: string;
	/** Where that is known from. */
	source: string;
}

export const LEFT_BEHIND = [
	{
		id: "azure-roles",
		what: "roles azure*, pg_* and replication; what they own belongs to the database's owner on the target",
		reason: "Azure's own; pg_* are there already",
		source: "facts/move.md §1.3",
	},
	{
		id: "source-admin",
		what: "the role that the source is read with: its password, attributes and memberships, in both directions; what it owns, may and has as settings becomes the database owner's",
		reason: "it stands for Azure's administrator, and a member of it would become one of a superuser",
		source: "facts/move.md §1.3",
	},
	{
		id: "database-owner",
		what: "who owns the database: the target's owner does; an application's role that owned it keeps its rights on it and on schemas of pg_database_owner",
		reason: "the URL that the stage gives its apps is that owner's",
		source: "PostgreSQL 14, predefined roles",
	},
	{
		id: "role-powers",
		what: "SUPERUSER and REPLICATION of roles; roles of the target that are superusers, and the database's owner, stay as they are",
		reason: "on Azure they are Azure's own, and no application needs them",
		source: "facts/move.md §1.3",
	},
	{
		id: "passwords",
		what: "passwords of roles",
		reason: "Azure hides pg_authid; new ones come from the stage's secrets",
		source: "facts/move.md §1.3",
	},
	{
		id: "grantors",
		what: "who granted a right, a membership",
		reason: "a right is the same whoever gave it, and the giver may stay behind",
		source: "facts/move.md §1.3",
	},
	{
		id: "azure-schemas",
		what: "schemas azure and azure_* of a role azure*",
		reason: "Azure's own",
		source: "facts/move.md §1.3",
	},
	{
		id: "azure-databases",
		what: "databases azure_sys, azure_maintenance, postgres, template0, template1",
		reason: "Azure's and the server's own",
		source: "facts/move.md §1.3",
	},
	{
		id: "azure-extensions",
		what: "extensions azure, azure_*, pg_azure_storage, pgaadauth, pg_failover_slots",
		reason: "they exist on Azure alone",
		source: "facts/move.md §1.3",
	},
	{
		id: "extension-comments",
		what: "comments on extensions and on what belongs to them",
		reason: "they need the extension's owner, and each extension brings its own",
		source: "facts/move.md §1.3",
	},
	{
		id: "publications",
		what: "publications, subscriptions and replication slots",
		reason: "they name servers; a slot that nobody reads fills the disk",
		source: "facts/move.md §1.3",
	},
	{
		id: "azure-settings",
		what: "settings azure.* and pgaadauth.* of roles and databases",
		reason: "no server but Azure's knows them",
		source: "facts/move.md §1.3",
	},
	{
		id: "freeze",
		what: "the setting default_transaction_read_only of roles and databases",
		reason: "a frozen source has it, and the target is to be written to",
		source: "facts/move.md §4",
	},
	{
		id: "lock-outs",
		what: "CONNECTION LIMIT 0 of roles and databases; any other limit is carried",
		reason: "it shuts the application out of a frozen source, and it is to work on the target",
		source: "facts/move.md §4",
	},
	{
		id: "tablespaces",
		what: "tablespaces",
		reason: "neither Azure nor Aptible has any but the default",
		source: "facts/move.md §1.3",
	},
	{
		id: "security-labels",
		what: "security labels",
		reason: "their provider is Azure's sign-in",
		source: "facts/move.md §1.3",
	},
	{
		id: "maintain",
		what: "the right MAINTAIN, where the source is older than 17",
		reason: "there is none before 17",
		source: "PostgreSQL 17, privileges",
	},
] as const satisfies readonly Rule[];

/** Schema in a copy that tells which of its steps are done; it goes before the swap. */
export const COPY_SCHEMA = "move_copy";

const AZURE_EXTENSION = /^(azure|azure_\w+|pg_azure_storage|pgaadauth|pg_failover_slots)$/;

/** Who is who on both sides. */
export interface Owners {
	/** The role that the source is read with. */
	admin: string;
	/** Who owns the target's database, and there all that the source's admin owns. */
	owner: string;
}

/** Azure's own roles, whose sessions and logins are nobody's to end or shut. */
export const AZURE_ROLES: readonly string[] = ["azuresu", "azure_superuser", "azure_pg_admin", "replication"];

/** Whether a role of the source's server is not made on the target. */
export function isRoleLeftBehind(role: string, { admin }: Pick<Owners, "admin">): boolean {
	return /^(azure|pg_)/.test(role) || role === "replication" || role === admin;
}

/** Whose on the target is what a role of the source owns or may; `pg_monitor` and its like, and PUBLIC (empty), stay themselves. */
export function roleOnTarget(role: string, owners: Owners): string {
	const isPredefined = role === "" || role.startsWith("pg_");
	return isRoleLeftBehind(role, owners) && !isPredefined ? owners.owner : role;
}

/** Whether a membership is not carried: one of the admin's, or one of a role that is not there; `pg_*` may have members. */
export function isMembershipLeftBehind(role: string, member: string, owners: Pick<Owners, "admin">): boolean {
	return isRoleLeftBehind(member, owners) || (isRoleLeftBehind(role, owners) && !role.startsWith("pg_"));
}

/** Whether a schema with all that is in it stays on the source; the server's own are no schema of a move at all. */
export function isSchemaLeftBehind(schema: string, owner: string): boolean {
	return isSystemSchema(schema) || (/^azure(_|$)/.test(schema) && /^azure/.test(owner));
}

/** Whether a schema is the server's own, or the copy's. */
export function isSystemSchema(schema: string): boolean {
	return /^pg_/.test(schema) || schema === "information_schema" || schema === COPY_SCHEMA;
}

export function isExtensionLeftBehind(extension: string): boolean {
	return AZURE_EXTENSION.test(extension);
}

/** Whether a setting of a role or a database is not carried. */
export function isSettingLeftBehind(name: string): boolean {
	return /^(azure|pgaadauth)\./.test(name) || name === "default_transaction_read_only";
}

/** The limit of connections that a role or a database of the source has on the target; -1 is none. */
export function limitOnTarget(limit: number): number {
	return limit === 0 ? -1 : limit;
}
