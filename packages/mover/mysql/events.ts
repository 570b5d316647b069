import type { Login } from "../postgresql/connection.ts";
import { quoteName, quoteText, type Session, type Value, withMysql } from "./connection.ts";
import { databaseOf } from "./target.ts";

/** How a server says that an event belongs to another server and does not run here. */
const ELSEWHERE = ["SLAVESIDE_DISABLED", "REPLICA_SIDE_DISABLED"];

/**
 * Makes the source's events on the target, all of them off: a dump would make them as they are, and one that is due runs at once, on
 * a copy that nobody has looked at. Those that are on at the source are made as events of another server's, which is what they are
 * until the target is live; those that are off there are off here.
 *
 * @returns how many there are
 */
export async function copyEvents(source: Session, from: string, target: Session): Promise<number> {
	const events = await source.rows(
		`SELECT EVENT_NAME AS name, DEFINER AS definer, TIME_ZONE AS zone, EVENT_DEFINITION AS body, EVENT_TYPE AS type,
			CAST(EXECUTE_AT AS CHAR) AS at, INTERVAL_VALUE AS amount, INTERVAL_FIELD AS unit, SQL_MODE AS mode,
			CAST(STARTS AS CHAR) AS starts, CAST(ENDS AS CHAR) AS ends, STATUS AS status, ON_COMPLETION AS completion,
			EVENT_COMMENT AS comment, CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation
		FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY 1`,
		[from],
	);
	const elsewhere = await elsewhereClause(target);
	for (const event of events) {
		await target.run(`DROP EVENT IF EXISTS ${quoteName(event.name ?? "")}`);
		await target.run(
			`SET SESSION sql_mode = ${text(event.mode)}, time_zone = ${text(event.zone)},
				character_set_client = ${event.charset}, collation_connection = ${event.collation}`,
		);
		await target.run(createEvent(event, elsewhere));
		await target.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'");
		await target.run("SET NAMES utf8mb4");
	}
	return events.length;
}

function createEvent(event: Record<string, Value>, elsewhere: string): string {
	const definer = event.definer ?? "";
	const at = definer.lastIndexOf("@");
	const schedule =
		event.type === "ONE TIME"
			? `AT ${text(event.at)}`
			: [
					`EVERY ${/^'/.test(event.amount ?? "") ? event.amount : text(event.amount)} ${event.unit}`,
					event.starts === null ? "" : `STARTS ${text(event.starts)}`,
					event.ends === null ? "" : `ENDS ${text(event.ends)}`,
				].join(" ");
	const isOn = event.status === "ENABLED";
	return [
		`CREATE DEFINER=${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))} EVENT ${quoteName(event.name ?? "")}`,
		`ON SCHEDULE ${schedule}`,
		`ON COMPLETION ${event.completion}`,
		isOn ? elsewhere : "DISABLE",
		`COMMENT ${text(event.comment)}`,
		`DO ${event.body}`,
	].join("\n");
}

/** Has the events run that ran at the source: once the target is live, and never before. */
export async function startEvents(target: Login): Promise<number> {
	return withMysql(target, async (session) => {
		const events = await session.rows(
			"SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? AND STATUS IN (?)",
			[databaseOf(target), ELSEWHERE],
		);
		for (const { name } of events) {
			await session.run(`ALTER EVENT ${quoteName(name ?? "")} ENABLE`);
		}
		return events.length;
	});
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
