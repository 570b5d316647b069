/** Proves that nobody but the mover can log in: by a refused login where a password is known, else from the catalog. */
import type pg from "pg";
import type { FreezeTask } from "../engine.ts";
import type { Finding } from "../findings.ts";
import { stateOf } from "../journal/errors.ts";
import { type Login, withSession } from "./connection.ts";
import { readRoles } from "./locks.ts";
import { quoteName } from "./target.ts";

/** invalid_password */
export const WRONG_PASSWORD = "28P01";
/** insufficient_privilege (no right to connect), too_many_connections (a limit of 0), invalid_authorization_specification (NOLOGIN). */
const SHUT_OUT = ["42501", "53300", "28000"];

export const userOf = ({ url }: Login) => decodeURIComponent(new URL(url).username);

/** Logs in once. @returns the SQLSTATE with which the server refuses it; undefined where it lets it in */
export async function tryLogin(login: Login): Promise<string | undefined> {
	try {
		await withSession(login, { isPlain: true }, (client) => client.query("SELECT"));
		return undefined;
	} catch (error) {
		const state = stateOf(error);
		// Anything else than the server's word on this login proves nothing.
		if (state === undefined || ![WRONG_PASSWORD, ...SHUT_OUT].includes(state)) throw error;
		return state;
	}
}

/** @returns who can still log in, and a note of what rests on the catalog alone */
export async function proveShutOut(client: pg.Client, { apps = [], report }: FreezeTask): Promise<Finding[]> {
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
		const state = await tryLogin(app);
		if (state === undefined) {
			findings.push({
				trap: "freeze-login",
				severity: "blocker",
				object: user,
				line: `${user} logs in to the frozen source all the same; stop what uses it, and as a superuser: ALTER ROLE ${quoteName(user)} NOLOGIN; then freeze again`,
			});
		} else if (state === WRONG_PASSWORD) {
			report(
				`${user}: the server takes the password in MOVE_SOURCE_NAME_APPS for wrong, so that the refused login says nothing of its rights`,
			);
		} else {
			refused.add(user);
			report(`${user}: its login is refused`);
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
