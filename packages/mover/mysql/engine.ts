/** MySQL as the mover moves it: into the target's own database, since no server of it can rename one. */
import type { Engine } from "../engine.ts";
import { addressOf, frozenByHand, inPlace, prove } from "../in-place.ts";
import type { Login } from "../postgresql/connection.ts";
import { checkMysql } from "./check.ts";
import { type Session, withMysql } from "./connection.ts";
import { copyMysql, measureTables } from "./copy.ts";
import { changesOfMysql, readMysqlCounters } from "./counters.ts";
import { countRunningEvents, RUNNING_EVENTS_FIX } from "./events.ts";
import { databaseOf, dropCopy, ownerOf, releaseTarget } from "./target.ts";
import { verifyMysql } from "./verify.ts";

/** Of MariaDB, whose servers have no id of their own. */
const UNKNOWN_VARIABLE = /^ERROR 1193\b/;
const counters = { read: readMysqlCounters, changesOf: changesOfMysql };

export const mysql: Engine = {
	async identify(login) {
		const own = await withMysql(login, (session) =>
			session.value("SELECT @@server_uuid").catch((error: Error) => {
				if (!UNKNOWN_VARIABLE.test(error.message)) throw error;
				return undefined;
			}),
		);
		return { system: own ?? addressOf(login.url), database: databaseOf(login) };
	},

	check: ({ source, target }) => checkMysql({ source, target }),

	measure: measureTables,

	async copy({ source, target, steps, jobs, report, replace, live }) {
		if (!live) await refuseRunningEvents(source);
		const copied = await copyMysql({ source, target, steps, jobs, report, replace });
		const compare = () => verifyMysql({ source, target, jobs, report });
		return prove({ source, steps }, counters, live ? undefined : copied.counters, compare);
	},

	async verify({ source, target, steps, jobs, report }) {
		const before = await readMysqlCounters(source);
		return prove({ source, steps }, counters, [before], () => verifyMysql({ source, target, jobs, report }));
	},

	...frozenByHand(counters, {
		freeze:
			"the mover shuts nobody out of a MySQL source; by hand, for each account of an application: ALTER USER ... ACCOUNT LOCK, then KILL its sessions (SHOW PROCESSLIST). That nobody writes is proved by the server's counters",
		others: (source) => withMysql(source, otherSessions),
		thaw: "what was done by hand on this MySQL source is undone by hand: ALTER USER ... ACCOUNT UNLOCK for each account of an application",
	}),

	...inPlace({
		findRun: (target) => withMysql(target, ownerOf),
		release: releaseTarget,
		dropCopy,
	}),
};

/** An event writes when it is due, and one that runs on when its copy runs too runs twice. */
async function refuseRunningEvents(source: Login): Promise<void> {
	const events = await withMysql(source, (session) => countRunningEvents(session, databaseOf(source)));
	if (events > 0) throw new Error(`${events} events run on the source; ${RUNNING_EVENTS_FIX}, then copy again`);
}

/** Sessions besides this one, as far as the login may see them, each with the statement that ends it. */
async function otherSessions(session: Session): Promise<string[]> {
	const rows = await session.rows(
		`SELECT ID AS id, USER AS user, HOST AS host FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()
		AND COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID') AND USER NOT IN ('system user', 'event_scheduler', 'azure_superuser')
		ORDER BY ID`,
	);
	return rows.map(
		({ id, user, host }) =>
			`session ${id} of ${user} (at ${host}) is on the source; stop that program, then: KILL ${id}`,
	);
}
