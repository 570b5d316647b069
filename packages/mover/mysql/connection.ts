import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from "mysql2/promise";
import { type Address, exampleOf, parseAddress } from "../address.ts";
import { ConnectionLost } from "../journal/errors.ts";
import { noteSession } from "../open-sessions.ts";
import { KEEPALIVE, type Login } from "../postgresql/connection.ts";

/** A value as it comes from a server: text, as numbers of 8 bytes and decimals would lose digits. */
export type Value = string | null;

/** A session with one server. Whoever opens one ends it. */
export interface Session {
	/** Rows by the names of their columns. */
	rows(sql: string, values?: readonly unknown[]): Promise<Record<string, Value>[]>;
	/** The first column of the first row; nothing where there is no row. */
	value(sql: string, values?: readonly unknown[]): Promise<Value | undefined>;
	/** Runs a statement. */
	run(sql: string, values?: readonly unknown[]): Promise<void>;
	/** The session as its library has it, for streams. */
	connection: Connection;
	end(): Promise<void>;
}

const FORM = { schemes: /^(mysql|mariadb):$/, scheme: "mysql", port: 3306 };

/** A server's address, taken apart. */
export interface MysqlParts extends Address {
	ca: string | undefined;
}

/** @throws on an address of another type, without a database, or without a check of who answers; never with the URL in it */
export function mysqlParts({ url, ca }: Login): MysqlParts {
	const address = parseAddress(url, FORM);
	if (address.database === "") {
		throw new Error(`a database's address names no database; write ${exampleOf(FORM.scheme)}`);
	}
	return { ...address, ca };
}

/**
 * Settings of each session of ours, so that the same value is the same text on both sides (facts/move.md §2): none of a mode that
 * changes values, times in UTC, and lists of the catalog that are read and not remembered, as MySQL 8 does for a day.
 */
const SESSION_SETTINGS = [
	`SET SESSION time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO', group_concat_max_len = 1048576
		/*!80000 , information_schema_stats_expiry = 0 */`,
	"SET NAMES utf8mb4",
];

/** Errors whose quoted parts are names of objects or accounts, which the fix needs; others may quote a patient's data. */
const NAMING_ERRORS = new Set(
	"1044 1045 1049 1050 1051 1054 1091 1142 1146 1227 1305 1356 1370 1418 1419 1436 1449 3750".split(" "),
);

/** A server's message without the values that it quotes. */
export function withoutValues(message: string): string {
	const [, code = ""] = /\bERROR (\d{4})\b/.exec(message) ?? [];
	return NAMING_ERRORS.has(code) ? message : message.replace(/'.*'/s, "'...'");
}

/**
 * Errors that say that a server or the way to it has ended, or that it takes nobody at the moment: too many connections, shutdown, errors
 * of the network's packets, a session that was killed or was idle for too long, and the clients' own.
 */
const LOST_ERRORS = new Set(
	"1040 1053 1077 1079 1152 1158 1159 1160 1161 1927 2002 2003 2006 2013 2055 4031".split(" "),
);

/** Whether what a program of MySQL's says of its end is that its connection has ended. */
export function isLost(words: string): boolean {
	const [, plain, named] = /\berror:? (\d{4})\b|\((\d{4})\)/i.exec(words) ?? [];
	return LOST_ERRORS.has(plain ?? named ?? "") || /Lost connection to|server has gone away/.test(words);
}

/** An error of a server's, which has neither the statement nor a value in it, as the library's own has. */
export function serverError(error: unknown): Error {
	const { errno, message, code = "", fatal } = error as Error & { errno?: number; code?: string; fatal?: boolean };
	const text = withoutValues(errno === undefined ? message : `ERROR ${errno}: ${message}`);
	// The library's own, of a connection that is of no use any more; those of a certificate stay what they are.
	const isOfLibrary = fatal === true && (errno === undefined ? /^(PROTOCOL_.*)?$/.test(code) : errno < 0);
	return isOfLibrary || LOST_ERRORS.has(String(errno)) ? new ConnectionLost(text) : new Error(text);
}

/**
 * A session that is connected to the login's database; over TLS the server's certificate is checked, and its name.
 *
 * @param comparesName false for a tunnel, whose end no certificate has to name
 */
