/**
 * A server of MySQL's cannot rename a database, and DDL commits by itself. So the copy goes into the database itself, and what the
 * journal of the run needs beside it is in a database `move_copy` on the same server, which goes when the move is over.
 */

import { isConnectionError } from "../journal/errors.ts";
import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { mysqlParts, quoteName, type Session, withMysql } from "./connection.ts";

/** The database of what the copy notes for itself. */
export const NOTES = "move_copy";

const NOTES_TABLES = [
	`CREATE DATABASE IF NOT EXISTS ${NOTES} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
	`CREATE TABLE IF NOT EXISTS ${NOTES}.holder (id TINYINT PRIMARY KEY, epoch BIGINT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS ${NOTES}.run (id TINYINT PRIMARY KEY, target VARCHAR(64) NOT NULL, run VARCHAR(64) NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS ${NOTES}.made (kind VARCHAR(16), name VARCHAR(64), part INT, PRIMARY KEY (kind, name))`,
	`CREATE TABLE IF NOT EXISTS ${NOTES}.done (step VARCHAR(64), part VARCHAR(64), evidence TEXT NOT NULL, PRIMARY KEY (step, part))`,
];

/** A table, view, routine or event of a database. */
export interface MysqlObject {
	kind: "table" | "view" | "procedure" | "function" | "event";
	name: string;
}

/**
 * What each session that writes to the target says first: a lock by which a later holder knows it for one of ours, then the epoch.
 * With another epoch the second line has two rows where one may be, which is an error.
 */
export function fenceSql(epoch: number): string {
	return [
		`SELECT GET_LOCK(CONCAT('${NOTES}.', CONNECTION_ID()), 0);`,
		`SELECT (SELECT epoch FROM ${NOTES}.holder UNION ALL SELECT epoch FROM ${NOTES}.holder WHERE epoch <> ${epoch});`,
		"",
	].join("\n");
}

/** A session that may write to the target: its epoch is checked, and a later holder ends it. */
export async function withFencedMysql<T>(
	login: Login,
	epoch: number,
	use: (session: Session) => Promise<T>,
): Promise<T> {
	return withMysql(login, async (session) => {
		for (const statement of fenceSql(epoch).trim().split("\n")) {
			await session.run(statement).catch((error: Error) => {
				if (isConnectionError(error)) throw error;
				throw new Error(`another mover holds this target since epoch ${epoch}: ${error.message}`);
			});
		}
		return use(session);
	});
}

/**
 * Takes the target over for an epoch: a session of a former holder's that begins later fails at its fence, and those that are
 * there are ended.
 */
export async function takeOver(login: Login, epoch: number): Promise<void> {
	await withMysql(login, async (session) => {
		for (const statement of NOTES_TABLES) {
			await session.run(statement);
		}
		await session.run(
			`INSERT INTO ${NOTES}.holder VALUES (1, ?) ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, VALUES(epoch))`,
			[epoch],
		);
		const holder = await session.value(`SELECT epoch FROM ${NOTES}.holder`);
		if (Number(holder) !== epoch) {
			throw new Error(`a mover of epoch ${holder} holds this target, and this one has epoch ${epoch}`);
		}
		for (;;) {
			const sessions = await session.rows(
				`SELECT ID AS id FROM information_schema.PROCESSLIST
				WHERE ID <> CONNECTION_ID() AND IS_USED_LOCK(CONCAT('${NOTES}.', ID)) = ID`,
			);
			if (sessions.length === 0) break;
			for (const { id } of sessions) {
				// It may have ended by itself.
				await session.run(`KILL ${id}`).catch(() => {});
			}
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	});
}

/** What is in a database. */
export async function objectsOf(session: Session, database: string): Promise<MysqlObject[]> {
	const rows = await session.rows(
		`SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' ELSE 'table' END AS kind, TABLE_NAME AS name
			FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?
		UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
		UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?`,
		[database, database, database],
	);
	return rows.map((row) => ({ kind: row.kind as MysqlObject["kind"], name: row.name ?? "" }));
}

/** The run that a target belongs to; nothing where the copy has never claimed it. */
export async function ownerOf(session: Session): Promise<string | undefined> {
	const known = await session.value(
		"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'run'",
		[NOTES],
	);
	return known === undefined ? undefined : ((await session.value(`SELECT run FROM ${NOTES}.run`)) ?? undefined);
}

/** What is in the target and was made by no copy: nobody but its owner may say that it goes. */
export async function foreignObjects(session: Session, database: string): Promise<MysqlObject[]> {
	const objects = await objectsOf(session, database);
	if ((await ownerOf(session)) === undefined) return objects;
	const made = new Set(
		(await session.rows(`SELECT kind, name FROM ${NOTES}.made`)).map(({ kind, name }) => `${kind} ${name}`),
	);
	return objects.filter(({ kind, name }) => !made.has(`${kind} ${name}`));
}

/**
 * Makes the target this run's own and empty.
 *
 * @param replace whether what no copy has made may go
 * @throws when something is there that no copy has made
 */
export async function claimTarget(
	session: Session,
	{ database, run, replace }: { database: string; run: string; replace: boolean },
): Promise<void> {
	const foreign = await foreignObjects(session, database);
	if (foreign.length > 0 && !replace) {
		throw new Error(
			`database "${database}" on the target has ${nameSome(foreign)}, which no copy has made; remove them, or say --replace to have them removed`,
		);
	}
	// Before anything goes: what is half empty is nobody's but the copy's.
	await noteMade(session, foreign);
	await session.run(`REPLACE INTO ${NOTES}.run VALUES (1, ?, ?)`, [database, `emptying ${run}`]);
	await session.run(`DELETE FROM ${NOTES}.done`);
	await emptyDatabase(session, database);
	await session.run(`DELETE FROM ${NOTES}.made`);
	await session.run(`REPLACE INTO ${NOTES}.run VALUES (1, ?, ?)`, [database, run]);
}

async function emptyDatabase(session: Session, database: string): Promise<void> {
	await session.run("SET SESSION foreign_key_checks = 0");
	for (const { kind, name } of await objectsOf(session, database)) {
		await session.run(`DROP ${kind.toUpperCase()} IF EXISTS ${quoteName(database)}.${quoteName(name)}`);
	}
	await session.run("SET SESSION foreign_key_checks = 1");
}

/** Removes a copy with its notes; what no copy has made is refused. Accounts that objects ran as stay, locked. */
export async function dropCopy(target: Login, epoch: number): Promise<void> {
	if ((await withMysql(target, ownerOf)) === undefined) return;
	await withFencedMysql(target, epoch, async (session) => {
		const foreign = await foreignObjects(session, databaseOf(target));
		if (foreign.length > 0) {
			throw new Error(
				`database "${databaseOf(target)}" on the target has ${nameSome(foreign)}, which no copy has made; remove them first`,
			);
		}
		await emptyDatabase(session, databaseOf(target));
		await session.run(`DROP DATABASE ${NOTES}`);
	});
}

/** Notes what the copy is about to make, so that a later one knows it for the copy's. */
export async function noteMade(session: Session, objects: readonly (MysqlObject & { part?: number })[]): Promise<void> {
	for (let start = 0; start < objects.length; start += 500) {
		const rows = objects.slice(start, start + 500).map(({ kind, name, part }) => [kind, name, part ?? null]);
		await session.run(`REPLACE INTO ${NOTES}.made (kind, name, part) VALUES ?`, [rows]);
	}
}

/** The evidence that a step left when it was done. */
export async function readDone(session: Session, step: string, part: string): Promise<Evidence | undefined> {
	const text = await session.value(`SELECT evidence FROM ${NOTES}.done WHERE step = ? AND part = ?`, [step, part]);
	return text === undefined || text === null ? undefined : (JSON.parse(text) as Evidence);
}

/** Notes that a step is done; a second time is an error, as two movers would have done it. */
export async function writeDone(session: Session, step: string, part: string, evidence: Evidence): Promise<void> {
	await session.run(`INSERT INTO ${NOTES}.done VALUES (?, ?, ?)`, [step, part, JSON.stringify(evidence)]);
}

/** Gives the target to its applications: the copy's notes go, and from then on it is nobody's to empty. */
export async function releaseTarget(target: Login): Promise<void> {
	await withMysql(target, (session) => session.run(`DROP DATABASE IF EXISTS ${NOTES}`));
}

/** Up to five names, and how many more. */
export function nameSome(objects: readonly MysqlObject[]): string {
	const names = objects.slice(0, 5).map(({ kind, name }) => `${kind} "${name}"`);
	return names.join(", ") + (objects.length > 5 ? ` and ${objects.length - 5} more` : "");
}

/** The name of the database that a login is for. */
export function databaseOf(login: Login): string {
	return mysqlParts(login).database;
}
