/** What has to be so before a freeze changes anything: else it would shut out the mover, or let somebody stay. */
import type pg from "pg";
import { type Finding, replicaFinding } from "../findings.ts";
import { type Login, withSession } from "./connection.ts";
import { findWithoutSession, foreignSessions } from "./foreign.ts";
import { READ_ONLY, type Roles, readLocks, readRoles } from "./locks.ts";
import { tryLogin, userOf, WRONG_PASSWORD } from "./shut-out.ts";
import { quoteName } from "./target.ts";

interface Side {
	database: string;
	/** The mover's own role. */
	user: string;
	owner: string;
	isReplica: boolean;
	/** Whether what the mover grants and revokes counts as the owner's. */
	isOwners: boolean;
}

const SIDE = `SELECT current_database()::text AS database, session_user::text AS user, pg_get_userbyid(datdba)::text AS owner,
	pg_is_in_recovery() AS "isReplica", pg_has_role(session_user, datdba, 'USAGE') AS "isOwners"
FROM pg_database WHERE datname = current_database()`;

/** Rights that another one than the owner gave, and whom he gave them: the owner cannot take these back. */
const PASSED_ON = `SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
	quote_ident(pg_get_userbyid(a.grantor)) AS grantor, quote_ident(d.datname) AS database
FROM pg_database d, LATERAL aclexplode(d.datacl) AS a
WHERE d.datname = current_database() AND a.privilege_type = 'CONNECT' AND a.grantor <> d.datdba`;

interface Admitted {
	source: Login;
	roles: Roles;
	apps: readonly Login[];
	/** Whether an earlier freeze has begun: nobody can log in by then. */
	isFrozen: boolean;
}

/** @returns what would shut out the mover, or let somebody stay */
export async function findInTheWay(client: pg.Client, { source, roles, apps, isFrozen }: Admitted): Promise<Finding[]> {
	const [side] = (await client.query<Side>(SIDE)).rows as [Side];
	if (side.isReplica) return [replicaFinding("freeze-replica", side.database)];
	const blocker = (trap: string, line: string): Finding => ({ trap, severity: "blocker", object: side.database, line });
	const findings: Finding[] = [];
	if (!side.isOwners) {
		findings.push(
			blocker(
				"freeze-owner",
				`the mover logs in as ${side.user}, which may take nobody's right to connect away, as ${side.database} belongs to ${side.owner}; as ${side.owner}: GRANT ${quoteName(side.owner)} TO ${quoteName(side.user)}`,
			),
		);
	}
	if (!isFrozen && (await isShut(client, roles))) {
		findings.push(
			blocker(
				"freeze-unknown",
				`${side.database} is shut already, and this journal has no notes of how it was: a freeze would keep it shut for good. Undo it from .move/STAGE.jsonl where that has them: npm run move -- thaw --sql --stack STACK; or from the lines of the mover's log with "freeze" and "note"; where no freeze has shut it: ALTER DATABASE ${quoteName(side.database)} RESET default_transaction_read_only, and GRANT CONNECT ON DATABASE ${quoteName(side.database)} to the applications' role; then freeze`,
			),
		);
	}
	const why = await whoShares(client, side.user, { source, roles, apps, isFrozen });
	if (why !== undefined) findings.push(blocker("freeze-own-login", ownLoginLine(side, why)));
	const { rows: passedOn } = await client.query(PASSED_ON);
	for (const { grantee, grantor, database } of passedOn) {
		findings.push(
			blocker(
				"freeze-passed-on",
				`${grantee} may connect by a grant of ${grantor}'s, which the owner cannot take back; as ${grantor}: REVOKE CONNECT ON DATABASE ${database} FROM ${grantee}`,
			),
		);
	}
	return [...findings, ...(await findWithoutSession(client))];
}

/** Whether a source is as a freeze leaves it; one whose only login is the mover's own is not. */
async function isShut(client: pg.Client, { logins }: Roles): Promise<boolean> {
	if ((await readLocks(client)).get(READ_ONLY)?.readOnly === true) return true;
	return logins.length > 0 && logins.every(({ connects, limit }) => !connects || limit === 0);
}

/** What a night is too late for: logins and rights. */
const FORESEEN: ReadonlySet<string> = new Set([
	"freeze-owner",
	"freeze-own-login",
	"freeze-passed-on",
	"freeze-unknown",
	"freeze-scheduler",
]);

/** What would refuse a freeze, as warnings of a check. */
export async function foreseeFreeze(
	source: Login,
	{ apps, isFrozen }: { apps: readonly Login[]; isFrozen: boolean },
): Promise<Finding[]> {
	return withSession(source, {}, async (client) => {
		const findings = await findInTheWay(client, { source, roles: await readRoles(client), apps, isFrozen });
		const foreseen = findings.filter(({ trap }) => FORESEEN.has(trap));
		return foreseen.map((finding): Finding => ({ ...finding, severity: "warning" }));
	});
}

/**
 * What shows that an application has the mover's own login. One that has only its former password is no more than shut out already;
 * where no address of an application is known, one without any other login must be the mover's.
 */
async function whoShares(
	client: pg.Client,
	user: string,
	{ source, roles, apps, isFrozen }: Admitted,
): Promise<string | undefined> {
	for (const app of apps) {
		if (userOf(app) === user && (await tryLogin(source, app)) !== WRONG_PASSWORD) {
			return "one of the applications' addresses that the mover was given has it";
		}
	}
	const own = (await foreignSessions(client)).find(({ isOwn }) => isOwn);
	if (own !== undefined) return `session ${own.pid} (${own.from}) has logged in with it`;
	const isAlone = !isFrozen && apps.length === 0 && !roles.logins.some(({ connects }) => connects);
	return isAlone ? "no other login may connect" : undefined;
}

function ownLoginLine({ database, user, owner }: Side, why: string): string {
	const own = user === "mover" ? "mover_2" : "mover";
	const groups = [...new Set([owner, user])].map(quoteName).join(", ");
	return `the mover logs in as ${user}, and so does an application (${why}): shutting that out would shut out the mover. Make a login of the mover's own on the source: CREATE ROLE ${own} LOGIN CREATEROLE PASSWORD '...' IN ROLE ${groups}; give the mover its address of ${database} in MOVE_SOURCE_NAME, and freeze again. Where the server refuses that (PostgreSQL 16 and newer): ALTER ROLE ${quoteName(user)} PASSWORD '...'; give the mover that one, and the applications' address in MOVE_SOURCE_NAME_APPS; before the old side is used again, set the former password`;
}