export async function connectMysql(login: Login, { comparesName = true } = {}): Promise<Session> {
	const parts = mysqlParts(login);
	const options: ConnectionOptions = {
		host: parts.host,
		port: parts.port,
		user: parts.user,
		password: parts.password,
		database: parts.database,
		charset: "utf8mb4",
		connectTimeout: 30_000,
		enableKeepAlive: true,
		keepAliveInitialDelay: KEEPALIVE.idle * 1000,
		dateStrings: true,
		supportBigNumbers: true,
		bigNumberStrings: true,
		// Text for whatever is no blob: a number of JavaScript's would round.
		typeCast: (field, next) =>
			["TINY", "SHORT", "LONG", "INT24", "LONGLONG", "FLOAT", "DOUBLE", "JSON"].includes(field.type)
				? field.string("utf8")
				: next(),
		...(parts.verified
			? {
					ssl: {
						rejectUnauthorized: true,
						verifyIdentity: comparesName,
						minVersion: "TLSv1.2",
						...(parts.ca === undefined ? {} : { ca: parts.ca }),
					},
				}
			: {}),
	};
	const connection = await mysql.createConnection(options).catch((error) => {
		throw serverError(error);
	});
	// The library's own way tells those nothing who wait for an answer.
	const { stream } = (connection as unknown as { connection: { stream: { destroy(): void } } }).connection;
	const forget = noteSession(() => stream.destroy());
	// An error between two statements is an event that would end the process; the next statement fails with it.
	connection.on("error", () => {});
	const rows: Session["rows"] = async (sql, values = []) => {
		const [result] = await connection.query<RowDataPacket[]>(sql, [...values]).catch((error) => {
			throw serverError(error);
		});
		return result.map((row) =>
			Object.fromEntries(
				Object.entries(row).map(([name, value]) => [
					name,
					value === null ? null : Buffer.isBuffer(value) ? value.toString("utf8") : String(value),
				]),
			),
		);
	};
	const session: Session = {
		rows,
		async value(sql, values) {
			const [row] = await rows(sql, values);
			return row === undefined ? undefined : Object.values(row)[0];
		},
		async run(sql, values = []) {
			await connection.query(sql, [...values]).catch((error) => {
				throw serverError(error);
			});
		},
		connection,
		end: () =>
			connection
				.end()
				.catch(() => connection.destroy())
				.finally(forget),
	};
	try {
		for (const setting of SESSION_SETTINGS) {
			await session.run(setting);
		}
	} catch (error) {
		connection.destroy();
		forget();
		throw error;
	}
	return session;
}

/** Uses a session and ends it, however that ends. */
export async function withMysql<T>(login: Login, use: (session: Session) => Promise<T>): Promise<T> {
	const session = await connectMysql(login);
	try {
		return await use(session);
	} finally {
		await session.end();
	}
}

/** A name as SQL takes it. */
export function quoteName(name: string): string {
	return `\`${name.replaceAll("`", "``")}\``;
}

/** A text as SQL takes it, under the sessions' own `sql_mode`. */
export function quoteText(text: string): string {
	return mysql.escape(text);
}

/** How a program of MariaDB's or MySQL's reaches a server. */
export interface ClientLogin {
	args: string[];
	env: Record<string, string>;
}

/**
 * Uses a program's arguments and environment for a login. The password is in `MYSQL_PWD`: an option file would leave it on the
 * node's disk when the mover is killed, and an argument is seen by every user of the machine, while an environment is read by the
 * same user alone. The certificate authority is no secret and goes into a file, as the programs take nothing else.
 */
export async function withClientLogin<T>(login: Login, use: (client: ClientLogin) => Promise<T>): Promise<T> {
	const parts = mysqlParts(login);
	const folder = await mkdtemp(path.join(os.tmpdir(), "mover-ca-"));
	try {
		await chmod(folder, 0o700);
		const caFile = parts.ca === undefined ? "/etc/ssl/certs/ca-certificates.crt" : path.join(folder, "ca.pem");
		if (parts.ca !== undefined) await writeFile(caFile, parts.ca);
		return await use({
			args: [
				"--no-defaults",
				"--protocol=tcp",
				`--host=${parts.host}`,
				`--port=${parts.port}`,
				`--user=${parts.user}`,
				"--default-character-set=utf8mb4",
				"--max-allowed-packet=1G",
				...(parts.verified ? [`--ssl-ca=${caFile}`, "--ssl-verify-server-cert"] : ["--skip-ssl"]),
			],
			env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8", TZ: "UTC", MYSQL_PWD: parts.password },
		});
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
