import { quoteName, quoteText, type Session, type Value } from "./connection.ts";

/** What is done about events that run on a source whose data is to hold still. */
export const RUNNING_EVENTS_FIX =
	"on the source SET GLOBAL event_scheduler = OFF, or for each event ALTER DEFINER = ITS_DEFINER EVENT NAME DISABLE ON SLAVE (MySQL 8.3 and newer: ON REPLICA), by which the target knows it for one that goes on there";

/** How a server says that an event belongs to another server and does not run here. */
const ELSEWHERE = ["SLAVESIDE_DISABLED", "REPLICA_SIDE_DISABLED"];

/** An event's settings, as columns of its catalog. */
const SETTINGS =
	"SQL_MODE AS mode, TIME_ZONE AS zone, CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation";

/** How many events of a database run by themselves on its server. */
export async function countRunningEvents(session: Session, database: string): Promise<number> {
	if (!(await isSchedulerOn(session))) return 0;
	return Number(
		await session.value(
			"SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? AND STATUS = 'ENABLED'",
			[database],
		),
	);
}

/**
 * Makes the source's events on the target, all of them off: a dump would make them as they are, and one that is due runs at once, on
 * a copy that nobody has looked at. Those that are on at the source, or that it has as another server's, are made as events of another
 * server's, which is what they are until the target is live; those that are off there are off here.
 *
 * @returns how many there are
 */
export async function copyEvents(source: Session, from: string, target: Session): Promise<number> {
	const events = await source.rows(
		`SELECT EVENT_NAME AS name, DEFINER AS definer, EVENT_DEFINITION AS body, EVENT_TYPE AS type,
			CAST(EXECUTE_AT AS CHAR) AS at, INTERVAL_VALUE AS amount, INTERVAL_FIELD AS unit,
			CAST(STARTS AS CHAR) AS starts, CAST(ENDS AS CHAR) AS ends, STATUS AS status, ON_COMPLETION AS completion,
			EVENT_COMMENT AS comment, ${SETTINGS}
		FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY 1`,
		[from],
	);
	const elsewhere = await elsewhereClause(target);
	for (const event of events) {
		await target.run(`DROP EVENT IF EXISTS ${quoteName(event.name ?? "")}`);
		await runUnder(target, event, createEvent(event, elsewhere));
	}
	return events.length;
}

function createEvent(event: Record<string, Value>, elsewhere: string): string {
	const schedule =
		event.type === "ONE TIME"
			? `AT ${text(event.at)}`
			: [
					`EVERY ${/^'/.test(event.amount ?? "") ? event.amount : text(event.amount)} ${event.unit}`,
					event.starts === null ? "" : `STARTS ${text(event.starts)}`,
					event.ends === null ? "" : `ENDS ${text(event.ends)}`,
				].join(" ");
	const isOn = event.status !== "DISABLED";
	return [
		`CREATE ${definerClause(event.definer ?? "")} EVENT ${quoteName(event.name ?? "")}`,
		`ON SCHEDULE ${schedule}`,
		`ON COMPLETION ${event.completion}`,
		isOn ? elsewhere : "DISABLE",
		`COMMENT ${text(event.comment)}`,
		`DO ${event.body}`,
	].join("\n");
}

/**
 * Has the events run that ran at the source: once nobody goes back to it, and never before. Each keeps its definer and its settings,
 * which would else be those of whoever starts it. May be done twice.
 *
 * @returns how many run from now on that did not, and whether the server runs events at all
 */
export async function startEvents(
	session: Session,
	database: string,
): Promise<{ started: number; isRunning: boolean }> {
	const events = await session.rows(
		`SELECT EVENT_NAME AS name, DEFINER AS definer, ${SETTINGS} FROM information_schema.EVENTS
		WHERE EVENT_SCHEMA = ? AND STATUS IN (?) ORDER BY 1`,
		[database, ELSEWHERE],
	);
	for (const event of events) {
		const name = `${quoteName(database)}.${quoteName(event.name ?? "")}`;
		await runUnder(session, event, `ALTER ${definerClause(event.definer ?? "")} EVENT ${name} ENABLE`);
	}
	return { started: events.length, isRunning: await isSchedulerOn(session) };
}

/** Says a statement under the settings that an event has, as the server notes those of the session that makes or changes it. */
async function runUnder(session: Session, event: Record<string, Value>, statement: string): Promise<void> {
	await session.run(
		`SET SESSION sql_mode = ${text(event.mode)}, time_zone = ${text(event.zone)},
			character_set_client = ${event.charset}, collation_connection = ${event.collation}`,
	);
	await session.run(statement);
	await session.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'");
	await session.run("SET NAMES utf8mb4");
}

function definerClause(definer: string): string {
	const at = definer.lastIndexOf("@");
	return `DEFINER=${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))}`;
}

async function isSchedulerOn(session: Session): Promise<boolean> {
	const state = await session.value("SELECT @@global.event_scheduler");
	return state === "ON" || state === "1";
}

/** An event's status as the source should have it: one that waits for the target to be live is on. */
export function statusAtSource(status: string): string {
	return ELSEWHERE.includes(status) ? "ENABLED" : status;
}

/** MySQL has other words since 8.3, and MariaDB has only the old ones. */
async function elsewhereClause(session: Session): Promise<string> {
	const version = (await session.value("SELECT VERSION()")) ?? "";
	const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
	const isNew = !/mariadb/i.test(version) && Number(major) * 100 + Number(minor) >= 803;
	return isNew ? "DISABLE ON REPLICA" : "DISABLE ON SLAVE";
}

function text(value: Value | undefined): string {
	return quoteText(value ?? "");
}
