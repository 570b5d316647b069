/** Both sides of a move of MySQL for tests: MariaDB of two majors, as no MySQL server is to be had (facts/move.md §1.5). */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Mariadb, startMariadb } from "@medstack-to-aptible/sandbox/mariadb/server.ts";
import { connectMysql, quoteName, type Session } from "../../mysql/connection.ts";
import type { Login } from "../../postgresql/connection.ts";
import { useImageClients } from "./databases.ts";

/** A source `clinic` and a target `db`, with root's logins. */
export interface MysqlPair {
	source: Mariadb;
	target: Mariadb;
	from: Login;
	into: Login;
	/** Runs statements, each on a line of its own or ended by `;` and a line's end. */
	onSource(sql: string): Promise<void>;
	onTarget(sql: string): Promise<void>;
	/** Has the target as new: no database but an empty `db`, and root alone. */
	emptyTarget(): Promise<void>;
	stop(): Promise<void>;
}

/** Starts MariaDB 10.11 with a clinic, which counts rows by table as MySQL does by itself, and an empty 11.8. */
export async function startMysqlPair(): Promise<MysqlPair> {
	await useImageClients();
	const source = await startMariadb({
		release: "bookworm",
		settings: { "event-scheduler": "OFF", "performance-schema": "ON" },
	});
	const target = await startMariadb({ release: "trixie", settings: { "event-scheduler": "ON" } });
	await run({ url: source.url("mysql"), ca: source.ca }, "CREATE DATABASE clinic CHARACTER SET utf8mb4;");
	await run({ url: target.url("mysql"), ca: target.ca }, "CREATE DATABASE db CHARACTER SET utf8mb4;");
	const from = { url: source.url("clinic"), ca: source.ca };
	const into = { url: target.url("db"), ca: target.ca };
	await run(from, await readFile(path.join(import.meta.dirname, "mysql-clinic.sql"), "utf8"));
	return {
		source,
		target,
		from,
		into,
		onSource: (sql) => run(from, sql),
		onTarget: (sql) => run(into, sql),
		async emptyTarget() {
			await use({ url: target.url("mysql"), ca: target.ca }, async (session) => {
				await session.run("DROP DATABASE IF EXISTS db");
				await session.run("DROP DATABASE IF EXISTS move_copy");
				for (const { name, host } of await session.rows(
					"SELECT User AS name, Host AS host FROM mysql.user WHERE User NOT IN ('root', 'mariadb.sys', 'PUBLIC')",
				)) {
					await session.run(`DROP USER ${quoteName(name ?? "")}@${quoteName(host ?? "")}`);
				}
				await session.run("CREATE DATABASE db CHARACTER SET utf8mb4");
			});
		},
		async stop() {
			await Promise.all([source.stop(), target.stop()]);
		},
	};
}

async function use(login: Login, work: (session: Session) => Promise<void>): Promise<void> {
	const session = await connectMysql(login);
	try {
		await work(session);
	} finally {
		await session.end();
	}
}

/** Runs statements with `sql_mode` as an application has it. */
async function run(login: Login, sql: string): Promise<void> {
	await use(login, async (session) => {
		for (const statement of sql.split(/;\s*\n|;\s*$/)) {
			if (statement.trim() === "") continue;
			await session.run(statement).catch((error: Error) => {
				throw new Error(`${error.message}, in ${statement.slice(0, 200)}`);
			});
		}
	});
}
