import { randomBytes } from "node:crypto";
import { quoteName, quoteText, type Session } from "./connection.ts";

/** An account that a view, trigger, routine or event runs as. */
export interface Definer {
	/** As the catalog writes it: `app@%`. */
	account: string;
	/** What it may do with the database. */
	privileges: string[];
}

/** What a definer gets whose own privileges on the source cannot be read. */
const USUAL_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE"];

/** Privileges that can be granted on one database, in MySQL as in MariaDB. */
const DATABASE_PRIVILEGES = [
	...USUAL_PRIVILEGES,
	"ALTER",
	"ALTER ROUTINE",
	"CREATE",
	"CREATE ROUTINE",
	"CREATE TEMPORARY TABLES",
	"CREATE VIEW",
	"DROP",
	"EVENT",
	"INDEX",
	"LOCK TABLES",
	"REFERENCES",
	"SHOW VIEW",
	"TRIGGER",
];

/** The definers of a database, with what they may do with it: on all databases or on this one. */
export async function definersOf(session: Session, database: string): Promise<Definer[]> {
	const accounts = await session.rows(
		`SELECT DEFINER AS account FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?
		UNION SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
		UNION SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
		UNION SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY 1`,
		[database, database, database, database],
	);
	return Promise.all(
		accounts.map(async ({ account }) => ({
			account: account ?? "",
			privileges: await privilegesOf(session, database, account ?? ""),
		})),
	);
}

/** What an account may do with a database. */
export async function privilegesOf(session: Session, database: string, account: string): Promise<string[]> {
	const grantee = granteeOf(account);
	const rows = await session.rows(
		`SELECT PRIVILEGE_TYPE AS privilege FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?
		UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
			WHERE GRANTEE = ? AND REPLACE(TABLE_SCHEMA, '\\\\_', '_') = ?`,
		[grantee, grantee, database],
	);
	const found = new Set(rows.map(({ privilege }) => privilege));
	return DATABASE_PRIVILEGES.filter((privilege) => found.has(privilege));
}

/** Which of some accounts a server has. */
export async function accountsOf(session: Session, accounts: readonly string[]): Promise<Set<string>> {
	const found = new Set<string>();
	for (const account of accounts) {
		const { user, host } = partsOf(account);
		if ((await session.value("SELECT 1 FROM mysql.user WHERE User = ? AND Host = ?", [user, host])) !== undefined) {
			found.add(account);
		}
	}
	return found;
}

/** What a copy gives a definer: his own privileges, or the usual ones where the source has none of his, or no such account any more. */
export function privilegesToGive({ privileges }: Definer): readonly string[] {
	return privileges.length === 0 ? USUAL_PRIVILEGES : privileges;
}

/**
 * Makes the definers that the target lacks, and gives each what it may do on the source with this one database. An account that is
 * made is locked and has a password that nobody knows: an object runs as it, nobody logs in as it.
 *
 * @returns how many accounts were made
 */
export async function makeDefiners(target: Session, database: string, definers: readonly Definer[]): Promise<number> {
	const there = await accountsOf(
		target,
		definers.map(({ account }) => account),
	);
	let made = 0;
	for (const definer of definers) {
		const { account } = definer;
		const { user, host } = partsOf(account);
		const name = `${quoteText(user)}@${quoteText(host)}`;
		if (!there.has(account)) {
			await target.run(`CREATE USER ${name} IDENTIFIED BY '${randomBytes(24).toString("hex")}' ACCOUNT LOCK`);
			made++;
		}
		const has = await privilegesOf(target, database, account);
		const needed = privilegesToGive(definer).filter((privilege) => !has.includes(privilege));
		if (needed.length > 0) {
			await target.run(`GRANT ${needed.join(", ")} ON ${quoteName(database)}.* TO ${name}`);
		}
	}
	return made;
}

/** `app@%` as a grantee of the catalog's: `'app'@'%'`. */
function granteeOf(account: string): string {
	const { user, host } = partsOf(account);
	return `'${user}'@'${host}'`;
}

/** A user's name may have an `@` in it, a host has none. */
function partsOf(account: string): { user: string; host: string } {
	const at = account.lastIndexOf("@");
	return { user: account.slice(0, at), host: account.slice(at + 1) };
}
