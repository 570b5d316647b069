import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { type Session, withMysql } from "./connection.ts";
import { countRunningEvents, RUNNING_EVENTS_FIX } from "./events.ts";
import { databaseOf } from "./target.ts";

/** Statements that write rows; our own sessions on a source send none of them. */
const WRITES = "insert insert_select replace replace_select update update_multi delete delete_multi load truncate";
/** Statements that change definitions, as MySQL or MariaDB counts them. */
const CHANGES =
	"create_table alter_table drop_table rename_table create_index drop_index create_view drop_view create_trigger drop_trigger create_event alter_event drop_event create_procedure alter_procedure drop_procedure create_function create_spfunction alter_function drop_function";

/** A start is reckoned from two answers in whole seconds; a restart moves it by as long as the server had been up. */
const SAME_START_S = 5;

/**
 * What has been written so far, of the source's database where the server counts rows by table (`performance_schema`, MySQL's
 * default), and of the whole server else: statements, and the end of the binary log where the user may see it. Equal before and
 * after means that nobody wrote.
 */
export async function readMysqlCounters(login: Login): Promise<Evidence> {
	return withMysql(login, (session) => countersIn(session, databaseOf(login)));
}

/** As `readMysqlCounters`, in a session that is there. */
export async function countersIn(session: Session, database: string): Promise<Evidence> {
	const status = new Map(
		(await session.rows("SHOW GLOBAL STATUS")).map((row) => [row.Variable_name?.toLowerCase(), Number(row.Value)]),
	);
	const now = Number(await session.value("SELECT UNIX_TIMESTAMP()"));
	const sum = (names: string) => names.split(" ").reduce((all, name) => all + (status.get(`com_${name}`) ?? 0), 0);
	const [rows, openWriters] = [await writtenRows(session, database), await countOpenWriters(session)];
	const [log] = await session
		.rows("SHOW MASTER STATUS")
		.catch(() => session.rows("SHOW BINARY LOG STATUS"))
		.catch(() => []);
	return {
		writes: sum(WRITES),
		changes: sum(CHANGES),
		started: now - (status.get("uptime") ?? 0),
		events: await countRunningEvents(session, database),
		...(rows === undefined ? {} : { rows }),
		...(openWriters === undefined ? {} : { openWriters }),
		...(log === undefined
			? {}
			: { logFile: Number(/\d+$/.exec(log.File ?? "")?.[0] ?? 0), logPosition: Number(log.Position) }),
	};
}

/** Rows inserted, updated and deleted in a database's tables; nothing where the server does not count them or shows them to nobody. */
async function writtenRows(session: Session, database: string): Promise<number | undefined> {
	const isCounted = await session
		.value(
			`SELECT 1 FROM performance_schema.setup_instruments i JOIN performance_schema.setup_consumers c
			ON c.NAME = 'global_instrumentation' AND c.ENABLED = 'YES'
			WHERE i.NAME = 'wait/io/table/sql/handler' AND i.ENABLED = 'YES' AND @@global.performance_schema = 1`,
		)
		.catch(() => undefined);
	if (isCounted === undefined) return undefined;
	return session
		.value(
			`SELECT COALESCE(SUM(COUNT_INSERT + COUNT_UPDATE + COUNT_DELETE), 0)
			FROM performance_schema.table_io_waits_summary_by_table WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA = ?`,
			[database],
		)
		.then(Number)
		.catch(() => undefined);
}

/** Transactions that have written and go on; nothing where the user may not see them (PROCESS). */
async function countOpenWriters(session: Session): Promise<number | undefined> {
	return session
		.value("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0")
		.then(Number)
		.catch(() => undefined);
}

/** What shows that somebody wrote between two readings, one line each; none where nobody did. */
export function changesOfMysql(before: Evidence, after: Evidence): string[] {
	const difference = (key: string) => Number(after[key]) - Number(before[key]);
	if (Math.abs(difference("started")) > SAME_START_S) {
		return ["the source's server was restarted, so that writes may be uncounted; freeze it and copy again"];
	}
	const hasRows = before.rows !== undefined && after.rows !== undefined;
	const counted = [...(hasRows ? ["rows"] : ["writes"]), "changes"];
	if (counted.some((key) => difference(key) < 0)) {
		return ["the source's statistics were reset, so that writes are uncounted; copy again"];
	}
	const lines: string[] = [];
	const find = "find who writes (SHOW PROCESSLIST), stop it, copy again";
	if (hasRows && difference("rows") > 0) {
		lines.push(`${difference("rows")} rows of the source were written meanwhile; ${find}`);
	} else if (!hasRows && (difference("writes") > 0 || hasLogGrown(before, after))) {
		lines.push(
			`the source's server wrote meanwhile (${difference("writes")} statements, of all its databases); ${find}, or have the server count rows by table: performance_schema = ON`,
		);
	}
	if (difference("changes") > 0) {
		lines.push(`${difference("changes")} statements changed definitions on the source's server meanwhile; ${find}`);
	}
	if (Number(after.openWriters ?? 0) > 0) {
		lines.push(
			`${after.openWriters} transactions on the source have written and are open; end them (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0, then KILL), copy again`,
		);
	}
	if (Number(after.events) > 0) {
		lines.push(`${after.events} events run on the source; ${RUNNING_EVENTS_FIX}, then copy again`);
	}
	return lines;
}

/** Another file may be a rotation alone: who wrote before it sent statements. */
function hasLogGrown(before: Evidence, after: Evidence): boolean {
	return before.logFile === after.logFile && before.logPosition !== after.logPosition;
}
