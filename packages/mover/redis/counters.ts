import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { withRedis } from "./connection.ts";

/**
 * What a server was told to write so far: the calls of each command that writes, by the server's own list of them, and which start
 * of the server counts. Keys that end by themselves are no calls.
 */
export async function readRedisCounters(login: Login): Promise<Evidence> {
	return withRedis(login, async (session) => {
		const commands = (await session.send("COMMAND")) as [Buffer, number, Buffer[], ...unknown[]][];
		const writing = new Set(
			commands
				.filter(([, , flags]) => flags.some((flag) => flag.toString() === "write"))
				.map(([name]) => name.toString().toLowerCase()),
		);
		let writes = 0;
		for (const [name, line] of await session.info("commandstats")) {
			const [command = ""] = name.replace(/^cmdstat_/, "").split("|");
			if (writing.has(command)) writes += Number(/calls=(\d+)/.exec(line)?.[1] ?? 0);
		}
		const server = await session.info("server");
		return { writes, server: (server.get("run_id") ?? "").slice(0, 16) };
	});
}

/** Whether nobody wrote between two readings; a server that was restarted in between cannot say so. */
export function isSameRedisCounters(before: Evidence, after: Evidence): boolean {
	return before.server === after.server && before.writes === after.writes;
}
