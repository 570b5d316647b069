/** Proves that nobody but the mover can log in: by a refused login where a password is known, else from the catalog. */
import pg from "pg";
import { databaseIn } from "../address.ts";
import type { FreezeTask } from "../engine.ts";
import type { Finding } from "../findings.ts";
import { type Login, withSession } from "./connection.ts";
import { readRoles } from "./locks.ts";
import { quoteName } from "./target.ts";

/** invalid_password */
export const WRONG_PASSWORD = "28P01";

export const userOf = ({ url }: Login) => decodeURIComponent(new URL(url).username);

/**
 * Logs in once, to the source itself: an application's address may name a pool before it, or another server.
 *
 * @returns the SQLSTATE with which the server refuses it; undefined where it lets it in
 */
export async function tryLogin(source: Login, app: Login): Promise<string | undefined> {
	const url = new URL(source.url);
	({ username: url.username, password: url.password } = new URL(app.url));
	try {
		await withSession({ ...source, url: url.href }, { isPlain: true }, (client) => client.query("SELECT"));
		return undefined;
	} catch (error) {
		if (!(error instanceof pg.DatabaseError) || error.code === undefined) throw error;
		return error.code;
	}
}

/** Whether a refusal comes from what a freeze has changed: each but the first has other causes too, such as a full server. */
export function isShutOut(state: string, { canLogin, limit }: { canLogin: boolean; limit: number }): boolean {
	// insufficient_privilege, too_many_connections, invalid_authorization_specification
	return state === "42501" || (state === "53300" && limit === 0) || (state === "28000" && !canLogin);
}

/** @returns who can still log in, and a note of what rests on the catalog alone */
export async function proveShutOut(client: pg.Client, { source, apps = [], report }: FreezeTask): Promise<Finding[]> {
	const { logins } = await readRoles(client);
	const findings: Finding[] = logins
		.filter(({ connects, limit }) => connects && limit !== 0)
		.map(({ name }) => ({
			trap: "freeze-login",
			severity: "blocker",
			object: name,
			line: `${name} may still log in: it has the right to connect as a member of another role, and the mover may not set its limit; as whoever made it: ALTER ROLE ${quoteName(name)} CONNECTION LIMIT 0, and freeze again`,
		}));
	const refused = new Set<string>();
	for (const app of apps) {
		const user = userOf(app);
		const state = await tryLogin(source, app);
		const { rows } = await client.query(
			'SELECT rolcanlogin AS "canLogin", rolconnlimit AS limit FROM pg_roles WHERE rolname = $1',
			[user],
		);
		if (state === undefined) {
			findings.push({
				trap: "freeze-login",
				severity: "blocker",
				object: user,
				line: `${user} logs in to the frozen source all the same; stop what uses it, and as who made the role, or a member of azure_pg_admin: ALTER ROLE ${quoteName(user)} NOLOGIN; then freeze again`,
			});
		} else if (state === WRONG_PASSWORD) {
			report(
				`${user}: the server takes the password in MOVE_SOURCE_NAME_APPS for wrong, so that the refused login says nothing of its rights`,
			);
		} else if (rows[0] !== undefined && isShutOut(state, rows[0])) {
			refused.add(user);
			report(`${user}: its login is refused`);
		} else {
			findings.push({
				trap: "freeze-unproven",
				severity: "warning",
				object: user,
				line: `${user}: the refusal of its login (SQLSTATE ${state}) proves nothing, as the freeze is not why: the server is full, or admits nobody by this way (pg_hba, encryption); look at the server's log, and freeze again`,
			});
		}
	}
	const unproven = logins.filter(({ name }) => !refused.has(name)).map(({ name }) => name);
	if (unproven.length === 0) return findings;
	const note: Finding = {
		trap: "freeze-catalog",
		severity: "note",
		line: `shut out by the catalog alone (has_database_privilege, rolconnlimit), as the mover knows no password of theirs: ${unproven.join(", ")}; to have a login tried: MOVE_SOURCE_NAME_APPS in the mover's environment`,
	};
	return [...findings, note];
}

/** Who is shut out after a thaw, by what a person has done for the freeze: the journal has no note of that. */
export async function findShutByHand(client: pg.Client, source: Login, apps: readonly Login[]): Promise<Finding[]> {
	const { logins } = await readRoles(client);
	const fixes = new Map(
		logins
			.filter(({ limit }) => limit === 0)
			.map(({ name }) => [name, `ALTER ROLE ${quoteName(name)} CONNECTION LIMIT -1`]),
	);
	for (const app of apps) {
		const name = userOf(app);
		const state = await tryLogin(source, app);
		if (state === undefined || fixes.has(name)) continue;
		const fix: Readonly<Record<string, string>> = {
			"28000": `ALTER ROLE ${quoteName(name)} LOGIN`,
			"42501": `GRANT CONNECT ON DATABASE ${quoteName(databaseIn(source.url))} TO ${quoteName(name)}`,
			[WRONG_PASSWORD]: `ALTER ROLE ${quoteName(name)} PASSWORD '...'`,
		};
		fixes.set(name, fix[state] ?? `look at the server's log (SQLSTATE ${state})`);
	}
	return [...fixes].map(([object, fix]) => ({
		trap: "thaw-by-hand",
		severity: "warning",
		object,
		line: `${object} cannot log in to the thawed source; where that was done by hand for the freeze, as who made the role, or the database's owner: ${fix}`,
	}));
}
