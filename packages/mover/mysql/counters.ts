import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { withMysql } from "./connection.ts";

/** Statements that write; our own sessions on a source send none of them. */
const WRITES =
	"insert insert_select replace replace_select update update_multi delete delete_multi load truncate create_table alter_table drop_table";

/**
 * What a server has written so far: the statements of each kind, and the end of the binary log where it keeps one and the user may
 * see it. Equal before and after means that nobody wrote.
 */
export async function readMysqlCounters(login: Login): Promise<Evidence> {
	return withMysql(login, async (session) => {
		const names = [...WRITES.split(" ").map((name) => `Com_${name}`), "Uptime"];
		const rows = await session.rows(
			`SHOW GLOBAL STATUS WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(",")})`,
		);
		const status = new Map(rows.map((row) => [row.Variable_name?.toLowerCase(), Number(row.Value)]));
		const uptime = status.get("uptime") ?? 0;
		const now = Number(await session.value("SELECT UNIX_TIMESTAMP()"));
		let writes = 0;
		for (const [name, count] of status) if (name !== "uptime") writes += count;
		const [log] = await session
			.rows("SHOW MASTER STATUS")
			.catch(() => session.rows("SHOW BINARY LOG STATUS"))
			.catch(() => []);
		return {
			writes,
			started: now - uptime,
			...(log === undefined
				? {}
				: { logFile: Number(/\d+$/.exec(log.File ?? "")?.[0] ?? 0), logPosition: Number(log.Position) }),
		};
	});
}

/** Whether nobody wrote between two readings; a server that was restarted in between cannot say so. */
export function isSameMysqlCounters(before: Evidence, after: Evidence): boolean {
	// Both are whole seconds of a clock and of a time since.
	const isSameServer = Math.abs(Number(before.started) - Number(after.started)) <= 1;
	return (
		isSameServer &&
		before.writes === after.writes &&
		before.logFile === after.logFile &&
		before.logPosition === after.logPosition
	);
}
